import type { CarryOver, Program } from '../../../schemas/program.ts'
import { apportion } from '../apportion.ts'
import type { Situation } from '../policy.ts'
import { filtersFor } from '../program/filter-bounds.ts'
import { proceduralProgram } from '../program/programs.ts'
import { rowsBySkill } from '../rows-by-skill.ts'
import type { Attempt } from '../state.ts'
import type { Intent } from './plan.ts'
import { promptedProgram } from './prompted-program.ts'

/** Rows carried over count inside the number: a skill gets at most `share` of its rows from the earlier attempt. */
function carryOver(wanted: ReadonlyMap<string, number>, from: Attempt | null, share: number): CarryOver | null {
  if (!from || share === 0 || from.rows === 0) return null
  const have = rowsBySkill(from)
  const rows = [...wanted].map(
    ([skill, count]) => [skill, Math.min(Math.floor(count * share), have.get(skill) ?? 0)] as const,
  )
  return { attempt: from.attempt, rows: Object.fromEntries(rows) }
}

/** The program of an intent, for the sources that the generator follows: as many rows as are wanted, those carried over among them. */
export function writeProgram(situation: Situation, intent: Omit<Intent, 'moves'>): Program {
  const wanted = apportion(intent.weights, situation.rows)
  const from = situation.operation === 'repair' ? (situation.history.at(-1) ?? null) : situation.best
  const carried = carryOver(wanted, from, intent.carryShare)
  const fresh = new Map([...wanted].map(([skill, rows]) => [skill, rows - (carried?.rows[skill] ?? 0)]))

  const mannerOf = (skill: string) => intent.manner.get(skill)!
  const { sourceKinds, task } = situation
  return sourceKinds.includes('procedure')
    ? proceduralProgram(fresh, mannerOf, carried, filtersFor(task))
    : promptedProgram(task, fresh, mannerOf, carried)
}
