import { type Arm, byKind } from '../../../schemas/arm.ts'
import type { StudentModel } from '../../../schemas/training.ts'
import { outgoing } from '../outgoing.ts'
import type { PlannerState } from '../state.ts'
import { type StepContext, taskOf } from '../step-context.ts'
import { primaryComparison } from './primary-comparison.ts'

/** Asks for the opening of the sealed test. The list, the arms' datasets and the comparison that counts are frozen with it. */
export async function askFinalEval(context: StepContext): Promise<void> {
  const { state } = context
  const { config, base, arms, trained, attempts } = state
  const task = await context.deps.store.task(config.publicTask)
  const { studentModel, examplesLeftOut } = base!
  const examples = { ...studentModel, name: 'base-examples', arm: 'base-examples' as const, examples: true }
  const submissions = config.evidence.submissions
    ? attempts.flatMap(({ outcome, studentModel }) => (outcome === 'scored' && studentModel ? [studentModel] : []))
    : []
  context.state = { ...state, phase: 'final-eval' }
  context.send.push(
    outgoing.finalEvalRequest(config, {
      studentModels: [
        studentModel,
        ...(examplesLeftOut === undefined ? [examples] : []),
        ...inOrder(state),
        ...submissions,
      ],
      arms,
      ...(examplesLeftOut !== undefined && { examplesLeftOut }),
      primary: primaryComparison(config, task, trained),
      datasets: arms.flatMap(({ dataset }) => (dataset ? [dataset] : [])),
      ...taskOf(config),
    }),
  )
}

/** The baselines, then the chosen dataset; each by its seeds. Whatever the order in which they were trained, the list is the same. */
function inOrder({ trained, config }: PlannerState): StudentModel[] {
  const order: readonly Arm[] = [...byKind(config.evidence.arms), 'final']
  return trained.toSorted((a, b) => order.indexOf(a.arm) - order.indexOf(b.arm) || a.seedIndex - b.seedIndex)
}
