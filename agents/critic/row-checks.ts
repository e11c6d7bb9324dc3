import type { Bus } from '../../bus/mod.ts'
import type { ObjectRef } from '../../schemas/ids.ts'
import type { PayloadOf } from '../../schemas/message.ts'
import type { Batch } from '../../schemas/messages/generation.ts'
import type { Program } from '../../schemas/program.ts'
import type { RejectionReason, Row } from '../../schemas/row.ts'
import type { Core } from '../../schemas/task.ts'
import { TokenizerFiles, TokenLimit } from '../../schemas/token-limit.ts'
import { memoByHash } from '../kit/cache.ts'
import type { Contamination } from '../kit/dedup/contamination.ts'
import { formatFault } from '../kit/format-contract.ts'
import { openTokenCounter, surelyFits } from '../kit/token-counter.ts'
import { batchFailures, type CheckedRow, type CheckedShard } from './admission.ts'

export type BatchPayload = PayloadOf<typeof Batch>

/** What the row-local rules need beside the batch. */
export type CheckDeps = {
  program: Program
  /** Rows may hold bidirectional controls. */
  isBidirectional: boolean
  /** Whether the student will be trained on a row as long as this. */
  fitsStudent: FitsStudent
  /** What the row repeats of the evaluation items, and whether it shares a template with one. */
  contamination: (row: Row) => { hit: Contamination | null; alike: boolean }
  /** The answer of a numeric core, computed again; null where the task has no procedure. */
  solve: ((skill: string, core: Core) => string) | null
  /** Scores a reply against an answer, strictly. */
  isCorrect: (reply: string, answer: string) => Promise<boolean>
}

/** What a check found of a row: the reason to refuse it, or something to note. */
export type RowFinding = Partial<CheckedRow>

export type RowCheck<Deps> = (row: Row, deps: Deps) => RowFinding | Promise<RowFinding>

type Rows<Deps> = { rows: CheckedRow[]; deps: Deps }

/** A node that runs a check over the rows that nothing has objected to yet, one after the other. */
export const inTurn =
  <Deps>(check: RowCheck<Deps>) =>
  async ({ rows, deps }: Rows<Deps>): Promise<{ rows: CheckedRow[] }> => {
    const checked: CheckedRow[] = []
    for (const each of rows) checked.push(each.rejected ? each : { ...each, ...(await check(each.row, deps)) })
    return { rows: checked }
  }

/** The same side by side, for a check that waits. */
export const sideBySide =
  <Deps>(check: RowCheck<Deps>) =>
  async ({ rows, deps }: Rows<Deps>): Promise<{ rows: CheckedRow[] }> => ({
    rows: await Promise.all(
      rows.map(async (each) => (each.rejected ? each : { ...each, ...(await check(each.row, deps)) })),
    ),
  })

/** The rows of a batch before the first check. */
export const taken = ({ candidates }: BatchPayload): CheckedRow[] => candidates.map((row) => ({ row, rejected: null }))

/** A graph of checks, compiled. */
type Checks<Deps> = {
  invoke(input: { batch: BatchPayload; deps: Deps }, options: { signal: AbortSignal }): Promise<{ rows: CheckedRow[] }>
}

/** The batch's rows after the last check of a graph. */
export const checkedBy =
  <Deps>(graph: Checks<Deps>) =>
  async (batch: BatchPayload, deps: Deps, signal: AbortSignal): Promise<CheckedShard> => {
    const { rows } = await graph.invoke({ batch, deps }, { signal })
    const { shard, source, asked, candidates, failures } = batch
    return {
      shard,
      source,
      asked: asked ?? candidates.length + failures.length,
      failures: batchFailures(failures),
      rows,
    }
  }

export const checkContract: RowCheck<CheckDeps> = (row, { program, isBidirectional }) => ({
  rejected: formatFault(row, program.contract, isBidirectional),
})

export const checkStudentLength: RowCheck<CheckDeps> = async (row, { fitsStudent }) => ({
  rejected: (await fitsStudent(row)) ? null : 'too-long-for-student',
})

const contaminated = {
  validation: 'contaminated-validation',
  sealed: 'contaminated-sealed',
  retention: 'contaminated-retention',
} as const

export const checkContamination: RowCheck<CheckDeps> = (row, { contamination }) => {
  const { hit, alike } = contamination(row)
  if (!hit) return alike ? { alike } : {}
  const { split, ...match } = hit
  return { rejected: contaminated[split], match }
}

/** Rows of a procedure are executed unless the program verifies nothing; a vote is about rows that have no numeric core. */
export const checkAnswer: RowCheck<CheckDeps> = async (row, deps) => {
  const { verification } = deps.program
  const executed = verification === 'execute' || (verification !== 'none' && row.origin.core !== undefined)
  return { rejected: executed ? await wrongAnswer(row, deps) : null }
}

/** Whether a row is no longer than the student's recipe trains on. */
export type FitsStudent = (row: Row) => Promise<boolean>

/** Reads a round's TokenLimit; its tokenizer only when a row may be too long. Without a limit every row fits. */
export function openStudentLength({
  objects,
}: Pick<Bus, 'objects'>): (ref: ObjectRef | undefined) => Promise<FitsStudent> {
  const opened = memoByHash(async (ref): Promise<FitsStudent> => {
    const limit = await objects.getJson(ref, TokenLimit)
    const counter = memoByHash(async (file) => openTokenCounter(await objects.getJson(file, TokenizerFiles), limit))
    return async (row) => surelyFits(row, limit) || (await counter(limit.tokenizer))(row) <= limit.cutoffLen
  })
  return async (ref) => (ref ? opened(ref) : async () => true)
}

/**
 * The answer is computed again from the row's numeric core and the worked solution must end in it. A row without a core cannot
 * be verified and is not admitted.
 */
async function wrongAnswer(
  row: Row,
  deps: {
    solve: ((skill: string, core: Core) => string) | null
    isCorrect: (reply: string, answer: string) => Promise<boolean>
  },
): Promise<RejectionReason | null> {
  const { core } = row.origin
  if (!core || !deps.solve) return 'wrong-answer'
  try {
    return (await deps.isCorrect(row.output, deps.solve(row.skill, core))) ? null : 'wrong-answer'
  } catch {
    return 'wrong-answer'
  }
}
