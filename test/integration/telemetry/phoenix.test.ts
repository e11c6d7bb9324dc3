import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { spentOnDecisions, spentOnRows } from '../../../evidence/report/analyse/usage.ts'
import { collect } from '../../../evidence/report/facts/collect.ts'
import { spentTogether } from '../../../schemas/spent.ts'
import { until, withServer } from '../../support/nats.ts'
import { createTracePublisher } from '../../support/publish-trace.ts'
import { spentLog } from '../../support/spent-log.ts'
import { startTracesProcess } from '../../support/start-traces-process.ts'

/** The folder of a Python environment with arize-phoenix. */
const phoenix = process.env.SYLLABUS_PHOENIX

const Spans = z.object({
  data: z.array(
    z.object({
      name: z.string(),
      context: z.object({ trace_id: z.string(), span_id: z.string() }),
      parent_id: z.string().nullable(),
      attributes: z.record(z.string(), z.unknown()),
    }),
  ),
  next_cursor: z.string().nullable(),
})

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as { port: number }
  probe.close()
  return port
}

async function spansAt(url: string) {
  const all: z.infer<typeof Spans>['data'] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const response = await fetch(`${url}/v1/projects/default/spans?limit=1000${cursor && `&cursor=${cursor}`}`)
    if (!response.ok) return all
    const page = Spans.parse(await response.json())
    all.push(...page.data)
    cursor = page.next_cursor
  }
  return all
}

test.skipIf(phoenix === undefined)(
  'Phoenix has a run whole, after kills: no orphan, no span twice, and the tokens of the report',
  { timeout: 240_000 },
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'syllabus-phoenix-'))
    const [port, grpcPort] = [await freePort(), await freePort()]
    const url = `http://127.0.0.1:${port}`
    const env = { PATH: process.env.PATH, HOME: folder, PHOENIX_WORKING_DIR: folder, PHOENIX_HOST: '127.0.0.1' }
    const receiver = spawn(join(phoenix!, 'bin/phoenix'), ['serve'], {
      env: { ...env, PHOENIX_PORT: String(port), PHOENIX_GRPC_PORT: String(grpcPort) },
      stdio: 'ignore',
    })
    try {
      await until(
        'Phoenix answers',
        () =>
          fetch(url).then(
            ({ ok }) => ok,
            () => false,
          ),
        120_000,
      )
      await using server = await withServer()
      const log = spentLog({ runId: 'phoenix', rows: 120 })
      const start = () => startTracesProcess(server, { home: folder, endpoint: url, spansPerRequest: 20 })
      const first = await start()
      const publishing = createTracePublisher(server)(log)
      await until('it is sent some', async () => (await spansAt(url)).length > 20, 60_000)
      first.child.kill('SIGKILL')
      await publishing
      const last = await start()
      await until('all is there', async () => (await spansAt(url)).length >= log.length, 90_000)
      await last.end()
      const spans = await spansAt(url)
      expect(spans.length).toBe(log.length)
      const ids = new Set(spans.map(({ context }) => context.span_id))
      expect(ids.size).toBe(log.length)
      expect(spans.filter(({ parent_id: parent }) => parent !== null && !ids.has(parent))).toEqual([])
      const facts = collect(log)
      const ledger = spentTogether([spentOnRows(facts), spentOnDecisions(facts)])
      const sum = (key: string) => spans.reduce((total, { attributes }) => total + Number(attributes[key] ?? 0), 0)
      expect(sum('llm.token_count.prompt')).toBe(ledger.inputTokens)
      expect(sum('llm.token_count.completion')).toBe(ledger.outputTokens)
    } finally {
      receiver.kill()
      await once(receiver, 'exit')
      await rm(folder, { recursive: true, force: true })
    }
  },
)
