import { boxedNumber } from './boxed-number.ts'
import type { Scorer } from './scorer.ts'

export type { Scorer, ScorerOptions } from './scorer.ts'

/** Every scorer a task may name. */
export const scorers: Readonly<Record<string, Scorer>> = { [boxedNumber.name]: boxedNumber }

/** Returns undefined for a name that is not in the map. */
export function scorerNamed(name: string): Scorer | undefined {
  return Object.hasOwn(scorers, name) ? scorers[name] : undefined
}
