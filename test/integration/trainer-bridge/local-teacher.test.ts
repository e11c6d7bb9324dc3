import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createCapabilities } from '../../../agents/kit/teacher/capabilities.ts'
import { checkTeacher } from '../../../agents/kit/teacher/check.ts'
import { openHttpClient } from '../../../agents/kit/teacher/http-client.ts'
import { requestOnce } from '../../../agents/kit/teacher/request.ts'
import { Topology } from '../../../schemas/topology.ts'
import { type ModelServer, serveStudent } from '../../../trainer-bridge/model-server.ts'
import { isAlive } from '../../support/alive.ts'
import { memoryLog, until } from '../../support/nats.ts'
import { makeTinyStudent, runtimePython } from '../../support/python.ts'

const limits = { ...Topology.shape.localTeacher.parse({}), maxNewTokens: 24 }
const log = memoryLog()
let folder: string
let python: string
let teacher: ModelServer
const endpoint = () => ({ baseUrl: teacher.baseUrl, apiKey: '' })

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'syllabus-teacher-'))
  python = await runtimePython()
  const path = await makeTinyStudent(python, join(folder, 'tiny'))
  teacher = await serveStudent({ student: { name: 'tiny', path } }, { python, log }, limits)
}, 900_000)
afterAll(async () => {
  await teacher?.[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

const ask = (content: string, sampling: object = {}, model = 'tiny') =>
  requestOnce(
    openHttpClient(endpoint(), { concurrency: 4, maxReplyBytes: 1e6 }),
    { endpoint: endpoint(), model, capabilities: createCapabilities(), quotaPauseMs: 3_600_000 },
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

/** Sends bytes as they are; the first line of the answer, '' where the connection is closed without one. */
function answerTo(bytes: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>()
  const socket = connect(Number(new URL(teacher.baseUrl).port), '127.0.0.1', () => socket.write(bytes))
  let answer = ''
  socket.on('data', (data) => {
    answer += data
    if (answer.includes('\r\n')) socket.destroy()
  })
  socket.on('error', () => {}).on('close', () => resolve(answer.split('\r\n')[0]!))
  return promise
}

test('no bytes of a caller end it, or go without an answer', async () => {
  const { pid } = teacher
  const post = (headers: string, body = '') =>
    answerTo(`POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\n${headers}\r\n\r\n${body}`)
  const json = (body: string) => post(`content-length: ${Buffer.byteLength(body)}`, body)
  const asked = (more: object) =>
    json(JSON.stringify({ model: 'tiny', messages: [{ role: 'user', content: 'x' }], ...more }))
  for (const length of [
    '-1',
    'x',
    '1e3',
    '0x10',
    '\u0663',
    '99999999999999999999999',
    '00000000099999999999',
    '5 5',
    '',
    '+2',
  ])
    expect(await post(`content-length: ${length}`), length).toMatch(/ 400 /)
  expect(await post('transfer-encoding: chunked', '2\r\n{}\r\n0\r\n\r\n')).toMatch(/ 400 /)
  expect(await json(`${'['.repeat(100_000)}`)).toMatch(/ 400 /)
  for (const body of [
    'null',
    '[]',
    '"x"',
    'NaN',
    '{"model":"tiny","messages":NaN}',
    '\u0000',
    '{"model":["tiny"]}',
    '{"model":{}}',
  ])
    expect(await json(body), body).toMatch(/ 40[04] /)
  for (const more of [
    { messages: [{ role: ['user'], content: 'x' }] },
    { messages: [{ role: 'user', content: null }] },
    { max_tokens: 1e300 * 10 },
    { max_tokens: -1 },
    { temperature: 'hot' },
    { top_p: 0 },
    { seed: -1 },
    { tools: [1] },
  ])
    expect(await asked(more), JSON.stringify(more)).toMatch(/ (200|400) /)
  expect(await answerTo('\u0000\u0001\r\n\r\n')).toMatch(/400|^$/)
  expect(await answerTo(`GET /${'x'.repeat(70_000)} HTTP/1.1\r\n\r\n`)).toMatch(/ 414 /)
  expect((await ask('still there?')).kind).toBe('reply')
  expect(teacher.pid).toBe(pid)
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

test('a folder without a model is said at once, with the fixing step', async () => {
  const student = { name: 'nothing', path: join(folder, 'nothing') }
  await expect(serveStudent({ student }, { python, log }, limits)).rejects.toMatchObject({
    message: expect.stringContaining('does not start'),
    fix: expect.stringContaining('chat template'),
  })
})
