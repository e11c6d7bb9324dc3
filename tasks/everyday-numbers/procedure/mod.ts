import type { Core } from '../../../schemas/task.ts'
import type { RowRequest, SampledRow } from '../../procedure.ts'
import { trainingBank } from './phrasing/train.ts'
import { drawProblem, INSTRUCTION } from './problem.ts'
import { randomFrom } from './random.ts'
import type { SkillName } from './skills/mod.ts'
import { skillNamed } from './skills/mod.ts'

export { drawAudit } from './audit.ts'
export { coreKey } from './core-key.ts'
export { SKILL_NAMES } from './skills/mod.ts'

/**
 * One training row; equal requests give equal rows. Phrasings set the variety of the questions and of the workings alike.
 * @throws throws on an unknown skill
 */
export function sampleRow({ skill, difficulty, range, phrasings, seed }: RowRequest): SampledRow {
  const random = randomFrom(JSON.stringify(['row', skill, difficulty, range, phrasings, seed]))
  const { workings, ...problem } = drawProblem(random, {
    skill: skill as SkillName,
    difficulty,
    range,
    bank: trainingBank,
    phrasings,
  })
  const working = random.pick(workings.slice(0, phrasings))
  const output = `${working} The answer is therefore \\boxed{${problem.answer}}.`
  return { skill, ...problem, instruction: INSTRUCTION, output }
}

/**
 * The answer of a core, with two decimals.
 * @throws throws on an unknown skill
 */
export function solveCore(skill: string, core: Core): string {
  return skillNamed(skill).solve(core).answer.toFixed(2)
}
