import type { Core, Difficulty, NumberRange } from '../../../schemas/task.ts'
import { coreKey } from './core-key.ts'
import type { PhrasingBank } from './phrasing/bank.ts'
import type { Random } from './random.ts'
import { render } from './render.ts'
import type { SkillName } from './skills/mod.ts'
import { skillNamed } from './skills/mod.ts'

export const INSTRUCTION = 'Answer in one sentence with \\boxed{X.XX}.'

export interface ProblemOptions {
  skill: SkillName
  difficulty: Difficulty
  range: NumberRange
  bank: PhrasingBank
  /** Draw from the first so many frames of the bank. */
  phrasings: number
}

export interface Problem {
  core: Core
  coreKey: string
  /** Bank and index of the frame, for example "train-3", counted from 1. */
  phrasing: string
  input: string
  /** Two decimals. */
  answer: string
  workings: readonly [string, ...string[]]
}

/** Draws a core and lays a frame of the bank over it. */
export function drawProblem(random: Random, options: ProblemOptions): Problem {
  const { bank, difficulty, range } = options
  const skill = skillNamed(options.skill)
  const core = skill.sample(random, { difficulty, range })
  const { answer, workings } = skill.solve(core)
  const frames = bank.frames[options.skill]
  const index = random.int(0, Math.min(options.phrasings, frames.length) - 1)
  return {
    core,
    coreKey: coreKey(options.skill, core),
    phrasing: `${bank.name}-${index + 1}`,
    input: render(frames[index]!, skill.slots(core, random, bank.lexicon)),
    answer: answer.toFixed(2),
    workings,
  }
}
