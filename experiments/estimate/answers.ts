import { sits } from '../../agents/evaluator/sitting-plan.ts'
import type { Arm } from '../../schemas/arm.ts'
import type { Evidence } from '../../schemas/run.ts'
import { PaperName } from '../../schemas/sealed-results.ts'

/** What is trained beside the attempts, and which papers it sits. */
export type Trained = Pick<Evidence, 'arms' | 'seeds' | 'submissions' | 'retention'>

/** Questions of validation, and of each paper of the sealed session. */
export type Papers = Readonly<Record<'validation' | PaperName, number>>

/** Questions that the student answers: those of validation by every candidate, and those of the sealed session. */
export type Answers = { validation: number; sealed: number }

/** The answers of a whole run, if every attempt is valid and no two arms have the same dataset. */
export function answersOf(attempts: number, { arms, seeds, submissions, retention }: Trained, papers: Papers): Answers {
  const trained = [...arms, 'final' as const].flatMap((arm) => Array<Arm>(seeds).fill(arm))
  const submitted = Array<Arm>(submissions ? attempts : 0).fill('submission')
  const sitting: Arm[] = ['base', 'base-examples', ...trained, ...submitted]
  const sealed = PaperName.options
    .filter((paper) => paper !== 'retention' || retention)
    .map((paper) => papers[paper] * sitting.filter((arm) => sits[paper]({ arm })).length)
  return {
    validation: papers.validation * (1 + attempts + trained.length),
    sealed: sealed.reduce((sum, each) => sum + each, 0),
  }
}
