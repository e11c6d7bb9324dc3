import { afterAll, beforeAll, expect, test } from 'vitest'
import { JournalEntry, openJournal } from '../../../../agents/kit/metered/journal.ts'
import { MeteredRecord, NotOwner, type Ownership, takeWork } from '../../../../agents/kit/metered/ownership.ts'
import { TeacherOptions } from '../../../../agents/kit/teacher/options.ts'
import { createTeacher } from '../../../../agents/kit/teacher/teacher.ts'
import type { Bus } from '../../../../bus/mod.ts'
import { type TestServer, withServer } from '../../../support/nats.ts'
import { startTeacherServer } from '../../../support/teacher-server.ts'

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
  const records = bus.kv('shards', MeteredRecord)
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
  const records = bus.kv('shards', MeteredRecord)
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

test('what an owner gives back is known: later counts are exact, and after a death they are at most', async () => {
  const records = bus.kv('shards', MeteredRecord)
  const take = async (owner: string) =>
    (await takeWork(records, 'run.a1.r1.s2', { owner, maxCalls: 40, chunk: 16 })) as Ownership
  const first = await take('one')
  for (let call = 0; call < 3; call++) await first.callBudget.take()
  first.callBudget.putBack?.()
  await first.giveBack()
  const second = await take('two')
  expect(second).toMatchObject({ earlier: 2, isEarlierExact: true })
  await second.callBudget.take()
  // It dies: what it reserved is not known to be made, whoever gives back later.
  const third = await take('three')
  expect(third).toMatchObject({ earlier: 18, isEarlierExact: false })
  await third.callBudget.take()
  await third.giveBack()
  expect(await take('four')).toMatchObject({ earlier: 19, isEarlierExact: false })
})

test('a write of the record that arrived, though it was answered as a conflict, is the own one, and costs nothing', async () => {
  const records = bus.kv('shards', MeteredRecord)
  let misled = 0
  // As a cluster answers whose leader stored it while the way to it was cut.
  const misleading: typeof records = {
    ...records,
    async update(key, value, revision) {
      const saved = await records.update(key, value, revision)
      misled += 1
      return misled === 1 ? 'conflict' : saved
    },
  }
  const options = { owner: 'one', maxCalls: 40, chunk: 16 }
  const first = (await takeWork(misleading, 'run.a1.r1.s3', options)) as Ownership
  expect(await first.callBudget.take()).toBe(true)
  await first.giveBack()
  expect(await takeWork(records, 'run.a1.r1.s3', options)).toMatchObject({ earlier: 1, isEarlierExact: true })
  await expect(first.callBudget.take()).rejects.toBeInstanceOf(NotOwner)
})
