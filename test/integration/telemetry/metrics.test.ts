import { request } from 'node:http'
import { networkInterfaces } from 'node:os'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { StoredEntry } from '../../../bus/mod.ts'
import { TelemetryLimits } from '../../../schemas/session-limits.ts'
import { metrics } from '../../../telemetry/metric-table.ts'
import { answerTelemetry, serveTelemetry } from '../../../telemetry/serve.ts'
import { createTelemetry, type Observed } from '../../../telemetry/telemetry.ts'
import { openGenerateFolder } from '../../support/generate.ts'
import { type TestServer, until, withServer } from '../../support/nats.ts'
import { startOtlpReceiver } from '../../support/otlp-receiver.ts'
import { parsePrometheus } from '../../support/parse-prometheus.ts'
import { createTracePublisher } from '../../support/publish-trace.ts'
import { spentLog } from '../../support/spent-log.ts'
import { startTeacherServer } from '../../support/teacher-server.ts'

let server: TestServer
let publish: (entries: readonly StoredEntry[]) => Promise<void>
beforeAll(async () => {
  server = await withServer()
  publish = createTracePublisher(server)
})
afterAll(() => server[Symbol.asyncDispose]())

type Answer = { status: number; body: string; type: string }

function get(url: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { headers, method }, (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (text) => (body += text))
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body, type: response.headers['content-type'] ?? '' }),
      )
    })
    asked.on('error', reject).end()
  })
}

async function serve(
  observed: Partial<Observed> = {},
  { env = {}, host = '127.0.0.1', open = false, on = server } = {},
) {
  const limits = TelemetryLimits.parse({ cacheMs: 0, scrapeMs: 500, open })
  const telemetry = createTelemetry(limits, '1.2.3')
  const served = await serveTelemetry(answerTelemetry(telemetry, limits, env), { host, port: 0 })
  const bus = await on.open('operator')
  const observe = () => telemetry.observe({ bus, readsAll: true, agents: () => [], ...observed })
  const at = (path: string) => served.url.replace('/metrics', path)
  return { telemetry, bus, observe, at, served, [Symbol.asyncDispose]: served[Symbol.asyncDispose] }
}

const familiesOf = (text: string) => new Map(parsePrometheus(text).map((family) => [family.name, family]))

/** What `promtool check metrics` finds fault with, and what would be read wrongly. */
function lint(text: string): string[] {
  return [...familiesOf(text).values()].flatMap(({ name, type, help, metrics: samples }) => {
    const series = samples.map(({ labels = {} }) => JSON.stringify(Object.entries(labels).sort()))
    return [
      ...(help ? [] : [`${name} has no help`]),
      ...(/^[a-z_][a-z0-9_]*$/.test(name) ? [] : [`${name} is no name`]),
      ...(type === 'COUNTER' && !name.endsWith('_total') ? [`${name} is a counter without _total`] : []),
      ...(type === 'GAUGE' && name.startsWith('syllabus_') && name.endsWith('_total') ? [`${name} is no counter`] : []),
      ...(new Set(series).size === series.length ? [] : [`${name} has a series twice`]),
      // The library's own have buckets in place of values, and NaN where nothing was measured.
      ...samples
        .filter(({ value }) => name.startsWith('syllabus_') && !(Number(value) >= 0))
        .map(({ value }) => `${name} is ${value}`),
    ]
  })
}

const valueIn = (text: string, name: string, labels: Record<string, string> = {}) =>
  (familiesOf(text).get(name)?.metrics ?? [])
    .filter((each) => Object.entries(labels).every(([key, value]) => each.labels?.[key] === value))
    .reduce((sum, { value }) => sum + Number(value), 0)

test('a faulty exposition is found', () => {
  expect(lint('# TYPE a counter\na 1\n')).toEqual(['a has no help', 'a is a counter without _total'])
})

test('figures count what the log gets from the start on, however it is scraped', async () => {
  await publish(spentLog({ runId: 'before', rows: 30 }))
  await using own = await serve()
  await own.observe()
  const log = spentLog({ runId: 'counted', rows: 60 })
  await publish(log.slice(0, 30))
  const first = await get(own.at('/metrics'))
  await publish(log.slice(30))
  const { status, body, type } = await get(own.at('/metrics'))
  expect([status, type]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8'])
  expect(lint(body)).toEqual([])
  expect(valueIn(first.body, 'syllabus_messages_total')).toBe(30)
  expect(valueIn(body, 'syllabus_messages_total')).toBe(log.length)
  expect(valueIn(body, 'syllabus_model_calls_total', { role: 'generator' })).toBeGreaterThan(60)
  expect(valueIn(body, 'syllabus_log_bytes', { account: 'LAB' })).toBeGreaterThan(10_000)
  expect(valueIn(body, 'syllabus_backlog_messages', { message: 'shard', state: 'pending' })).toBeGreaterThan(0)
  const rest = await Promise.all(Array.from({ length: 8 }, () => get(own.at('/metrics'))))
  expect(rest.map(({ body: each }) => valueIn(each, 'syllabus_messages_total'))).toEqual(Array(8).fill(log.length))
})

test('M2 unready while it starts, and without its agents', async () => {
  await using own = await serve({
    agents: () => [{ role: 'generator', variant: 'procedural', instance: 'generator-1' }],
  })
  const ready = async () => {
    const { status, body } = await get(own.at('/readyz'))
    return `${status} ${body.trim()}`
  }
  const healthy = async () => (await get(own.at('/healthz'))).status
  expect([await ready(), await healthy()]).toEqual(['503 the process starts', 200])
  await own.observe()
  expect(await ready()).toBe('503 no generator works here')
  const agent = await server.open('generator')
  const presence = agent.announce({ instance: 'generator-1' })
  await presence[Symbol.asyncDispose]()
  expect(await ready()).toBe('503 no generator works here')
})

test('M2, M3 unready while the server is away, and never unhealthy by that', async () => {
  await using own = await withServer()
  await using works = await serve({}, { on: own })
  await works.observe()
  await until('ready', async () => (await get(works.at('/readyz'))).status === 200)
  await own.kill9()
  await until('unready', async () => (await get(works.at('/readyz'))).body === 'the NATS server does not answer\n')
  const scraped = await get(works.at('/metrics'))
  expect([scraped.status, valueIn(scraped.body, 'syllabus_bus_connected')]).toEqual([200, 0])
  expect((await get(works.at('/healthz'))).status).toBe(200)
  await own.restart()
  await until('ready again', async () => (await get(works.at('/readyz'))).status === 200, 30_000)
  expect(valueIn((await get(works.at('/metrics'))).body, 'syllabus_bus_reconnects_total')).toBeGreaterThan(0)
  works.telemetry.ends()
  expect((await get(works.at('/readyz'))).body).toBe('the process ends\n')
})

test('M3 a connection that is closed for good is a fault, unless the process ends', async () => {
  await using own = await serve()
  await own.observe()
  await own.bus[Symbol.asyncDispose]()
  expect((await get(own.at('/healthz'))).status).toBe(503)
  own.telemetry.ends()
  expect((await get(own.at('/healthz'))).status).toBe(200)
})

test('A1, A2 other methods, paths and targets are refused, and end nothing', async () => {
  await using own = await serve()
  expect((await get(own.at('/metrics'), {}, 'POST')).status).toBe(405)
  expect((await get(own.at('/nothing'))).status).toBe(404)
  expect((await get(own.at('//'))).status).toBe(404)
  expect((await get(own.at('/readyz'), { host: 'evil.test' })).status).toBe(503)
  expect((await get(own.at('/healthz'))).status).toBe(200)
})

const outside = Object.values(networkInterfaces())
  .flat()
  .find((each) => each?.family === 'IPv4' && !each.internal)?.address

test('A3 metrics are for this machine by its own name, and for others with the token', async () => {
  await using own = await serve({}, { env: { SYLLABUS_TELEMETRY_TOKEN: 'planted' } })
  const statusOf = async (headers: Record<string, string>) => (await get(own.at('/metrics'), headers)).status
  expect(await statusOf({})).toBe(200)
  expect(await statusOf({ host: 'localhost:9999' })).toBe(200)
  expect(await statusOf({ host: 'evil.test' })).toBe(401)
  expect(await statusOf({ host: '127.0.0.1.evil.test' })).toBe(401)
  expect(await statusOf({ host: 'evil.test', authorization: 'Bearer wrong' })).toBe(401)
  expect(await statusOf({ host: 'evil.test', authorization: 'Bearer planted' })).toBe(200)
  await using silent = await serve({}, { env: { SYLLABUS_TELEMETRY_TOKEN: '' } })
  expect((await get(silent.at('/metrics'), { host: 'evil.test', authorization: 'Bearer ' })).status).toBe(401)
})

test.skipIf(outside === undefined)(
  'A3 another address of this machine counts as another machine, unless the topology opens it',
  async () => {
    const elsewhere = (own: { at(path: string): string }, path: string) => own.at(path).replace('127.0.0.1', outside!)
    await using own = await serve({}, { host: '0.0.0.0' })
    expect((await get(elsewhere(own, '/metrics'))).status).toBe(401)
    expect((await get(elsewhere(own, '/healthz'))).status).toBe(200)
    await using opened = await serve({}, { host: '0.0.0.0', open: true })
    expect((await get(elsewhere(opened, '/metrics'))).status).toBe(200)
  },
)

test('a port that is in use is named with its fix', async () => {
  await using own = await serve()
  const port = Number(new URL(own.served.url).port)
  const answer = answerTelemetry(own.telemetry, { open: false })
  await expect(serveTelemetry(answer, { host: '127.0.0.1', port })).rejects.toMatchObject({
    message: `Port ${port} is in use on 127.0.0.1.`,
    fix: expect.stringContaining('SYLLABUS_TELEMETRY_PORT'),
  })
})

test('a session shows every metric that there is, also of agents that were killed, and exports its trace whole', async () => {
  await using receiver = await startOtlpReceiver()
  await using folder = await openGenerateFolder()
  await using teacher = await startTeacherServer({ latencyMs: 150 })
  // Presence, which brings the agents' figures, is written four times in that time.
  const topology = await folder.topology('often', {
    bus: { agentTtlMs: 1000 },
    telemetry: { leastFlushMs: 20_000, flushMs: 20_000 },
  })
  const args = ['--rows', '600', '--candidate-cap', '1', '--concurrency', '10', '--topology', topology]
  const command = folder.generate('seen', teacher, args, {
    SYLLABUS_TELEMETRY_PORT: '0',
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
  })
  await until('it says where', () => /metrics: (\S+)/.test(command.output()) || command.child.exitCode !== null, 60_000)
  expect(command.output()).toContain('metrics: http')
  const url = /metrics: (\S+)/.exec(command.output())![1]!
  await until('rows are made', async () => valueIn((await get(url)).body, 'syllabus_candidates_total') > 0, 60_000)
  const [pid] = await folder.agentPids('seen', 'generator')
  process.kill(pid!, 'SIGKILL')
  await until(
    'it is started again',
    async () => valueIn((await get(url)).body, 'syllabus_agent_restarts_total', { role: 'generator' }) === 1,
    30_000,
  )
  let last = ''
  await until(
    'it is over',
    async () => {
      last = await get(url).then(
        ({ status, body }) => (status === 200 ? body : last),
        () => last,
      )
      return valueIn(last, 'syllabus_rows_admitted_total') > 0 || command.child.exitCode !== null
    },
    120_000,
  )
  expect(await command.ended).toBe(0)
  const { rows, spent } = await folder.outcomeOf('seen')
  expect(lint(last)).toEqual([])
  const families = familiesOf(last)
  expect(Object.keys(metrics).filter((name) => !families.has(name))).toEqual([])
  expect(valueIn(last, 'syllabus_agent_handled_messages_total', { message: 'shard', outcome: 'done' })).toBeGreaterThan(
    0,
  )
  expect(valueIn(last, 'syllabus_agent_slots', { role: 'generator' })).toBeGreaterThan(0)
  expect(valueIn(last, 'syllabus_rows_admitted_total')).toBeLessThanOrEqual(rows)
  for (const { name, metrics: samples } of families.values()) {
    if (!name.startsWith('syllabus_') || samples.length === 0) continue
    expect(samples.length, name).toBeLessThan(200)
    expect(Object.keys(samples[0]?.labels ?? {}).sort(), name).toEqual(
      [...metrics[name as keyof typeof metrics].labels].sort(),
    )
  }
  const exported = new Map(receiver.spans.map((span) => [span.spanId, span]))
  const tokens = [...exported.values()].reduce(
    (sum, { attributes }) => sum + Number(attributes['gen_ai.usage.output_tokens'] ?? 0),
    0,
  )
  expect(tokens).toBe(spent.outputTokens)
  expect([...exported.values()].filter(({ parentSpanId: id }) => id !== '' && !exported.has(id))).toEqual([])
  receiver.spans.splice(0)
  const again = folder.command('seen', ['trace', 'export'], { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url })
  expect(await again.ended, again.output()).toBe(0)
  expect(new Set(receiver.spans.map(({ spanId }) => spanId))).toEqual(new Set(exported.keys()))
})
