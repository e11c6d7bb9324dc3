import { type Arm, byKind } from '../../../schemas/arm.ts'
import type { Candidate } from '../../../schemas/training.ts'
import { type Draft, taskOf } from '../draft.ts'
import { outgoing } from '../outgoing.ts'
import type { PlannerState } from '../state.ts'
import { primaryComparison } from './primary-comparison.ts'

/** Asks for the opening of the sealed test. The list, the arms' datasets and the comparison that counts are frozen with it. */
export async function askOpening(draft: Draft): Promise<void> {
  const { state } = draft
  const { config, base, arms, trained, attempts } = state
  const task = await draft.deps.store.task(config.publicTask)
  const { candidate, examplesLeftOut } = base!
  const examples = { ...candidate, name: 'base-examples', arm: 'base-examples' as const, examples: true }
  const submissions = config.evidence.submissions
    ? attempts.flatMap(({ outcome, candidate }) => (outcome === 'scored' && candidate ? [candidate] : []))
    : []
  draft.state = { ...state, phase: 'opening' }
  draft.send.push(
    outgoing.openingRequest(config, {
      candidates: [candidate, ...(examplesLeftOut === undefined ? [examples] : []), ...inOrder(state), ...submissions],
      arms,
      ...(examplesLeftOut !== undefined && { examplesLeftOut }),
      primary: primaryComparison(config, task, trained),
      datasets: arms.flatMap(({ dataset }) => (dataset ? [dataset] : [])),
      ...taskOf(config),
    }),
  )
}

/** The baselines, then the chosen dataset; each by its seeds. Whatever the order in which they were trained, the list is the same. */
function inOrder({ trained, config }: PlannerState): Candidate[] {
  const order: readonly Arm[] = [...byKind(config.evidence.arms), 'final']
  return trained.toSorted((a, b) => order.indexOf(a.arm) - order.indexOf(b.arm) || a.seedIndex - b.seedIndex)
}
