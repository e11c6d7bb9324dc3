import { apportion } from './apportion.ts'
import type { Plan } from './policy.ts'
import { rowsBySkill } from './rows-by-skill.ts'
import type { Attempt } from './state.ts'

/** A contender with all rows: its own are carried over, and its sources make the rest in the same proportions. */
export function promotion(contender: Attempt, rows: number): Plan {
  const { attempt, program } = contender
  const { sources } = program!
  const kept = rowsBySkill(contender)
  const have = [...kept.values()].reduce((sum, count) => sum + count, 0)
  const shares = apportion(new Map(sources.map((source) => [source.id, source.rows])), Math.max(0, rows - have))
  return {
    program: {
      ...program!,
      sources: sources.map((source) => ({ ...source, rows: shares.get(source.id)! })).filter(({ rows }) => rows > 0),
      carryOver: { attempt, rows: Object.fromEntries(kept) },
    },
    diagnosis: `Attempt ${attempt} was the best of its contenders: its program with all ${rows} rows, its own ${have} among them.`,
    model: null,
  }
}
