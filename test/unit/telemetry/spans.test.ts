import { expect, test } from 'vitest'
import type { StoredEntry } from '../../../bus/mod.ts'
import { spentOnDecisions, spentOnRows } from '../../../evidence/report/analyse/usage.ts'
import { collect } from '../../../evidence/report/facts/collect.ts'
import { spentTogether } from '../../../schemas/spent.ts'
import { readBatch } from '../../../telemetry/traces/export-traces.ts'
import { createRunIndex } from '../../../telemetry/traces/run-index.ts'
import { type MessageSpan, spanOf } from '../../../telemetry/traces/span.ts'
import { spentLog } from '../../support/spent-log.ts'

const entries = spentLog({ runId: 'spans', rows: 120 })
const facts = collect(entries)
const ledger = spentTogether([spentOnRows(facts), spentOnDecisions(facts)])

function spansOf(log: readonly StoredEntry[], withContent = false, index = createRunIndex()): MessageSpan[] {
  return log.flatMap((entry) => {
    const place = index.place(entry)
    return place ? [spanOf(entry, place, withContent)] : []
  })
}

const idsOf = (spans: readonly MessageSpan[]) => new Set(spans.map(({ place }) => place.spanId))
const orphans = (spans: readonly MessageSpan[], ids = idsOf(spans)) =>
  spans.filter(({ place }) => place.parentId !== null && !ids.has(place.parentId))

test('every message is one span of one trace, under the message that it follows from', () => {
  const spans = spansOf(entries)
  expect(spans.length).toBe(entries.length)
  expect(idsOf(spans).size).toBe(entries.length)
  expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1)
  expect(spans.filter(({ place }) => place.parentId === null).length).toBe(1)
  expect(orphans(spans)).toEqual([])
  expect(spans.filter(({ place }) => place.startMs > place.endMs)).toEqual([])
  const batches = spans.filter(({ name }) => name === 'batch')
  expect(batches.length).toBeGreaterThan(5)
  const shards = idsOf(spans.filter(({ name }) => name === 'shard'))
  expect(batches.filter(({ place }) => !shards.has(place.parentId!))).toEqual([])
})

test('the tokens of all spans are what the report says was spent', () => {
  const sum = (key: string) =>
    spansOf(entries).reduce((total, { attributes }) => total + Number(attributes[key] ?? 0), 0)
  expect(sum('gen_ai.usage.input_tokens')).toBe(ledger.inputTokens)
  expect(sum('gen_ai.usage.output_tokens')).toBe(ledger.outputTokens)
  expect(sum('syllabus.calls')).toBe(ledger.calls)
  const models = new Set(spansOf(entries).flatMap(({ attributes }) => attributes['gen_ai.request.model'] ?? []))
  expect([...models].sort()).toEqual(['acme/planner', 'acme/teacher'])
})

test('R1 whoever reads from the first message of unfinished runs again gives each message the place that it had, wherever it was stopped', () => {
  const other = spentLog({ runId: 'second', rows: 60 })
  // Two runs, the second beginning within the first; then a message after the first one's end, and one that is stored twice.
  const late = { ...entries[3]!, id: 'spans.late', name: 'status-changed', cause: entries[2]!.id }
  const log = [
    ...entries.slice(0, 50),
    ...other.slice(0, 40),
    ...entries.slice(50),
    late,
    late,
    ...other.slice(40),
  ].map((entry, at) => ({ ...entry, seq: at + 1 }))
  const whole = new Map(spansOf(log).map((span) => [span.place.spanId, span.place]))
  expect(whole.size).toBe(entries.length + other.length + 1)
  for (let stop = 1; stop < log.length; stop += 23) {
    const first = createRunIndex()
    for (const entry of log.slice(0, stop)) first.place(entry)
    const again = createRunIndex(first.roots)
    const from = first.firstOpenSeq ?? stop + 1
    for (const entry of log.slice(from - 1, stop)) again.place(entry)
    for (const { place } of spansOf(log.slice(stop), false, again))
      expect(place, `after ${stop}`).toEqual(whole.get(place.spanId))
  }
})

test('a log that fails in the middle of a batch loses no span', async () => {
  const log = async function* ({ fromSeq = 1 }: { fromSeq?: number | undefined }) {
    yield* entries.filter(({ seq }) => seq >= fromSeq).slice(0, 5)
    throw new Error('the server is away')
  }
  const index = createRunIndex()
  const ids: string[] = []
  const options = { spansPerRequest: 1000, withContent: false }
  for (let next = 1; next <= 50; ) {
    const batch = await readBatch({ log }, index, next, options, new AbortController().signal)
    ids.push(...batch.spans.map(({ place }) => place.spanId))
    next = batch.next
  }
  expect(ids).toEqual(
    spansOf(entries)
      .slice(0, 50)
      .map(({ place }) => place.spanId),
  )
  const failing = readBatch({ log }, index, entries.length + 1, options, new AbortController().signal)
  await expect(failing).rejects.toThrow('the server is away')
})

test('R2 a cause that is not on this log leads to the run’s first message', () => {
  const sealed = entries.map((entry) =>
    entry.name === 'final-eval-results' ? { ...entry, cause: 'spans.answers:base:test' } : entry,
  )
  const spans = spansOf(sealed)
  expect(orphans(spans)).toEqual([])
  expect(spans.find(({ name }) => name === 'final-eval-results')?.place.parentId).toBe(spans[0]!.place.spanId)
})

test('texts of models are in spans that were asked for with them, and in no other', () => {
  const marked = entries.map((entry) => ({
    ...entry,
    payload: JSON.parse(JSON.stringify(entry.payload), (key, value) =>
      ['output', 'input', 'instruction', 'diagnosis', 'reason', 'error', 'why', 'reply'].includes(key) &&
      typeof value === 'string'
        ? 'PLANTED'
        : value,
    ),
  }))
  expect(JSON.stringify(spansOf(marked))).not.toContain('PLANTED')
  const asked = spansOf(marked, true)
  const batch = asked.find(({ name }) => name === 'batch')!
  const messages = JSON.parse(String(batch.attributes['gen_ai.output.messages']))
  expect(messages[0]).toMatchObject({ role: 'assistant', parts: [{ type: 'text' }] })
  expect(messages[0].parts[0].content).toContain('PLANTED')
  expect(JSON.stringify(asked.find(({ name }) => name === 'decision')!.attributes)).toContain('PLANTED')
})

test('content that has no room is left out by whole messages', () => {
  const batch = entries.find(({ name }) => name === 'batch')!
  const payload = structuredClone(batch.payload) as { candidates: { output: string }[] }
  for (const each of payload.candidates) each.output = 'x'.repeat(20_000)
  const [span] = spansOf([{ ...batch, payload }], true)
  const text = String(span!.attributes['gen_ai.output.messages'])
  expect(text.length).toBeLessThan(65_537)
  expect(JSON.parse(text).length).toBe(3)
})

test('what went wrong is an error', () => {
  const fault: StoredEntry = {
    ...entries[1]!,
    id: 'spans.faulted',
    payload: { status: 'faulted', reason: 'the endpoint said: SECRET' },
  }
  const unread: StoredEntry = {
    ...entries[1]!,
    id: 'spans.unread',
    name: 'nothing',
    payload: 'SECRET',
    parseError: 'SECRET',
  }
  const spans = spansOf([entries[0]!, fault, unread])
  expect(spans.map(({ status }) => status)).toEqual([
    { code: 0 },
    { code: 2, message: 'the run is faulted' },
    { code: 2, message: 'the message cannot be read' },
  ])
  expect(JSON.stringify(spans)).not.toContain('SECRET')
})
