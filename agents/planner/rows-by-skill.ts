import type { Attempt } from './state.ts'

/** Rows of an attempt's dataset by skill: what its sources gave and what it had carried over itself. */
export function rowsBySkill(attempt: Attempt): Map<string, number> {
  const count = new Map(Object.entries(attempt.program?.carryOver?.rows ?? {}))
  for (const source of attempt.program?.sources ?? [])
    count.set(source.skill, (count.get(source.skill) ?? 0) + (attempt.bySource[source.id]?.admitted ?? 0))
  return count
}
