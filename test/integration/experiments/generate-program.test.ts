import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { Program } from '../../../schemas/program.ts'
import { Yield } from '../../../schemas/row.ts'
import { bundledTask } from '../../../tasks/bundled-task.ts'
import { syllabus } from '../../support/command.ts'
import { natsBinary } from '../../support/nats.ts'
import { openPlannerServer } from '../../support/planner-server.ts'

const Outcome = z.object({
  rows: z.number(),
  stopReason: z.string(),
  bySource: z.record(z.string(), Yield),
  spent: z.object({ calls: z.number() }),
})

let folder: string
let task: string
let pathWithNats: string
const pool = ['A baker sells 4 rolls at 1.25 each. What is due?', 'Nine pens cost 2.10 apiece. What is the total?']

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'syllabus-program-'))
  pathWithNats = `${dirname(await natsBinary())}${delimiter}${process.env.PATH}`
  task = join(folder, 'task')
  await cp(bundledTask, task, { recursive: true })
  const yaml = await readFile(join(task, 'task.yaml'), 'utf8')
  await writeFile(join(task, 'task.yaml'), `${yaml}seed: seed.json\n`)
  await writeFile(join(task, 'seed.json'), JSON.stringify(pool))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const env = () => ({ PATH: pathWithNats, SYLLABUS_HOME: join(folder, 'home') })

const source = (id: string, rows: number, more: object) => ({
  ...{ id, kind: 'prompt', skill: 'order-total', rows, mode: 'scratch', template: `Do ${id}, number {{index}}.` },
  ...more,
})

/** Runs `syllabus generate` with a program of these sources; the teacher answers each prompt as told. */
async function generate(name: string, rows: number, sources: readonly object[], teacher: (prompt: string) => string) {
  const program = Program.parse({
    ...{ version: 1, sources, verification: 'none', carryOver: null },
    contract: { maxInputChars: 400, maxOutputChars: 400 },
    filters: { nearDuplicateJaccard: 0.8, contaminationShare: 0.6 },
  })
  await writeFile(join(folder, `${name}.json`), JSON.stringify(program))
  let calls = 0
  await using server = await openPlannerServer(({ messages }) => {
    // The list of models is asked for without messages.
    if (!messages) return { status: 200, body: '{"data":[{"id":"scripted"}]}' }
    calls += 1
    return teacher(messages[0]!.content)
  })
  const out = join(folder, name)
  const files = ['--task', task, '--program', `${out}.json`, '--out', out]
  const asked = ['--model', 'scripted', '--rows', String(rows), '--format', 'prompt-completion', '--run-id', name]
  const command = syllabus(['generate', ...files, ...asked], {
    ...env(),
    OPENAI_BASE_URL: server.endpoint.baseUrl,
    OPENAI_API_KEY: 'k',
  })
  const code = await command.ended
  const outcome = Outcome.parse(JSON.parse(await readFile(join(out, 'generation.json'), 'utf8')))
  const lines = await readFile(join(out, 'prompt-completion.jsonl'), 'utf8').catch(() => '')
  return { code, calls, outcome, output: command.output(), prompts: lines.split('\n').filter(Boolean) }
}

const numberOf = (prompt: string) => Number(/number (\d+)/.exec(prompt)?.[1])
const row = (input: string) => JSON.stringify({ input, output: 'The answer is \\boxed{5.00}.' })

test("a row that copies a failed validation case is refused, however it is dressed; one that copies the pool's question is not", async () => {
  const failed = 'Lena has a coupon for 10 percent on a bill of 115.00. How much does it take off?'
  const copies: Record<string, string> = {
    verbatim: failed,
    renamed: 'Olga has a coupon for 10 percent on a bill of 115.00. How much does it take off?',
    reordered: 'How much does it take off? Lena has a coupon for 10 percent on a bill of 115.00.',
    wrapped: `Here is a new problem. ${failed} Think about it.`,
  }
  const fromFailed = { mode: 'error-driven', skill: 'percent-saved', seeds: [failed] }
  const sources = [
    ...[...Object.keys(copies), 'fresh'].map((id) =>
      source(id, 2, { ...fromFailed, template: `Do ${id}, number {{index}}, like: {{seed}}` }),
    ),
    source('pooled', 2, { mode: 'seed', seeds: 'pool', template: 'Do pooled: {{seed}} END' }),
  ]
  const { outcome } = await generate('copies', 12, sources, (prompt) => {
    const id = /^Do (\w+)/.exec(prompt)![1]!
    if (id === 'pooled') return row(/Do pooled: (.*) END/.exec(prompt)![1]!)
    return row(
      copies[id] ?? `Shop ${numberOf(prompt)} takes 15 percent off ${numberOf(prompt) + 40}.20. What is saved?`,
    )
  })
  for (const id of Object.keys(copies)) {
    const { generated, admitted, rejected } = outcome.bySource[id]!
    expect([id, admitted, rejected]).toEqual([id, 0, { 'contaminated-validation': generated }])
  }
  expect(outcome.bySource.fresh).toMatchObject({ admitted: 2 })
  expect(outcome.bySource.pooled).toMatchObject({ admitted: 2 })
})

const hooks = {
  parse:
    '(reply) => { const [, input, output] = /Q: (.*) A: (.*)/.exec(reply) ?? []; return input ? { input, output } : null }',
  accept: "(row, { index }) => index % 4 === 0 ? 'every fourth is not wanted' : true",
  expand:
    "(row) => [1, 2].map((n) => ({ ...row, input: row.input.replace('Shop', 'Depot ' + n + ' of the town at branch') }))",
  maxExpanded: 2,
}
const inOwnForm = (prompt: string) => {
  const n = numberOf(prompt)
  return `Q: Shop ${n} sells ${n + 3} lamps at ${n}.50 each, what is due? A: It is \\boxed{${((n + 3) * (n + 0.5)).toFixed(2)}}.`
}

test('hooks read, refuse and expand replies: exactly the rows wanted, from fewer calls than rows', async () => {
  const { code, calls, outcome, output, prompts } = await generate(
    'hooked',
    40,
    [source('lamps', 40, { hooks })],
    inOwnForm,
  )
  expect(code, output).toBe(0)
  expect(outcome).toMatchObject({ rows: 40, stopReason: 'rows-complete', spent: { calls } })
  expect(new Set(prompts).size).toBe(40)
  expect(calls).toBeLessThan(40)
  const { asked, generated, failed } = outcome.bySource.lamps!
  expect(failed).toEqual({ 'not-accepted': Math.ceil(asked / 4) })
  expect(generated).toBe(3 * (asked - Math.ceil(asked / 4)))
  const replayed = syllabus(['replay', 'hooked', '--json'], { ...env(), OPENAI_BASE_URL: 'http://127.0.0.1:9/v1' })
  expect(await replayed.ended, replayed.output()).toBe(0)
  expect(JSON.parse(replayed.output())).toMatchObject({ outcome: 'same', rows: 40 })
})

test('a hook that fails on every reply ends the run with its words, and one round is all that it costs', async () => {
  const broken = { accept: "(row) => { if (row.input.startsWith('Shop')) row.none.of; return true }" }
  const { code, calls, outcome, output } = await generate('broken', 10, [source('lamps', 10, { hooks: broken })], () =>
    row('Shop 1 sells 3 lamps.'),
  )
  expect(code, output).toBe(3)
  expect(outcome).toMatchObject({ rows: 0, stopReason: 'program-raised' })
  expect(output).toContain('source "lamps" made no row')
  expect(output).toContain('TypeError')
  expect(calls).toBeLessThanOrEqual(11)
})

test('a hook that fails on every reply of many rows costs no more than a trial', async () => {
  const broken = { parse: '(reply) => { none.of }', maxExpanded: 1 }
  const { code, calls, output } = await generate('broken-many', 400, [source('lamps', 400, { hooks: broken })], () =>
    row('Shop 1 sells 3 lamps.'),
  )
  expect(code, output).toBe(3)
  expect(output).toContain('ReferenceError')
  expect(calls).toBeLessThanOrEqual(24)
})
