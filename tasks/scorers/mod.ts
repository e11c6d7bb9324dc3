import type { ReplyScore, ScorerChoice } from '../../schemas/task.ts'
import { boxedNumber } from './boxed-number.ts'
import type { Scorer } from './scorer.ts'

export type { Scorer, ScorerOptions } from './scorer.ts'

/** Every scorer a task may name. */
export const scorers: Readonly<Record<string, Scorer>> = { [boxedNumber.name]: boxedNumber }

/** Returns undefined for a name that is not in the map. */
export function scorerNamed(name: string): Scorer | undefined {
  return Object.hasOwn(scorers, name) ? scorers[name] : undefined
}

/** A task's scorer with its options: takes a reply and the gold answer. Errors: throws on a name that is not in the map. */
export function scorerFor({ name, options }: ScorerChoice): (reply: string, answer: string) => ReplyScore {
  const scorer = scorerNamed(name)
  if (!scorer) throw new Error(`unknown scorer "${name}"; there is ${Object.keys(scorers).join(', ')}`)
  return (reply, answer) => scorer.score(reply, answer, options)
}
