import { admitRound, storedShards } from '../../agents/critic/admit-round.ts'
import { RoundRecord } from '../../agents/critic/round-record.ts'
import { composePrompts } from '../../agents/kit/compose-prompts.ts'
import { JournalEntry } from '../../agents/kit/metered/journal.ts'
import type { Bus } from '../../bus/mod.ts'
import type { PayloadOf } from '../../schemas/message.ts'
import { Batch, Round, roundKey, Shard, shardKey } from '../../schemas/messages/generation.ts'
import { Program } from '../../schemas/program.ts'
import type { FailureKind, RejectionReason } from '../../schemas/row.ts'
import { Row } from '../../schemas/row.ts'
import type { RunConfig } from '../../schemas/run.ts'
import { PublicTask } from '../../schemas/task.ts'
import { UsageError } from '../../schemas/user-error.ts'
import type { RowDetail, RowLine, RowSearch } from '../../trace/run-reader.ts'
import { readRun } from '../run/follow-run.ts'

/** One candidate of a run and what became of it, or an index of a source of which no candidate was made. */
export type RunRow = {
  /** The row's id; of an index without a candidate `a<attempt>.r<round>.<source>.#<index>`. */
  id: string
  attempt: number
  source: string
  status: 'admitted' | 'refused' | 'failed'
  reason: RejectionReason | FailureKind | null
  /** The reason in words, where it has some. */
  why: string | null
  /** The admitted row that it repeats. */
  duplicateOf: string | null
  /** Null of an index without a candidate. */
  row: Row | null
  /** Where its prompt and its reply are found. */
  place: { shard: PayloadOf<typeof Shard>; index: number }
}

export type RowFilter = RowSearch & { source?: string; attempt?: number }

/** Whether each word of a search is in one of the texts, in capitals or not. */
export function hasWords(search: string | undefined, texts: readonly (string | null)[]): boolean {
  const words = search?.toLowerCase().match(/\S+/g) ?? []
  const text = words.length > 0 ? texts.join('\n').toLowerCase() : ''
  return words.every((word) => text.includes(word))
}

export const keeps = ({ admitted, refused, search, source, attempt }: RowFilter, row: RunRow): boolean =>
  (!admitted || row.status === 'admitted') &&
  (!refused || row.status !== 'admitted') &&
  hasWords(search, [row.id, row.status, row.reason, row.why, row.row?.input ?? null, row.row?.output ?? null]) &&
  (source === undefined || row.source === source) &&
  (attempt === undefined || row.attempt === attempt)

/**
 * The candidates of a run in the order in which they were decided on, with the indexes that gave none after those of their round. Rounds
 * are decided again from what the critics stored; of an open one that is provisional. Attempt 0 is the control.
 * @throws UsageError for a source or an attempt of which no row was asked
 */
export async function* runRows(bus: Bus, runId: string, filter: RowFilter = {}): AsyncGenerator<RunRow> {
  const entries = await readRun(bus, runId)
  const shards = entries.flatMap(({ name, payload }) => (name === Shard.name ? [Shard.schema.parse(payload)] : []))
  checkNamed(runId, shards, filter)
  const batches = entries.flatMap(({ name, payload }) => (name === Batch.name ? [Batch.schema.parse(payload)] : []))
  const records = bus.kv('admission', RoundRecord)
  for (const own of Map.groupBy(shards, ({ round }) => roundKey(runId, round)).values()) {
    const { round: ref } = own[0]!
    const round = await bus.objects.getJson(ref.object, Round)
    const program = await bus.objects.getJson(round.program, Program)
    const record = await records.get(roundKey(runId, round))
    if (record) {
      const earlier = round.admitted ? bus.objects.lines(round.admitted, Row) : []
      const { decisions } = admitRound(round, program, earlier, storedShards(bus, record.value))
      for await (const { row, reason, why = null, twin = null } of decisions) {
        const place = placeOf(row.id, own, program)
        if (!place) continue
        const status = reason === null ? ('admitted' as const) : ('refused' as const)
        const at = { id: row.id, attempt: round.attempt, source: row.source }
        const found = { ...at, status, reason, why, duplicateOf: twin, row, place }
        if (keeps(filter, found)) yield found
      }
    }
    for (const { shard, source, failures } of batches.filter(
      ({ round: { attempt, round: number } }) => attempt === round.attempt && number === round.round,
    )) {
      const asked = own.find((each) => each.shard === shard)
      for (const { index, reason: why, kind = 'teacher' } of asked ? failures : []) {
        const id = `a${round.attempt}.r${round.round}.${source}.#${index}`
        const at = { id, attempt: round.attempt, source, status: 'failed' as const, reason: kind, why }
        const found = { ...at, duplicateOf: null, row: null, place: { shard: asked!, index } }
        if (keeps(filter, found)) yield found
      }
    }
  }
}

function checkNamed(runId: string, shards: readonly PayloadOf<typeof Shard>[], { source, attempt }: RowFilter): void {
  const check = <Name>(kind: string, wanted: Name | undefined, all: readonly Name[]) => {
    if (wanted === undefined || all.includes(wanted)) return
    const there = [...new Set(all)].join(', ') || 'none yet'
    throw new UsageError(`Run ${runId} has no rows of ${kind} ${wanted}.`, `Name one of its ${kind}s: ${there}.`)
  }
  const ofSource = shards.filter((each) => source === undefined || each.source === source)
  check(
    'source',
    source,
    shards.map((each) => each.source),
  )
  check(
    'attempt',
    attempt,
    ofSource.map(({ round }) => round.attempt),
  )
}

/** The shard and the index that a row was made of; null where its shard is not known. */
function placeOf(id: string, shards: readonly PayloadOf<typeof Shard>[], { sources }: Program): RunRow['place'] | null {
  const [, , source = '', prompt, sample] = id.split('.')
  const written = sources.find((each) => each.id === source)
  const samples = written?.kind === 'prompt' ? written.samplesPerPrompt : 1
  const index = written?.kind === 'prompt' ? Number(prompt) * samples + (Number(sample) % samples) : Number(prompt)
  const shard = shards.find((each) => each.source === source && each.from <= index && index < each.from + each.count)
  return shard ? { shard, index } : null
}

/** What a teacher was asked for a row and what it replied, a line for each call; none of a row that a procedure made. */
export type RowCall = RowDetail['calls'][number]

/** The prompt of a row, filled in, and the replies that its index was given; null of a row that no teacher wrote. */
export async function askedFor(
  bus: Bus,
  { runId, publicTask }: RunConfig,
  { place: { shard, index } }: RunRow,
): Promise<{ prompt: string; calls: RowCall[] } | null> {
  const round = await bus.objects.getJson(shard.round.object, Round)
  const program = await bus.objects.getJson(round.program, Program)
  const source = program.sources.find(({ id }) => id === shard.source)
  if (source?.kind !== 'prompt') return null
  const task = await bus.objects.getJson(publicTask, PublicTask)
  const [prompt] = composePrompts({ ...shard, round, from: index, count: 1 }, source, task)
  const journal = bus.kv('journal', JournalEntry)
  const keys = await journal.keys(`${shardKey(runId, round, shard.shard)}.*`)
  const own = keys.filter((key) => key.split('.').at(-1)!.startsWith(`${index}-${prompt!.sample}-`))
  const entries = await Promise.all(own.map(async (key) => (await journal.get(key))?.value))
  const calls = entries.flatMap((entry): RowCall[] => {
    if (!entry) return []
    const stage = entry.stage ?? 'generate'
    return 'reply' in entry
      ? [{ stage, reply: entry.reply.text, failure: null }]
      : [{ stage, reply: null, failure: entry.failure.reason }]
  })
  const isLater = ({ stage }: RowCall) => Number(stage !== 'generate')
  return { prompt: prompt!.messages[0]!.content, calls: calls.toSorted((a, b) => isLater(a) - isLater(b)) }
}

/**
 * A row of a run by its id, and the admitted row that it repeats, as far as that comes before it.
 * @throws UsageError where there is none
 */
export async function rowWithId(
  rows: AsyncIterable<RunRow> | Iterable<RunRow>,
  runId: string,
  id: string,
): Promise<{ found: RunRow; twin: RunRow | null }> {
  const before = new Map<string, RunRow>()
  for await (const each of rows) {
    if (each.id === id) return { found: each, twin: before.get(each.duplicateOf ?? '') ?? null }
    if (each.status === 'admitted') before.set(each.id, each)
  }
  throw new UsageError(`Run ${runId} has no row ${id}.`, 'List its rows without --row, or with --json.')
}

export const rowLine = ({ id, status, reason, why, duplicateOf, row }: RunRow): RowLine => ({
  ...{ id, status, reason, why, duplicateOf },
  input: row?.input ?? '',
  output: row?.output ?? '',
})

/** One row with all that is known of it, for the terminal and the page. */
export function rowDetail(
  found: RunRow,
  twin: RunRow | null,
  asked: { prompt: string; calls: RowCall[] } | null,
): RowDetail {
  const { row, source } = found
  const origin = row?.origin
  return {
    ...rowLine(found),
    source,
    madeBy: origin?.teacher?.model ?? origin?.generator ?? 'nobody',
    checks: [...(origin?.teacher?.checks ?? []), ...(origin?.judge ? [`judge: ${origin.judge.score} of 5`] : [])],
    instruction: row?.instruction ?? '',
    prompt: asked?.prompt ?? null,
    calls: asked?.calls ?? [],
    repeated: twin?.row?.input ?? null,
  }
}
