import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { PlannerState } from '../../agents/planner/state.ts'
import type { Bus } from '../../bus/mod.ts'
import { Row } from '../../schemas/row.ts'
import { PublicTask } from '../../schemas/task.ts'
import { type ExportFormat, exportRows } from '../export/mod.ts'
import type { Reporter } from '../progress.ts'

/** Writes what a run of data alone made: the rows in a format, and `generation.json` with the counts behind them. */
export async function writeOutcome(
  bus: Bus,
  state: PlannerState,
  to: { out: string; format: ExportFormat; provenance: boolean; model: string; wanted: number },
  reporter: Reporter,
): Promise<boolean> {
  const { config, stopReason } = state
  const attempt = state.attempts[0]
  const rows = attempt?.rows ?? 0
  const facts = {
    runId: config.runId,
    wanted: to.wanted,
    rows,
    stopReason,
    rounds: attempt?.round ?? 0,
    /** Asked = generated + failed; generated = admitted + rejected. */
    bySource: attempt?.bySource ?? {},
    spent: attempt?.spent ?? { calls: 0, inputTokens: 0, outputTokens: 0 },
    callLimit: config.limits.teacherCalls,
    model: to.model,
    seed: config.seed,
    programHash: attempt?.programHash ?? null,
    datasetHash: attempt?.datasetHash ?? null,
  }
  await writeFile(join(to.out, 'generation.json'), `${JSON.stringify(facts, null, 2)}\n`)
  const asked = Object.values(facts.bySource).reduce((sum, source) => sum + source.asked, 0)
  const why = stopReason ?? 'not finished'
  reporter.line(`${rows} of ${to.wanted} rows from ${asked} candidates and ${facts.spent.calls} calls: ${why}`)
  if (!attempt?.dataset || rows === 0) return false
  const task = await bus.objects.getJson(config.publicTask, PublicTask)
  const source = {
    runId: config.runId,
    attempt: 1,
    datasetHash: attempt.dataset.sha256,
    programHash: attempt.programHash,
    generator: config.variants.generator,
    seed: config.seed,
    calls: facts.spent.calls,
  }
  const context = { task, facts: source, ...(to.provenance ? { rowsOf: config.runId } : {}) }
  const { data } = await exportRows(bus.objects.lines(attempt.dataset, Row), to.format, to.out, context)
  reporter.line(`rows: ${data}`)
  return rows >= to.wanted
}
