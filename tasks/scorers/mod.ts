import { benchmarkScorers } from './benchmark-scorers.ts'
import { boxedNumber } from './boxed-number.ts'
import { choice } from './choice.ts'
import { contains } from './contains.ts'
import { editDistanceScorer } from './edit-distance.ts'
import { exact } from './exact.ts'
import { jsonFields } from './json-fields.ts'
import { numeric } from './numeric.ts'
import { pythonLiteral } from './python-literal.ts'
import type { Scorer } from './scorer.ts'
import { set } from './set.ts'

export type { Scorer, ScorerOptions } from './scorer.ts'

/** Every scorer a task may name. */
export const scorers: Readonly<Record<string, Scorer>> = Object.fromEntries(
  [
    boxedNumber,
    exact,
    contains,
    choice,
    numeric,
    jsonFields,
    pythonLiteral,
    set,
    editDistanceScorer,
    ...benchmarkScorers,
  ].map((scorer) => [scorer.name, scorer]),
)

/** Returns undefined for a name that is not in the map. */
export function scorerNamed(name: string): Scorer | undefined {
  return Object.hasOwn(scorers, name) ? scorers[name] : undefined
}
