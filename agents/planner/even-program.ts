import type { Program } from '../../schemas/program.ts'
import { maxPhrasings } from '../../schemas/task.ts'
import type { Situation } from './policy.ts'
import type { Manner } from './program/programs.ts'
import { writeProgram } from './rules/write-program.ts'

/** What a planner chooses of a program; what is left out is even. */
export type ProgramChoices = {
  /** Rows of each skill, relative to the others. */
  weights?: Readonly<Record<string, number>>
  /** Phrasings, range and difficulty of each skill. */
  manner?: Readonly<Record<string, Manner>>
  /** Share of a skill's rows that may be carried over from the best attempt; of a repair: from the attempt that it completes. */
  carryShare?: number
}

const evenManner: Manner = { phrasings: maxPhrasings, wideShare: 0.4, difficulty: [1, 1, 1] }

/**
 * A program with one source a skill, of the kind that the run's generator follows, and as many rows as are wanted.
 *
 * @example
 * programFor(situation, { weights: { 'days-between': 2 } }).sources.length // one for each skill
 */
export function programFor(
  situation: Situation,
  { weights = {}, manner = {}, carryShare = 0 }: ProgramChoices = {},
): Program {
  const skills = situation.task.skills.map(({ name }) => name)
  return writeProgram(situation, {
    weights: new Map(skills.map((skill) => [skill, weights[skill] ?? 1])),
    manner: new Map(skills.map((skill) => [skill, manner[skill] ?? evenManner])),
    carryShare: situation.operation === 'repair' ? 1 : carryShare,
  })
}
