import { type ProcedureSource, type Program, usualFilters } from '../../../schemas/program.ts'
import { maxPhrasings } from '../../../schemas/task.ts'
import { apportion } from '../apportion.ts'

/** What a source says beside its skill and its number of rows. */
export type Manner = Pick<ProcedureSource, 'phrasings' | 'wideShare' | 'difficulty'>

/** What is shared by every program that the rules write. */
const checks: Pick<Program, 'version' | 'contract' | 'verification' | 'judge'> = {
  version: 1,
  contract: { maxInputChars: 1000, maxOutputChars: 1000 },
  verification: 'execute',
  judge: null,
}

/** A program with one procedural source a skill. Skills without rows have no source. */
export function proceduralProgram(
  rowsBySkill: ReadonlyMap<string, number>,
  mannerOf: (skill: string) => Manner,
  carryOver: Program['carryOver'],
  filters: Program['filters'] = usualFilters,
): Program {
  const sources = [...rowsBySkill]
    .filter(([, rows]) => rows > 0)
    .map(([skill, rows]) => ({ id: skill, kind: 'procedure' as const, skill, rows, ...mannerOf(skill) }))
  return { ...checks, filters, sources, carryOver }
}

/** The uniform control: no search, the same number of rows spread evenly over skills, phrasings, ranges and difficulties. */
export function uniformProgram(skills: readonly string[], rows: number, filters?: Program['filters']): Program {
  const even = apportion(new Map(skills.map((skill) => [skill, 1])), rows)
  return proceduralProgram(
    even,
    () => ({ phrasings: maxPhrasings, wideShare: 0.5, difficulty: [1, 1, 1] }),
    null,
    filters,
  )
}
