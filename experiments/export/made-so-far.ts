import { admitRound, storedShards } from '../../agents/critic/admit-round.ts'
import { RoundRecord } from '../../agents/critic/round-record.ts'
import { addYields } from '../../agents/planner/rounds.ts'
import type { Attempt } from '../../agents/planner/state.ts'
import type { Bus } from '../../bus/mod.ts'
import { roundKey } from '../../schemas/messages/generation.ts'
import { Row, type Yield } from '../../schemas/row.ts'
import { spentTogether } from '../../schemas/spent.ts'
import type { Spent } from '../../schemas/usage.ts'

/** What an attempt has made so far; the yield is known once the rows were taken. */
export type SoFar = { rows: AsyncIterable<Row>; bySource(): Readonly<Record<string, Yield>>; spent: Spent }

/**
 * An attempt's dataset, and while its round is open also what the shards checked so far would add to it. That part is provisional:
 * when the round closes, another of two duplicates may be the one that stays.
 */
export async function madeSoFar(bus: Bus, runId: string, attempt: Attempt): Promise<SoFar> {
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
