import type { Attempt } from '../../agents/planner/state.ts'
import type { Bus } from '../../bus/mod.ts'
import type { RunConfig } from '../../schemas/run.ts'
import { moneyOf } from '../../schemas/spent.ts'
import { PublicTask } from '../../schemas/task.ts'
import { type ExportedFiles, exportRows } from './export-rows.ts'
import { madeSoFar, type SoFar } from './made-so-far.ts'
import type { ExportFormat } from './options.ts'

export type ExportTo = { out: string; format: ExportFormat; provenance: boolean }

/** Writes what an attempt has made so far, closed or not, as a training set. */
export async function exportAttempt(
  bus: Bus,
  { runId, seed, publicTask, variants, prices }: RunConfig,
  attempt: Attempt,
  { out, format, provenance }: ExportTo,
): Promise<ExportedFiles & { made: SoFar }> {
  const made = await madeSoFar(bus, runId, attempt)
  const money = moneyOf(made.spent, prices)
  const facts = {
    runId,
    attempt: attempt.attempt,
    datasetHash: attempt.outcome === 'generating' ? 'none yet: its round is open' : (attempt.datasetHash ?? 'none'),
    programHash: attempt.programHash,
    generator: variants.generator,
    seed,
    calls: made.spent.calls,
    tokens: `${made.spent.inputTokens} in, ${made.spent.outputTokens} out`,
    price: money === null ? 'unknown' : `$${money.toFixed(2)}`,
  }
  const task = await bus.objects.getJson(publicTask, PublicTask)
  const files = await exportRows(made.rows, format, out, { task, facts, ...(provenance ? { rowsOf: runId } : {}) })
  return { ...files, made }
}
