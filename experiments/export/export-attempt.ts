import { admitRound, storedShards } from '../../agents/critic/admit-round.ts'
import { RoundRecord } from '../../agents/critic/round-record.ts'
import { addYields } from '../../agents/planner/rounds.ts'
import type { Attempt } from '../../agents/planner/state.ts'
import type { Bus } from '../../bus/mod.ts'
import { roundKey } from '../../schemas/messages/generation.ts'
import { dollars } from '../../schemas/number-text.ts'
import { Row, type Yield } from '../../schemas/row.ts'
import type { RunConfig } from '../../schemas/run.ts'
import { moneyOf, spentTogether } from '../../schemas/spent.ts'
import { PublicTask } from '../../schemas/task.ts'
import type { Spent } from '../../schemas/usage.ts'
import { type ExportedFiles, exportRows } from './export-rows.ts'
import type { ExportFormat } from './formats.ts'

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
    price: dollars(money, 'unknown'),
  }
  const task = await bus.objects.getJson(publicTask, PublicTask)
  const files = await exportRows(made.rows, format, out, { task, facts, ...(provenance ? { rowsOf: runId } : {}) })
  return { ...files, made }
}

/** What an attempt has made so far; the yield is known once the rows were taken. */
type SoFar = { rows: AsyncIterable<Row>; bySource(): Readonly<Record<string, Yield>>; spent: Spent }

/**
 * An attempt's dataset, and while its round is open also what the shards checked so far would add to it. That part is provisional:
 * when the round closes, another of two duplicates may be the one that stays.
 */
async function madeSoFar(bus: Bus, runId: string, attempt: Attempt): Promise<SoFar> {
  const { dataset, outcome, program } = attempt
  const spent = spentTogether([attempt.spent])
  const earlier = dataset ? bus.objects.lines(dataset, Row) : none()
  const record = outcome === 'generating' && (await bus.kv('admission', RoundRecord).get(roundKey(runId, attempt)))
  if (!record || !program) return { rows: earlier, bySource: () => attempt.bySource, spent }
  const quotas: Record<string, number> = {}
  for (const { id, rows } of program.sources) quotas[id] = Math.max(0, rows - (attempt.bySource[id]?.admitted ?? 0))
  const open = admitRound({ quotas }, program, earlier, storedShards(bus, record.value))
  return {
    rows: open.rows,
    bySource: () => addYields(attempt.bySource, open.result().bySource),
    spent: spentTogether([spent, ...Object.values(record.value.done).map((shard) => shard.spent)]),
  }
}

async function* none(): AsyncGenerator<Row> {}
