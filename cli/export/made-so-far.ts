import { passOver } from '../../agents/critic/close-round.ts'
import { RoundRecord, StoredShard } from '../../agents/critic/round-record.ts'
import { addYield } from '../../agents/planner/rounds.ts'
import type { Attempt } from '../../agents/planner/state.ts'
import type { Bus } from '../../bus/mod.ts'
import { Row, type Yield } from '../../schemas/row.ts'
import { type Spent, spentTogether } from '../../schemas/usage.ts'

/** What an attempt has made so far. */
export type SoFar = { rows: AsyncIterable<Row>; bySource: Readonly<Record<string, Yield>>; spent: Spent }

/**
 * An attempt's dataset, and while its round is open also what the shards checked so far would add to it. That part is provisional:
 * when the round closes, another of two duplicates may be the one that stays.
 */
export async function madeSoFar(bus: Bus, runId: string, attempt: Attempt): Promise<SoFar> {
  const { dataset, outcome, program, round } = attempt
  const spent = spentTogether([attempt.spent])
  const closed = { rows: dataset ? bus.objects.lines(dataset, Row) : none(), bySource: attempt.bySource, spent }
  const record =
    outcome === 'generating' && (await bus.kv('admission', RoundRecord).get(`${runId}.a${attempt.attempt}.r${round}`))
  if (!record || !program) return closed
  const done = Object.values(record.value.done)
  const earlier = await Array.fromAsync(closed.rows)
  const shards = await Promise.all(done.map(({ checked }) => bus.objects.getJson(checked, StoredShard)))
  const quotas: Record<string, number> = {}
  for (const { id, rows } of program.sources) quotas[id] = Math.max(0, rows - (closed.bySource[id]?.admitted ?? 0))
  const open = passOver({ quotas }, program, earlier, shards)
  const bySource = { ...closed.bySource }
  for (const [source, counts] of Object.entries(open.bySource)) bySource[source] = addYield(bySource[source], counts)
  return {
    rows: each(open.rows),
    bySource,
    spent: spentTogether([spent, ...done.map((shard) => shard.spent)]),
  }
}

async function* each(rows: readonly Row[]): AsyncGenerator<Row> {
  yield* rows
}
const none = () => each([])
