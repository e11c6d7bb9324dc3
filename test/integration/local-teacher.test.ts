import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { checkTeacher } from '../../agents/kit/teacher/check.ts'
import { createDialect } from '../../agents/kit/teacher/dialect.ts'
import { openHttpClient } from '../../agents/kit/teacher/http-client.ts'
import { requestOnce } from '../../agents/kit/teacher/request.ts'
import { isAlive } from '../../bus/mod.ts'
import { Topology } from '../../schemas/topology.ts'
import { type LocalTeacher, serveTeacher } from '../../trainer-bridge/local-teacher.ts'
import { memoryLog, until } from '../support/nats.ts'
import { makeTinyStudent, runtimePython } from '../support/python.ts'

const limits = { ...Topology.shape.localTeacher.parse({}), maxNewTokens: 24 }
const log = memoryLog()
let folder: string
let python: string
let teacher: LocalTeacher
const endpoint = () => ({ baseUrl: teacher.baseUrl, apiKey: '' })

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'syllabus-teacher-'))
  python = await runtimePython()
  const path = await makeTinyStudent(python, join(folder, 'tiny'))
  teacher = await serveTeacher({ python, student: { name: 'tiny', path }, log }, limits)
}, 900_000)
afterAll(async () => {
  await teacher?.[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

const ask = (content: string, sampling: object = {}, model = 'tiny') =>
  requestOnce(
    openHttpClient(endpoint(), { concurrency: 4, maxReplyBytes: 1e6 }),
    { endpoint: endpoint(), model, dialect: createDialect(), quotaPauseMs: 3_600_000 },
    { messages: [{ role: 'user', content }], sampling: { temperature: 1, maxTokens: 12, ...sampling } },
    AbortSignal.timeout(30_000),
  )

test('it is an endpoint like any other: models, replies with their tokens, a limit that cuts', async () => {
  await checkTeacher(endpoint(), 'tiny')
  expect((await checkTeacher(endpoint(), 'gpt')).warning).toContain('its list of models has tiny')
  const outcome = await ask('Write a problem.')
  if (outcome.kind !== 'reply') throw new Error(outcome.reason)
  expect(outcome.reply).toMatchObject({ model: 'tiny', refused: false })
  expect(outcome.reply.outputTokens).toBeLessThanOrEqual(12)
  const long = await ask('Write a problem.', { maxTokens: 5000, temperature: 2 })
  expect(long.kind === 'reply' && long.reply.outputTokens).toBeLessThanOrEqual(24)
})

test('a seed repeats a reply, alone or among others; without one equal prompts differ', async () => {
  const alone = await ask('Again.', { seed: 7, temperature: 2 })
  const among = await Promise.all([
    ask('Another, rather longer than the one beside it.', { temperature: 2 }),
    ask('Again.', { seed: 7, temperature: 2 }),
  ])
  expect(among[1]).toEqual(alone)
  const texts = await Promise.all(Array.from({ length: 6 }, () => ask('Again.', { temperature: 2 })))
  expect(new Set(texts.map((each) => each.kind === 'reply' && each.reply.text)).size).toBeGreaterThan(1)
})

test('what is wrong is refused with the reason, and costs nothing else', async () => {
  expect(await ask('x', {}, 'gpt')).toMatchObject({ kind: 'fatal', reason: expect.stringContaining("no model 'gpt'") })
  // It would be asked under the limit's other name before it is given up.
  expect(await ask('x', { maxTokens: 0 })).toMatchObject({
    kind: 'reworded',
    reason: expect.stringContaining('max_tokens'),
  })
  expect(await ask('word '.repeat(50_000))).toMatchObject({
    kind: 'refused',
    reason: expect.stringContaining('context length'),
  })
  const post = (body: string) =>
    fetch(`${teacher.baseUrl}/chat/completions`, { method: 'POST', body }).then((response) => response.status)
  expect(await post('{"model": "tiny", "messages": [')).toBe(400)
  expect(await post('{"model": "tiny", "messages": [], "stream": true}')).toBe(400)
  expect((await ask('still there?')).kind).toBe('reply')
})

test('killed, it comes back at the same address; disposed, it is gone', async () => {
  const { pid } = teacher
  process.kill(pid!, 'SIGKILL')
  await until('it answers again', async () => (await ask('x')).kind === 'reply', 60_000)
  expect(teacher.pid).not.toBe(pid)
  const last = teacher.pid!
  await teacher[Symbol.asyncDispose]()
  expect(isAlive(last)).toBe(false)
})

test('a folder without a model is said at once, with the mending step', async () => {
  const student = { name: 'nothing', path: join(folder, 'nothing') }
  await expect(serveTeacher({ python, student, log }, limits)).rejects.toMatchObject({
    message: expect.stringContaining('does not start'),
    mend: expect.stringContaining('chat template'),
  })
})
