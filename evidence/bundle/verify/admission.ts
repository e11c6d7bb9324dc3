import { admitRound, byIndex } from '../../../agents/critic/admit-round.ts'
import { type RoundRecord, StoredShard } from '../../../agents/critic/round-record.ts'
import type { PayloadOf } from '../../../schemas/message.ts'
import type { Round, Verdict } from '../../../schemas/messages/generation.ts'
import { Batch, roundKey } from '../../../schemas/messages/generation.ts'
import { Program } from '../../../schemas/program.ts'
import { Row } from '../../../schemas/row.ts'
import { spentTogether } from '../../../schemas/spent.ts'
import type { Logged } from '../../report/mod.ts'
import { bundleFiles } from '../manifest.ts'
import { hashOfRows } from '../read.ts'
import { RoundLine } from '../records.ts'
import { type BundleEvidence, type Check, has, messagePlace, roundOf } from './check.ts'
import type { Ledger } from './ledger.ts'

type LoggedVerdict = Logged<PayloadOf<typeof Verdict>>
type BatchPayload = PayloadOf<typeof Batch>

/** Every round closed again: its candidates are those of its batches, and its verdict and its dataset follow from their checks. */
export const admissionCheck: Check = {
  name: 'admission',
  what: 'every round closed again from its checked candidates',
  async run(evidence, ledger) {
    const { facts, entries } = evidence
    const records = await recordsOf(evidence, ledger)
    const batches = new Map<string, BatchPayload>()
    for (const { name, payload } of entries) {
      const batch = name === 'batch' ? Batch.schema.safeParse(payload) : null
      if (batch?.success) batches.set(batchKey(batch.data.round, batch.data.shard), batch.data)
    }
    for (const verdict of facts.verdicts) {
      const { attempt, round: number } = verdict.payload
      const shard = facts.shards.find(({ payload: { round } }) => round.attempt === attempt && round.round === number)
      const record = records.get(roundKey(evidence.config.runId, { attempt, round: number }))
      ledger.same(messagePlace('verdict', verdict, 'the shards of its round'), shard !== undefined, true)
      ledger.same(messagePlace('verdict', verdict, `its line in ${bundleFiles.rounds}`), record !== undefined, true)
      const round = shard && (await roundOf(evidence, shard.payload.round, ledger))
      if (round && record) await closeAgain(evidence, { verdict, round, record, batches }, ledger)
    }
  },
}

/** The records of the rounds, one each, and none of a round that was not asked for. */
async function recordsOf(evidence: BundleEvidence, ledger: Ledger): Promise<ReadonlyMap<string, RoundRecord>> {
  const asked = new Set(evidence.facts.shards.map(({ payload }) => roundKey(evidence.config.runId, payload.round)))
  const records = new Map<string, RoundRecord>()
  for await (const { key, value } of evidence.bundle.lines(bundleFiles.rounds, RoundLine)) {
    const place = `${bundleFiles.rounds}, ${key}`
    ledger.same(place, { lines: records.has(key) ? 2 : 1, asked: asked.has(key) }, { lines: 1, asked: true })
    records.set(key, value)
  }
  return records
}

const batchKey = ({ attempt, round }: { attempt: number; round: number }, shard: number) =>
  `${attempt}.${round}.${shard}`

type Closed = { verdict: LoggedVerdict; round: Round; record: RoundRecord; batches: ReadonlyMap<string, BatchPayload> }

async function closeAgain(evidence: BundleEvidence, closed: Closed, ledger: Ledger): Promise<void> {
  const { bundle, facts } = evidence
  const { verdict, round, record, batches } = closed
  const refs = [
    round.program,
    ...(round.admitted ? [round.admitted] : []),
    ...Object.values(record.done).map((done) => done.checked),
  ]
  if (!refs.every((ref) => has(evidence, ref, ledger))) return
  const place = (field: string) => messagePlace('verdict', verdict, field)
  const asked = facts.shards.filter(
    ({ payload }) => payload.round.attempt === round.attempt && payload.round.round === round.round,
  )
  const counts = new Map(asked.map(({ payload }) => [payload.shard, payload.count]))
  ledger.same(place('the number of shards of its round'), counts.size, round.shards)
  ledger.same(
    place('the shards it was closed with'),
    Object.keys(record.done).map(Number),
    [...counts.keys()].toSorted((a, b) => a - b),
  )
  const shards: StoredShard[] = []
  for (const { checked, spent } of Object.values(record.done)) {
    const file = bundleFiles.object(checked.sha256)
    const shard = await bundle.json(file, StoredShard)
    const batch = batches.get(batchKey(round, shard.shard))
    shards.push(shard)
    ledger.same(`${file}: indexes asked for`, shard.asked, counts.get(shard.shard))
    compareCandidates(shard, batch, file, ledger)
    ledger.same(`${file}: spent`, spentTogether([spent]), spentTogether([batch?.spent, shard.spent]))
  }
  const before = facts.verdicts.find(
    ({ payload }) => payload.attempt === round.attempt && payload.round === round.round - 1,
  )
  if (before) ledger.same(place('the rows it began with'), round.admitted?.sha256, before.payload.datasetHash)
  const earlier = round.admitted ? await bundle.rowsOf(round.admitted, Row) : []
  const program = await bundle.json(bundleFiles.object(round.program.sha256), Program)
  const pass = admitRound(round, program, earlier, byIndex(shards))
  const rows = await Array.fromAsync(pass.rows)
  const made = pass.result()
  const { bySource, failures, refusals, templateOverlap, surplus, datasetHash, spent } = verdict.payload
  for (const source of new Set([...Object.keys(bySource), ...Object.keys(made.bySource)]))
    ledger.same(place(`bySource.${source}`), bySource[source], made.bySource[source])
  ledger.same(place('failures'), failures ?? {}, made.failures)
  ledger.same(place('refusals'), refusals ?? {}, made.refusals)
  ledger.same(place('templateOverlap'), templateOverlap, made.templateOverlap)
  ledger.same(place('spent'), spent, spentTogether(Object.values(record.done).map((done) => done.spent)))
  ledger.same(place('surplus'), surplus?.sha256, made.surplus.length > 0 ? hashOfRows(made.surplus) : undefined)
  ledger.same(place('datasetHash, from the candidates'), datasetHash, hashOfRows(rows))
}

/** The checks change nothing of what a candidate says or where it comes from; they add who judged it, and what it passed. */
const contentOf = ({ origin: { judge: _judge, teacher, ...origin }, ...row }: Row) => ({
  ...row,
  origin: { ...origin, teacher: teacher && { ...teacher, checks: [] } },
})

function compareCandidates(shard: StoredShard, batch: BatchPayload | undefined, file: string, ledger: Ledger): void {
  const candidates = new Map(batch?.candidates.map((row) => [row.id, row]))
  ledger.same(`${file}: candidates of its batch`, shard.rows.length, candidates.size)
  for (const { row } of shard.rows) {
    const candidate = candidates.get(row.id)
    ledger.same(`${file}: row ${row.id}`, contentOf(row), candidate ? contentOf(candidate) : null)
  }
}
