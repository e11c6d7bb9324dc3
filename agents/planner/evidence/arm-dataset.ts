import { kindOf, type TrainedArm } from '../../../schemas/arm.ts'
import { deriveSeed } from '../../../schemas/hash.ts'
import type { ArmRecord } from '../../../schemas/messages/evaluation.ts'
import type { Row } from '../../../schemas/row.ts'
import type { Attempt } from '../state.ts'
import { best, type StepContext } from '../step-context.ts'
import { beginControl } from './control-arm.ts'
import { drawRows, verifiedRows } from './random-rows.ts'

type Made = Pick<ArmRecord, 'rows' | 'dataset' | 'datasetHash' | 'leftOut'>

/** The dataset of one arm, or why there is none; `in the making` while its rows are generated. No arm but the control asks for rows. */
export async function armDataset(context: StepContext, arm: TrainedArm): Promise<Made | 'in the making'> {
  const { state, deps } = context
  const chosen = best(state)!
  const kind = kindOf(arm)
  switch (kind) {
    case 'final':
      return datasetOf(chosen)
    case 'one-shot':
      return datasetOf(state.attempts.find(({ outcome }) => outcome === 'scored')!)
    case 'control': {
      if (!state.control) await beginControl(context)
      const control = context.state.control!
      if (control.outcome === 'generating') return 'in the making'
      return control.outcome === 'invalid' ? without(control.error ?? 'it has no rows') : datasetOf(control)
    }
    case 'random': {
      const { nearDuplicateJaccard } = chosen.program!.filters
      return drawn(context, await verifiedRows(state.attempts, nearDuplicateJaccard, deps.store), 'random')
    }
    case 'reference': {
      const reference = state.config.evidence.references.find((each) => each.arm === arm)
      return reference
        ? drawn(context, await deps.store.getRows(reference.rows), arm)
        : without('the task has no reference')
    }
    default:
      return kind satisfies never
  }
}

const datasetOf = ({ rows, dataset, datasetHash }: Attempt): Made => ({ rows, dataset, datasetHash, leftOut: null })

const without = (reason: string): Made => ({ rows: 0, dataset: null, datasetHash: null, leftOut: reason })

/** As many rows as the chosen dataset has, or all where there are fewer. */
async function drawn({ state, deps }: StepContext, from: readonly Row[], purpose: string): Promise<Made> {
  const { seed, minimumRows } = state.config
  if (from.length < minimumRows) return without(`${from.length} rows are there of at least ${minimumRows}`)
  const rows = drawRows(from, best(state)!.rows, deriveSeed(seed, purpose))
  const dataset = await deps.store.putRows(rows)
  return { rows: rows.length, dataset, datasetHash: dataset.sha256, leftOut: null }
}
