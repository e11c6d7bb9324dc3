import type { Bus, Cause } from '../../bus/mod.ts'
import { type Round, Verdict } from '../../schemas/messages/generation.ts'
import { Program } from '../../schemas/program.ts'
import { Row } from '../../schemas/row.ts'
import { spentTogether } from '../../schemas/usage.ts'
import { admit, quotasOf } from './admission.ts'
import { createDuplicateIndex } from './checks/duplicate-index.ts'
import { withFailures } from './failures.ts'
import { type RoundRecord, StoredShard } from './round-record.ts'

/** What a complete round comes to: the dataset after it, and its yield. Pure. */
export function passOver(
  { quotas }: Pick<Round, 'quotas'>,
  { filters, sources }: Program,
  earlier: readonly Row[],
  shards: readonly StoredShard[],
) {
  const index = createDuplicateIndex({ jaccard: filters.nearDuplicateJaccard })
  const { admitted, surplus, templateOverlap, ...counted } = admit(earlier, shards, quotasOf(quotas, sources), index)
  return { rows: [...earlier, ...admitted], surplus, templateOverlap, ...withFailures(counted.bySource, shards) }
}

/**
 * The ordered pass over a complete round. It is a pure function of what the round's record names, so two critics that both take
 * it, or one that takes it again after a crash, publish the same verdict under the same id.
 */
export async function closeRound(
  bus: Bus,
  { round, runId, record, cause }: { round: Round; runId: string; record: RoundRecord; cause: Cause },
): Promise<void> {
  const program = await bus.objects.getJson(round.program, Program)
  const earlier = round.admitted ? await bus.objects.getLines(round.admitted, Row) : []
  const shards = await Promise.all(
    Object.values(record.done).map(({ checked }) => bus.objects.getJson(checked, StoredShard)),
  )
  const { rows, surplus, templateOverlap, bySource, failures } = passOver(round, program, earlier, shards)
  const dataset = await bus.objects.putLines('LAB', `${runId}/rows`, rows)
  await bus.publish(
    Verdict,
    { runId, variant: round.variants.planner, id: `verdict:a${round.attempt}.r${round.round}`, cause },
    {
      attempt: round.attempt,
      round: round.round,
      bySource,
      failures,
      rows: rows.length,
      dataset,
      datasetHash: dataset.sha256,
      templateOverlap,
      spent: spentTogether(Object.values(record.done).map(({ spent }) => spent)),
      ...(surplus.length > 0 && { surplus: await bus.objects.putLines('LAB', `${runId}/rows`, surplus) }),
    },
  )
}
