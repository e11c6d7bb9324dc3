import type { Bus, Cause } from '../../bus/mod.ts'
import type { ObjectRef } from '../../schemas/ids.ts'
import { type Round, Verdict } from '../../schemas/messages/generation.ts'
import { Program } from '../../schemas/program.ts'
import { compareRowIds, Row } from '../../schemas/row.ts'
import { spentTogether } from '../../schemas/spent.ts'
import { createDuplicateIndex } from '../kit/dedup/duplicate-index.ts'
import {
  type AdmissionDecision,
  type CheckedRow,
  type CheckedShard,
  openAdmission,
  quotasOf,
  withFailures,
} from './admission.ts'
import { type RoundRecord, StoredShard } from './round-record.ts'

type Each<T> = Iterable<T> | AsyncIterable<T>

/**
 * What a complete round comes to: the rows of the dataset after it, one after the other, and its yield, which is known once the last row
 * was taken. `earlier` are the rows before the round, `shards` come by index. A pure function of them; memory holds what distinguishes
 * duplicates, and no rows but a shard's and the surplus.
 */
export function admitRound(
  { quotas }: Pick<Round, 'quotas'>,
  { filters, sources }: Program,
  earlier: Each<Row>,
  shards: Each<StoredShard>,
) {
  const index = createDuplicateIndex({ jaccard: filters.nearDuplicateJaccard })
  const admission = openAdmission(quotasOf(quotas, sources), index)
  const counted: Pick<StoredShard, 'shard' | 'source' | 'failures'>[] = []
  let count = 0

  async function* eachCounted() {
    for await (const shard of shards) {
      admission.count(shard)
      counted.push({ shard: shard.shard, source: shard.source, failures: shard.failures })
      yield shard
    }
  }

  async function* rows(): AsyncGenerator<Row> {
    for await (const row of earlier) {
      admission.remember(row)
      count += 1
      yield row
    }
    for await (const { row, reason } of decided()) if (reason === null) yield row
  }

  /** Every candidate with what was decided on it, once the earlier rows are remembered. */
  async function* decided(): AsyncGenerator<CheckedRow & AdmissionDecision> {
    for await (const candidate of candidatesInOrder(eachCounted())) {
      const decision = admission.decide(candidate)
      if (decision.reason === null) count += 1
      yield { ...candidate, ...decision }
    }
  }

  async function* decisions(): AsyncGenerator<CheckedRow & AdmissionDecision> {
    for await (const row of earlier) admission.remember(row)
    yield* decided()
  }

  return {
    /** The rows of the dataset, or what was decided on each candidate: one of the two is taken, once. */
    rows: rows(),
    decisions: decisions(),
    result() {
      const { bySource, ...rest } = admission.result()
      return { rows: count, ...rest, ...withFailures(bySource, counted) }
    },
  }
}

/** The shards of a round by source and index, each once, however they arrived. */
export function byIndex<S extends { shard: number; source: string }>(shards: readonly S[]): S[] {
  const distinct = [...new Map(shards.map((shard) => [shard.shard, shard])).values()]
  return distinct.sort((a, b) => (a.source < b.source ? -1 : a.source > b.source ? 1 : a.shard - b.shard))
}

const byId = (a: CheckedRow, b: CheckedRow) => compareRowIds(a.row.id, b.row.id)

/**
 * The candidates of a round by id, with the rows of neighbouring shards alone in memory. The shards come by index: one that comes later has
 * no smaller index, but may have samples of the prompt that the one before ended in.
 */
export async function* candidatesInOrder(
  shards: Iterable<Pick<CheckedShard, 'rows'>> | AsyncIterable<Pick<CheckedShard, 'rows'>>,
): AsyncGenerator<CheckedRow> {
  let held: CheckedRow[] = []
  for await (const { rows } of shards) {
    const [first, ...rest] = rows.toSorted(byId)
    if (!first) continue
    yield* held.filter((each) => byId(each, first) < 0)
    held = [...held.filter((each) => byId(each, first) >= 0), first, ...rest].sort(byId)
  }
  yield* held
}

/** The checked shards of a round's record by index, read one after the other, the next while one is worked on. */
export async function* storedShards(
  { objects }: Pick<Bus, 'objects'>,
  { done }: RoundRecord,
): AsyncGenerator<StoredShard> {
  const read = (checked: ObjectRef) => objects.getJson(checked, StoredShard)
  const named = Object.entries(done).map(([shard, { checked, source }]) => ({ shard: Number(shard), source, checked }))
  const [first, ...rest] = byIndex(named)
  if (!first) return
  let next = read(first.checked)
  for (const { checked } of rest) {
    const shard = await next
    next = read(checked)
    // Whoever stops early waits for no more.
    next.catch(() => {})
    yield shard
  }
  yield await next
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
