import { Annotation, END, START, StateGraph } from '@langchain/langgraph'
import type { PayloadOf } from '../../../schemas/message.ts'
import type { Batch } from '../../../schemas/messages/generation.ts'
import type { Program } from '../../../schemas/program.ts'
import type { RejectionReason, Row } from '../../../schemas/row.ts'
import type { Core } from '../../../schemas/task.ts'
import type { CheckedRow, CheckedShard } from '../admission.ts'
import { failuresOf } from '../failures.ts'
import { wrongAnswer } from './answer-check.ts'
import { formatFault } from './format-contract.ts'

type BatchPayload = PayloadOf<typeof Batch>

/** What the row-local checks need beside the batch. */
export type CheckDeps = {
  program: Program
  /** The split whose item the row repeats; null where it repeats none. */
  contamination: (row: Row) => 'validation' | 'sealed' | null
  /** The answer of a numeric core, computed again; null where the task has no procedure. */
  solve: ((skill: string, core: Core) => string) | null
  /** Scores a reply against an answer, strictly. */
  isCorrect: (reply: string, answer: string) => Promise<boolean>
}

const CriticGraph = Annotation.Root({
  batch: Annotation<BatchPayload>,
  deps: Annotation<CheckDeps>,
  rows: Annotation<CheckedRow[]>,
})
type State = typeof CriticGraph.State

/** Runs one check over the rows that nothing has objected to yet. */
function check(objection: (row: Row, deps: CheckDeps) => RejectionReason | null | Promise<RejectionReason | null>) {
  return async ({ rows, deps }: State): Promise<Partial<State>> => {
    const checked: CheckedRow[] = []
    for (const { row, rejected } of rows) checked.push({ row, rejected: rejected ?? (await objection(row, deps)) })
    return { rows: checked }
  }
}

/** A vote is the generator's, and only about rows that have no numeric core. */
function isExecuted({ origin }: Row, { program: { verification } }: CheckDeps): boolean {
  return verification === 'execute' || (verification !== 'none' && origin.core !== undefined)
}

const contaminationReason = { validation: 'contaminated-validation', sealed: 'contaminated-sealed' } as const

const graph = new StateGraph(CriticGraph)
  .addNode('take', ({ batch }) => ({ rows: batch.candidates.map((row) => ({ row, rejected: null })) }))
  .addNode(
    'contract',
    check((row, { program }) => formatFault(row, program.contract)),
  )
  .addNode(
    'contamination',
    check((row, { contamination }) => {
      const split = contamination(row)
      return split && contaminationReason[split]
    }),
  )
  .addNode(
    'verify',
    check((row, deps) => (isExecuted(row, deps) ? wrongAnswer(row, deps) : null)),
  )
  .addEdge(START, 'take')
  .addEdge('take', 'contract')
  .addEdge('contract', 'contamination')
  .addEdge('contamination', 'verify')
  .addEdge('verify', END)
  .compile()

/** The row-local checks of one batch: format contract, contamination, answer. Duplicates are the ordered pass's. */
export async function checkBatch(batch: BatchPayload, deps: CheckDeps, signal: AbortSignal): Promise<CheckedShard> {
  const { rows } = await graph.invoke({ batch, deps }, { signal })
  const { shard, source, candidates, failures, asked = candidates.length + failures.length } = batch
  return { shard, source, asked, failures: failuresOf(failures), rows }
}
