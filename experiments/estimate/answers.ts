import { isEvaluatedOn } from '../../agents/evaluator/eval-plan.ts'
import type { Arm } from '../../schemas/arm.ts'
import type { Evidence } from '../../schemas/run.ts'
import { EvalSetName } from '../../schemas/sealed-results.ts'

/** What is trained beside the attempts, and which papers it sits. */
export type Trained = Pick<Evidence, 'arms' | 'seeds' | 'submissions' | 'retention'>

/** Questions of validation, and of each paper of the sealed session. */
export type EvalSets = Readonly<Record<'validation' | EvalSetName, number>>

/** Questions that the student answers: those of validation by every candidate, and those of the sealed session. */
export type Answers = { validation: number; sealed: number }

/** The answers of a whole run, if every attempt is valid and no two arms have the same dataset. */
export function answersOf(
  attempts: number,
  { arms, seeds, submissions, retention }: Trained,
  evalSets: EvalSets,
): Answers {
  const trained = [...arms, 'final' as const].flatMap((arm) => Array<Arm>(seeds).fill(arm))
  const submitted = Array<Arm>(submissions ? attempts : 0).fill('submission')
  const evaluated: Arm[] = ['base', 'base-examples', ...trained, ...submitted]
  const sealed = EvalSetName.options
    .filter((evalSet) => evalSet !== 'retention' || retention)
    .map((evalSet) => evalSets[evalSet] * evaluated.filter((arm) => isEvaluatedOn[evalSet]({ arm })).length)
  return {
    validation: evalSets.validation * (1 + attempts + trained.length),
    sealed: sealed.reduce((sum, each) => sum + each, 0),
  }
}
