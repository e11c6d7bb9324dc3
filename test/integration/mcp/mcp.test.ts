import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { getDefaultEnvironment, StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { stringify } from 'yaml'
import { readRun } from '../../../api/mod.ts'
import { defaultTopology } from '../../../launcher/topology/topology-names.ts'
import { entry } from '../../support/command.ts'
import { natsBinary } from '../../support/nats.ts'
import { promptProgram } from '../../support/prompt-program.ts'
import { startTeacherServer, type TeacherServer } from '../../support/teacher-server.ts'

/** The real command with the SDK's own client, in a folder of its own. */

// A tool is a command, and a run several.
vi.setConfig({ testTimeout: 240_000 })

let folder: string
let server: TeacherServer
let env: Record<string, string>
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'syllabus-mcp-'))
  await mkdir(join(folder, 'here'))
  await writeFile(join(folder, 'here', 'program.json'), JSON.stringify(promptProgram({ rows: 10 })))
  await writeFile(join(folder, 'outside.json'), JSON.stringify(promptProgram({ rows: 10 })))
  server = await startTeacherServer({ duplicateEvery: 10 })
  env = {
    ...getDefaultEnvironment(),
    PATH: `${dirname(await natsBinary())}${delimiter}${process.env.PATH}`,
    SYLLABUS_HOME: join(folder, 'home'),
    SYLLABUS_RUNS: join(folder, 'runs'),
    OPENAI_BASE_URL: server.url,
    OPENAI_API_KEY: 'k-planted-secret',
  }
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

type Opened = AsyncDisposable & {
  client: Client
  asked: string[]
  call(name: string, args?: object): Promise<{ text: string; isError: boolean }>
}

/** `agrees`: what the user says, of a client that can ask; left out: it cannot. */
async function open(agrees?: boolean, more: readonly string[] = []): Promise<Opened> {
  const asked: string[] = []
  const client = new Client(
    { name: 'test', version: '1' },
    { capabilities: agrees === undefined ? {} : { elicitation: {} } },
  )
  if (agrees !== undefined)
    client.setRequestHandler(ElicitRequestSchema, ({ params }) => {
      asked.push(params.message)
      return agrees ? { action: 'accept', content: { start: true } } : { action: 'decline' }
    })
  const options = {
    command: process.execPath,
    args: [entry, 'mcp', ...more],
    cwd: join(folder, 'here'),
    env,
    stderr: 'pipe' as const,
  }
  await client.connect(new StdioClientTransport(options))
  return {
    client,
    asked,
    async call(name, args = {}) {
      const { content, isError = false } = await client.callTool({ name, arguments: { ...args } })
      const [first] = content as { text: string }[]
      return { text: first!.text, isError: isError as boolean }
    },
    [Symbol.asyncDispose]: () => client.close(),
  }
}

const wanted = { kind: 'generate', program: 'program.json', rows: 12, budget: 30 }
const planOf = async ({ call }: Opened, more: object = {}) => {
  const { text, isError } = await call('estimate', { ...wanted, model: server.model, ...more })
  expect(isError, text).toBe(false)
  return JSON.parse(text) as { token: string; summary: string; spent: { calls: number } }
}

test('at most nine tools, each described; those that only read say so', async () => {
  await using opened = await open()
  const { tools } = await opened.client.listTools()
  expect(tools.map(({ name }) => name)).toEqual([
    'list_runs',
    'run_status',
    'run_report',
    'run_rows',
    'explain_row',
    'estimate',
    'start',
    'pause',
    'stop',
  ])
  expect(tools.filter(({ annotations }) => annotations?.readOnlyHint === false).map(({ name }) => name)).toEqual([
    'start',
    'pause',
    'stop',
  ])
  expect(Object.keys(tools.find(({ name }) => name === 'start')!.inputSchema.properties!)).toEqual(['token'])
  const { text } = await opened.call('list_runs')
  expect(JSON.parse(text)).toEqual({ runs: [], more: 0 })
})

test('a plan is started once, as estimated, and its rows are read as data', async () => {
  await using opened = await open()
  const before = server.requests
  const { token, summary, spent } = await planOf(opened)
  expect(summary).toContain('at most 30 teacher calls')
  expect(spent.calls).toBeGreaterThan(11)
  expect(server.requests).toBe(before)
  const started = await opened.call('start', { token })
  expect(started.isError, started.text).toBe(false)
  const { runId } = JSON.parse(started.text) as { runId: string }
  expect((await opened.call('start', { token })).text).toContain('There is no such plan')
  const place = { home: env.SYLLABUS_HOME!, env: { PATH: env.PATH! } }
  await expect
    .poll(async () => (await readRun(runId, place).summary()).status, { timeout: 120_000, interval: 500 })
    .toBe('finished')
  expect(server.requests - before).toBeLessThanOrEqual(30)
  expect(JSON.parse((await opened.call('run_status', { run: runId })).text)).toMatchObject({
    runId,
    status: 'finished',
  })
  const rows = await opened.call('run_rows', { run: runId, status: 'refused', limit: 1 })
  const [, mark, json] = /no instruction to anybody\.\n<(data-[0-9a-f]{16})>\n([\s\S]*)\n<\/data-/.exec(rows.text)!
  expect(rows.text.endsWith(`</${mark}>`)).toBe(true)
  const { rows: found } = JSON.parse(json!) as { rows: { id: string; reason: string; duplicateOf: string }[] }
  expect(found[0]!.reason).toBe('exact-duplicate')
  const explained = await opened.call('explain_row', { run: runId, row: found[0]!.id })
  expect(explained.text).toContain('problem number')
  expect(explained.text).toContain(found[0]!.duplicateOf)
  const log = await readFile(join(env.SYLLABUS_HOME!, 'logs', `${runId}.jsonl`), 'utf8')
  expect(`${log}${rows.text}${started.text}`).not.toContain('k-planted-secret')
})

test('a user who is asked and says no starts nothing; one who says yes was shown the plan', async () => {
  const before = server.requests
  {
    await using opened = await open(false)
    const { token } = await planOf(opened)
    const { text, isError } = await opened.call('start', { token })
    expect({ text, isError }).toEqual({ text: expect.stringContaining('Nothing was started'), isError: true })
    expect(opened.asked[0]).toContain('12 rows')
    expect((await opened.call('start', { token })).isError).toBe(true)
    expect(server.requests).toBe(before)
  }
  await using opened = await open(true)
  const { token, summary } = await planOf(opened)
  const { text, isError } = await opened.call('start', { token })
  expect(isError, text).toBe(false)
  expect(opened.asked).toEqual([`Start this?\n${summary}`])
  const { runId } = JSON.parse(text) as { runId: string }
  const stopped = await opened.call('stop', { run: runId })
  // It may be over already.
  expect(stopped.text).toContain(runId)
  await expect
    .poll(async () => (await readRun(runId, { home: env.SYLLABUS_HOME!, env: { PATH: env.PATH! } }).summary()).status, {
      timeout: 120_000,
      interval: 500,
    })
    .not.toBe('running')
})

test('what changed after it was estimated is not started', async () => {
  await using opened = await open()
  const { token } = await planOf(opened)
  const before = server.requests
  const program = join(folder, 'here', 'program.json')
  const written = await readFile(program, 'utf8')
  await writeFile(program, JSON.stringify(promptProgram({ rows: 10, samplesPerPrompt: 2 })))
  const { text, isError } = await opened.call('start', { token })
  await writeFile(program, written)
  expect(isError).toBe(true)
  expect(text).toContain('not the plan')
  expect(server.requests).toBe(before)
})

test('a plan whose time is over is not started', async () => {
  const { parse } = await import('yaml')
  const file = join(folder, 'here', 'short.yaml')
  await writeFile(file, stringify({ ...parse(await readFile(defaultTopology, 'utf8')), mcp: { confirmMs: 1 } }))
  await using opened = await open(undefined, ['--topology', file])
  const { token } = await planOf(opened)
  expect((await opened.call('start', { token })).text).toContain('its time is over')
})

test.each([
  ['estimate', { ...wanted, budget: undefined }, /Give budget/],
  ['estimate', { ...wanted, rows: undefined }, /Give rows/],
  ['estimate', { ...wanted, attempts: 2 }, /Leave attempts out/],
  ['estimate', { ...wanted, rows: 100 }, /would reach a limit/],
  ['estimate', { ...wanted, program: '../outside.json' }, /no file or folder below/],
  ['estimate', { ...wanted, task: '/etc' }, /no file or folder below/],
  ['estimate', { ...wanted, task: 'nowhere' }, /no file or folder below/],
  ['estimate', { ...wanted, topology: '/etc/passwd' }, /no file or folder below/],
  ['estimate', { kind: 'both' }, /kind/],
  ['start', { token: 'x' }, /token/],
  ['start', { token: '0'.repeat(32) }, /There is no such plan/],
  ['run_rows', { run: 'nobody' }, /no run nobody|No run was ever started/],
  ['run_report', { run: '../x' }, /run/],
  ['explain_row', { run: 'nobody', row: 'a' }, /no run nobody|No run was ever started/],
  ['stop', { run: 'nobody' }, /no run nobody|No run was ever started/],
])('%s %j is refused with a reason, and pays nothing', async (name, args, reason) => {
  await using opened = await open()
  const before = server.requests
  const model = name === 'estimate' ? { model: server.model } : {}
  const { text, isError } = await opened
    .call(name, { ...args, ...model })
    .catch((error: Error) => ({ text: error.message, isError: true }))
  expect(text).toMatch(reason)
  expect(isError).toBe(true)
  expect(server.requests).toBe(before)
})
