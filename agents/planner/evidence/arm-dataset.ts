import { kindOf, type TrainedArm } from '../../../schemas/arm.ts'
import { deriveSeed, sha256 } from '../../../schemas/hash.ts'
import type { ArmRecord } from '../../../schemas/messages/evaluation.ts'
import { compareRowIds, type Row } from '../../../schemas/row.ts'
import { createDuplicateIndex } from '../../kit/dedup/duplicate-index.ts'
import { openAttempt, planRound } from '../attempt.ts'
import { outgoing } from '../outgoing.ts'
import { uniformProgram } from '../program/programs.ts'
import { uniformPromptProgram } from '../program/uniform-prompt.ts'
import type { Attempt } from '../state.ts'
import { best, putAttempt, roundAt, type StepContext } from '../step-context.ts'
import type { PlannerStore } from '../store.ts'

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

/**
 * Every distinct row that the search's attempts got through the critic's checks, in the order of their ids: what they admitted, and
 * what was good but more than their program wanted of a source. This is what there was to choose from before a planner weighted it.
 */
async function verifiedRows(
  attempts: readonly Pick<Attempt, 'dataset' | 'surplus'>[],
  jaccard: number,
  store: Pick<PlannerStore, 'getRows'>,
): Promise<Row[]> {
  const refs = attempts.flatMap(({ dataset, surplus }) => [...(dataset ? [dataset] : []), ...surplus])
  const rows: Row[] = []
  for (const ref of refs) rows.push(...(await store.getRows(ref)))
  const index = createDuplicateIndex({ jaccard })
  return rows
    .toSorted((a, b) => compareRowIds(a.id, b.id))
    .filter(({ id, input }) => {
      if (index.find(input)) return false
      index.add(id, input)
      return true
    })
}

/** `count` of the rows, or all where there are fewer: each with the same chance, the same ones for the same seed, in their order. */
function drawRows(rows: readonly Row[], count: number, seed: number): Row[] {
  const bySortKey = rows
    .map(({ id }) => ({ id, sortKey: sha256(`${seed}/${id}`) }))
    .toSorted((a, b) => (a.sortKey < b.sortKey ? -1 : 1))
  const taken = new Set(bySortKey.slice(0, count).map(({ id }) => id))
  return rows.filter(({ id }) => taken.has(id))
}

/** Asks for the rows of the uniform control (attempt 0): as many as the chosen dataset has, spread evenly, without a search. */
async function beginControl(context: StepContext): Promise<void> {
  const { state, deps } = context
  const chosen = best(state)!
  const task = await deps.store.task(state.config.publicTask)
  const prompted = chosen.program?.sources.some(({ kind }) => kind === 'prompt')
  const program = prompted
    ? uniformPromptProgram(task, chosen.rows, chosen.program!)
    : uniformProgram(
        task.skills.map(({ name }) => name),
        chosen.rows,
        chosen.program!.filters,
      )
  const diagnosis = 'Uniform control: no search, the same number of rows spread evenly.'
  const finalEval = await openAttempt(state, { attempt: 0, operation: 'draft', diagnosis, program }, deps.store)
  const { attempt, messages } = await planRound(state, finalEval, roundAt(context))
  const isMetered = messages.length > 0
  putAttempt(
    context,
    isMetered ? attempt : { ...finalEval, outcome: 'invalid', error: 'no teacher calls are left for a control' },
  )
  context.send.push(outgoing.decided(context.state.control!, { model: null }), ...messages)
}
