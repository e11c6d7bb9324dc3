import { type RoundRecord, StoredShard } from '../../../agents/critic/round-record.ts'
import { type CheckDeps, checkAnswer, checkContamination, checkContract } from '../../../agents/critic/row-checks.ts'
import { buildContaminationIndex, openContaminationIndex } from '../../../agents/kit/dedup/contamination.ts'
import { evaluationItems } from '../../../agents/kit/dedup/evaluation-items.ts'
import { sha256 } from '../../../schemas/hash.ts'
import type { PayloadOf } from '../../../schemas/message.ts'
import type { Shard } from '../../../schemas/messages/generation.ts'
import { roundKey } from '../../../schemas/messages/generation.ts'
import { Program, type Source } from '../../../schemas/program.ts'
import type { RejectionReason } from '../../../schemas/row.ts'
import { procedureOf } from '../../../tasks/procedures.ts'
import { retentionOf } from '../../../tasks/read-retention.ts'
import { scorerFor } from '../../../tasks/score-with.ts'
import { bundleFiles } from '../manifest.ts'
import { RoundLine } from '../records.ts'
import { type BundleEvidence, type Check, has, roundOf } from './check.ts'
import type { Ledger } from './ledger.ts'

type StoredRow = StoredShard['rows'][number]
type ShardPayload = PayloadOf<typeof Shard>
type Deps = CheckDeps & { isIndexed: boolean }

/**
 * Every candidate checked again: its form, its answer where the task computes it, and by whoever has the task what it repeats of the
 * evaluation items. The tokenizer that finds what is too long for the student is not in a bundle.
 */
export const rowsCheck: Check = {
  name: 'rows',
  what: 'every candidate checked again, without a model',
  async run(evidence, ledger) {
    const { bundle, facts, config, wholeTask } = evidence
    const records = new Map<string, RoundRecord>()
    for await (const { key, value } of bundle.lines(bundleFiles.rounds, RoundLine)) records.set(key, value)
    const depsOf = await openChecks(evidence)
    if (!depsOf) return ledger.leave('the task is not in the bundle')
    if (!wholeTask) ledger.leave('what rows repeat of the test: give the task folder with --task')
    for (const { payload } of facts.shards) {
      const checked = records.get(roundKey(config.runId, payload.round))?.done[payload.shard]?.checked
      const round = await roundOf(evidence, payload.round, ledger)
      if (!round || !checked || !has(evidence, checked, ledger) || !has(evidence, round.program, ledger)) continue
      const file = bundleFiles.object(checked.sha256)
      const program = await bundle.json(bundleFiles.object(round.program.sha256), Program)
      const deps = depsOf(program)
      const source = program.sources.find(({ id }) => id === payload.source)
      for (const stored of (await bundle.json(file, StoredShard)).rows) {
        if (source) compareOrigin(file, stored, { ...payload, source }, ledger)
        await checkAgain(file, stored, deps, ledger)
      }
    }
  },
}

/** The items are hashed with a key of this process, since nobody but the run's evaluator and critic has theirs. */
async function openChecks({ task, wholeTask, config }: BundleEvidence): Promise<((program: Program) => Deps) | null> {
  if (!task) return null
  const score = scorerFor(task.scorer)
  const solve = (await procedureOf(task))?.solveCore ?? null
  const key = Buffer.from(sha256('verify'))
  const retentionSet = wholeTask && config.evidence.retention ? await retentionOf(wholeTask) : undefined
  const bytes = wholeTask && buildContaminationIndex(evaluationItems({ ...wholeTask, retentionSet }), key)
  const indexes = new Map<number, CheckDeps['contamination']>()
  const indexOf = (share: number) => {
    const { screen } = openContaminationIndex(bytes!, key, { share })
    return (row: StoredRow['row']) => screen({ text: row.input, coreKey: row.origin.coreKey })
  }
  return (program) => {
    const share = program.filters.contaminationShare
    if (bytes && !indexes.has(share)) indexes.set(share, indexOf(share))
    return {
      program,
      isBidirectional: task.rows.bidirectional ?? false,
      fitsStudent: async () => true,
      contamination: indexes.get(share) ?? (() => ({ hit: null, alike: false })),
      solve,
      isCorrect: async (reply, answer) => (await score(reply, answer)).strict,
      isIndexed: bytes !== null,
    }
  }
}

/** A row has the place in its name that its shard asked for, and a teacher where its source has a prompt. */
function compareOrigin(
  file: string,
  { row }: StoredRow,
  { round, source, from, count }: Omit<ShardPayload, 'source'> & { source: Source },
  ledger: Ledger,
): void {
  const place = (what: string) => `${file}: row ${row.id}, ${what}`
  const [attempt, number, id, index] = row.id.split('.')
  ledger.same(
    place('its attempt, round and source'),
    [attempt, number, id],
    [`a${round.attempt}`, `r${round.round}`, source.id],
  )
  ledger.same(place('its index, one of the shard'), Number(index) >= from && Number(index) < from + count, true)
  ledger.same(place('source and skill'), [row.source, row.skill], [source.id, source.skill])
  // A plug-in may follow a prompt without a teacher.
  if (!row.origin.plugin)
    ledger.same(place('whether a teacher wrote it'), row.origin.teacher !== undefined, source.kind === 'prompt')
}

const contaminated: readonly (RejectionReason | null)[] = [
  'contaminated-validation',
  'contaminated-sealed',
  'contaminated-retention',
]
const repeats: readonly (RejectionReason | null)[] = ['exact-duplicate', 'near-duplicate']

/** In the order of the checks, as far as they can be taken: one that found something ends it. */
async function checkAgain(
  file: string,
  { row, rejected, alike }: StoredRow,
  deps: Deps,
  ledger: Ledger,
): Promise<void> {
  const place = (what: string) => `${file}: row ${row.id}, ${what}`
  const form = (await checkContract(row, deps)).rejected ?? null
  if (form || rejected === 'format' || rejected === 'too-long') return ledger.same(place('rejected'), rejected, form)
  if (repeats.includes(rejected)) return
  if (rejected === 'too-long-for-student')
    return ledger.leave('what is too long for the student, without its tokenizer')
  if (deps.isIndexed) {
    const found = await checkContamination(row, deps)
    if (found.rejected || contaminated.includes(rejected))
      return ledger.same(place('rejected'), rejected, found.rejected ?? null)
    ledger.same(place('alike'), alike, found.alike ?? false)
  }
  if (contaminated.includes(rejected)) return
  const answer = (await checkAnswer(row, deps)).rejected ?? null
  if (answer || rejected === 'wrong-answer') ledger.same(place('rejected'), rejected, answer)
  else ledger.count(1)
}
