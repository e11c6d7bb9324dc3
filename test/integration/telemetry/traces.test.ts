import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { StoredEntry } from '../../../bus/mod.ts'
import { spentOnDecisions, spentOnRows } from '../../../evidence/report/analyse/usage.ts'
import { collect } from '../../../evidence/report/facts/collect.ts'
import { spentTogether } from '../../../schemas/spent.ts'
import { type TestServer, until, withServer } from '../../support/nats.ts'
import { type OtlpReceiver, type ReceivedSpan, startOtlpReceiver } from '../../support/otlp-receiver.ts'
import { createTracePublisher } from '../../support/publish-trace.ts'
import { spentLog } from '../../support/spent-log.ts'
import { startTracesProcess } from '../../support/start-traces-process.ts'

let server: TestServer
let publish: (entries: readonly StoredEntry[]) => Promise<void>
let receiver: OtlpReceiver
let home: string

beforeAll(async () => {
  server = await withServer()
  publish = createTracePublisher(server)
})
afterAll(() => server[Symbol.asyncDispose]())
beforeEach(async ({ onTestFinished }) => {
  receiver = await startOtlpReceiver()
  home = await mkdtemp(join(tmpdir(), 'syllabus-traces-'))
  onTestFinished(async () => {
    await receiver[Symbol.asyncDispose]()
    await rm(home, { recursive: true, force: true })
  })
})

const startExporter = (env: Record<string, string> = {}, spansPerRequest = 20, leastFlushMs?: number) =>
  startTracesProcess(server, { home, endpoint: receiver.url, spansPerRequest, leastFlushMs, env })

const logOf = (runId: string) => spentLog({ runId, rows: 60 })
const of = (runId: string) => receiver.spans.filter(({ attributes }) => attributes['gen_ai.conversation.id'] === runId)
const once_ = (spans: readonly ReceivedSpan[]) => [...new Map(spans.map((span) => [span.spanId, span])).values()]
const sum = (spans: readonly ReceivedSpan[], key: string) =>
  spans.reduce((total, { attributes }) => total + Number(attributes[key] ?? 0), 0)

/** The whole of a run is there: each message once by its id, no orphan, and the tokens that the report counts. */
function expectWhole(runId: string, log: readonly StoredEntry[]): void {
  const spans = once_(of(runId))
  expect(spans.map(({ attributes }) => attributes['syllabus.message.id']).sort()).toEqual(
    log.map(({ id }) => id).sort(),
  )
  const ids = new Set(spans.map(({ spanId }) => spanId))
  expect(spans.filter(({ parentSpanId }) => parentSpanId !== '' && !ids.has(parentSpanId))).toEqual([])
  expect(spans.filter(({ parentSpanId }) => parentSpanId === '').length).toBe(1)
  expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1)
  const facts = collect(log)
  const ledger = spentTogether([spentOnRows(facts), spentOnDecisions(facts)])
  expect(ledger.inputTokens).toBeGreaterThan(1000)
  expect(sum(spans, 'gen_ai.usage.input_tokens')).toBe(ledger.inputTokens)
  expect(sum(spans, 'gen_ai.usage.output_tokens')).toBe(ledger.outputTokens)
}

test.each<{ runId: string; env: Record<string, string> }>([
  { runId: 'proto', env: {} },
  { runId: 'zipped', env: { OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip' } },
  { runId: 'json', env: { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' } },
])('a run is exported whole while it goes on ($runId)', async ({ runId, env }) => {
  const log = logOf(runId)
  const exporter = await startExporter(env)
  await publish(log)
  await until('all is there', () => of(runId).length >= log.length, 30_000)
  await exporter.end()
  expectWhole(runId, log)
  expect(of(runId).length).toBe(log.length)
  expect(exporter.lines).toEqual([])
})

test('headers and attributes of the environment are sent', async () => {
  const exporter = await startExporter({
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20planted,x-team=data',
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
    OTEL_SERVICE_NAME: 'my-syllabus',
  })
  await publish(logOf('headers').slice(0, 3))
  await until('it is there', () => of('headers').length === 3)
  await exporter.end()
  expect(receiver.requests.at(-1)).toMatchObject({ authorization: 'Bearer planted', 'x-team': 'data' })
  expect(receiver.resource).toMatchObject({ 'service.name': 'my-syllabus', 'deployment.environment.name': 'test' })
  expect(await readFile(join(home, 'traces.json'), 'utf8')).not.toContain('planted')
})

test('T2 killed again and again, it loses no span, leaves no orphan, and what it sends twice has the same ids', async () => {
  const runId = 'killed'
  const log = logOf(runId)
  // So that there is a position from before it.
  await (await startExporter()).end()
  await publish(log)
  for (const [kill, lost] of (['hang', 'silent', 'hang', 'silent', 'silent'] as const).entries()) {
    const exporter = await startExporter({}, 7)
    // So many requests are answered; the next is lost with its answer, or before it.
    let left = kill
    const before = receiver.requests.length
    receiver.answer = () => (left-- > 0 ? 200 : lost)
    await until('it waits for an answer', () => receiver.requests.length > before + kill, 30_000)
    exporter.child.kill('SIGKILL')
    await once(exporter.child, 'exit')
  }
  receiver.answer = null
  expect(of(runId).length).toBeLessThan(log.length)
  const last = await startExporter()
  await until('all is there', () => once_(of(runId)).length === log.length, 30_000)
  await last.end()
  expectWhole(runId, log)
  // Three answers were lost, each of 7 spans.
  expect(of(runId).length).toBe(log.length + 21)
})

test('T3 a receiver that is away costs one line, and is sent everything once it is back', async () => {
  const runId = 'away'
  const log = logOf(runId)
  const port = Number(new URL(receiver.url).port)
  const exporter = await startExporter()
  await receiver[Symbol.asyncDispose]()
  await publish(log)
  await until('it is reported', () => exporter.lines.length > 0)
  receiver = await startOtlpReceiver(port)
  await until('all is there', () => of(runId).length >= log.length, 30_000)
  await exporter.end()
  await receiver[Symbol.asyncDispose]()
  expectWhole(runId, log)
  expect(exporter.lines).toEqual([
    expect.stringMatching(/^traces: http:\/\/127\.0\.0\.1:\d+ takes none \(.*ECONNREFUSED/),
  ])
})

test.each([
  { what: 'hangs', answer: 'hang' as const },
  { what: 'says that it is overloaded', answer: 503 },
  { what: 'refuses the key', answer: 401 },
])('T4 the end waits shortly for a receiver that $what, and the next command goes on', async ({ what, answer }) => {
  const runId = `slow-${answer}`
  const log = logOf(runId).slice(0, 40)
  const exporter = await startExporter({ OTEL_EXPORTER_OTLP_HEADERS: 'x-key=planted' }, 20, 500)
  receiver.answer = () => answer
  await publish(log)
  await until('it is asked', () => receiver.requests.length > 0)
  const since = performance.now()
  await exporter.end()
  // Half a second to wait, and the process's own end.
  expect(performance.now() - since, what).toBeLessThan(5000)
  expect(exporter.lines.length).toBe(1)
  expect(exporter.lines[0]).not.toContain('planted')
  receiver.answer = null
  const next = await startExporter()
  await until('all is there', () => once_(of(runId)).length === log.length, 30_000)
  await next.end()
})

test('spans that a receiver refuses for what they hold cost no others', async () => {
  const runId = 'refused'
  const log = logOf(runId)
  const bad = log[17]!.id
  receiver.answer = (spans) => (spans.some(({ attributes }) => attributes['syllabus.message.id'] === bad) ? 400 : 200)
  const exporter = await startExporter()
  await publish(log)
  await until('all others are there', () => of(runId).length === log.length - 1, 30_000)
  await exporter.end()
  expect(exporter.lines).toEqual([expect.stringContaining('refuses 1 spans (HTTP 400)')])
})
