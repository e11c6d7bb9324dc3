import { afterAll, beforeAll, expect, test } from 'vitest'
import { JournalEntry, openJournal } from '../../agents/kit/paid/journal.ts'
import { type Ownership, PaidRecord, takeWork } from '../../agents/kit/paid/ownership.ts'
import { TeacherOptions } from '../../agents/kit/teacher/options.ts'
import { createTeacher } from '../../agents/kit/teacher/teacher.ts'
import type { Bus } from '../../bus/mod.ts'
import { type TestServer, withServer } from '../support/nats.ts'
import { startTeacherServer } from '../support/teacher-server.ts'

let nats: TestServer
let bus: Bus
beforeAll(async () => {
  nats = await withServer()
  bus = await nats.open('generator')
})
afterAll(() => nats[Symbol.asyncDispose]())

const signal = new AbortController().signal
const prompt = (n: number) => ({
  messages: [{ role: 'user' as const, content: `Write problem number ${n}.` }],
  sampling: { temperature: 1, maxTokens: 100 },
})

test('the next owner pays for nothing that is in the journal, and what it cannot find counts as lost', async () => {
  await using server = await startTeacherServer()
  const records = bus.kv('shards', PaidRecord)
  const entries = bus.kv('journal', JournalEntry)
  const teacher = createTeacher({ baseUrl: server.url, apiKey: '' }, TeacherOptions.parse({ model: server.model }))
  const own = async (owner: string) => {
    const ownership = (await takeWork(records, 'run.a1.r1.s0', { owner, maxCalls: 40, chunk: 16 })) as Ownership
    return openJournal(entries, { key: 'run.a1.r1.s0', ownership, teacher, role: 'generator', signal })
  }
  const first = await own('one')
  const answers = await Promise.all([1, 2, 3].map((n) => first.call(`${n}-0`, prompt(n), 'generate')))
  expect(first.spent()).toMatchObject({ calls: 3, lines: [{ stage: 'generate', calls: 3 }] })

  const second = await own('two')
  const again = await Promise.all([1, 2, 3].map((n) => second.call(`${n}-0`, prompt(n), 'generate')))
  expect(again).toEqual(answers.map((answer) => ({ ...answer, isKept: true })))
  expect(server.requests).toBe(3)
  await second.call('4-0', prompt(4), 'revise')
  const { calls, lines } = second.spent()
  // The first owner had reserved sixteen with one write.
  expect(calls).toBe(17)
  expect(Object.fromEntries(lines!.map((line) => [line.stage, line.calls]))).toEqual({
    generate: 3,
    lost: 13,
    revise: 1,
  })
  expect(lines!.find(({ stage }) => stage === 'generate')!.outputTokens).toBe(first.spent().outputTokens)
})

test('a call that fails has its end in the journal too, so that the next owner makes the same of it', async () => {
  await using server = await startTeacherServer({ outage: () => ({ status: 400 }) })
  const records = bus.kv('shards', PaidRecord)
  const entries = bus.kv('journal', JournalEntry)
  const teacher = createTeacher({ baseUrl: server.url, apiKey: '' }, TeacherOptions.parse({ model: server.model }))
  const own = async (owner: string) => {
    const ownership = (await takeWork(records, 'run.a1.r1.s1', { owner, maxCalls: 1, chunk: 16 })) as Ownership
    return openJournal(entries, { key: 'run.a1.r1.s1', ownership, teacher, role: 'generator', signal })
  }
  const first = await own('one')
  const failed = await first.call('0-0', prompt(0), 'generate')
  expect(failed).toMatchObject({ failure: { why: 'failed' } })
  const broke = await first.call('1-0', prompt(1), 'generate')
  expect(broke).toMatchObject({ failure: { why: 'budget' } })
  const second = await own('two')
  expect(await second.call('0-0', prompt(0), 'generate')).toEqual({ ...failed, isKept: true })
  expect(await second.call('1-0', prompt(1), 'generate')).toEqual({ ...broke, isKept: true })
  expect(second.spent()).toMatchObject({ calls: 1 })
  expect(server.requests).toBe(1)
})
