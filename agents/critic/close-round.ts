import type { Bus, Cause } from '../../bus/mod.ts'
import { type Round, Verdict } from '../../schemas/messages/generation.ts'
import { Program } from '../../schemas/program.ts'
import { Row } from '../../schemas/row.ts'
import { spentTogether } from '../../schemas/spent.ts'
import { admitRound } from './admit-round.ts'
import type { RoundRecord } from './round-record.ts'
import { storedShards } from './stored-shards.ts'

/**
 * The ordered pass over a complete round. It is a pure function of what the round's record names, so two critics that both take
 * it, or one that takes it again after a crash, publish the same verdict under the same id.
 */
export async function closeRound(
  bus: Bus,
  { round, runId, record, cause }: { round: Round; runId: string; record: RoundRecord; cause: Cause },
): Promise<void> {
  const program = await bus.objects.getJson(round.program, Program)
  const earlier = round.admitted ? bus.objects.lines(round.admitted, Row) : []
  const pass = admitRound(round, program, earlier, storedShards(bus, record))
  const dataset = await bus.objects.putLineStream('LAB', `${runId}/rows`, pass.rows)
  const { rows, surplus, templateOverlap, bySource, failures, refusals } = pass.result()
  await bus.publish(
    Verdict,
    { runId, variant: round.variants.planner, id: `verdict:a${round.attempt}.r${round.round}`, cause },
    {
      attempt: round.attempt,
      round: round.round,
      bySource,
      failures,
      ...(Object.keys(refusals).length > 0 && { refusals }),
      rows,
      dataset,
      datasetHash: dataset.sha256,
      templateOverlap,
      spent: spentTogether(Object.values(record.done).map(({ spent }) => spent)),
      ...(surplus.length > 0 && { surplus: await bus.objects.putLines('LAB', `${runId}/rows`, surplus) }),
    },
  )
}
