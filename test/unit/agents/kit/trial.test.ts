import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { openTrial } from '../../../../agents/kit/metered/work.ts'
import { createCapabilities } from '../../../../agents/kit/teacher/capabilities.ts'
import { TeacherOptions } from '../../../../agents/kit/teacher/options.ts'
import { createTeacher } from '../../../../agents/kit/teacher/teacher.ts'
import { createTrial, createUsefulness, type EndpointTrial } from '../../../../agents/kit/teacher/usefulness.ts'

const good = { choices: [{ finish_reason: 'stop', message: { role: 'assistant', content: 'ab' } }] }
const error = (status: number, message: string, code?: string) => ({ status, body: { error: { message, code } } })

/** `held`: requests that must be under way before the first is answered. */
type Asked = { processes?: number; trial?: EndpointTrial; held?: number }

/** Requests to an endpoint that answers as the test says, from processes that share a trial and ask 40 times each. */
async function requestsOf(
  status: number,
  body: unknown,
  isKnown: boolean,
  { processes = 2, trial = createTrial(), held = 0 }: Asked = {},
): Promise<number> {
  let requests = 0
  const areHeld = Promise.withResolvers<void>()
  const server = createServer((request, response) => {
    if (++requests >= held) areHeld.resolve()
    request.resume().on('end', async () => {
      await areHeld.promise
      response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body))
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const endpoint = { baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, apiKey: '' }
  const options = TeacherOptions.parse({ model: 'm', concurrency: 40, backoffMs: 1, maxTries: 4 })
  const teachers = Array.from({ length: processes }, () =>
    createTeacher(endpoint, options, () => {}, createCapabilities(isKnown ? { refused: [] } : null), undefined, trial),
  )
  const ask = (teacher: (typeof teachers)[number]) =>
    teacher.ask(
      {
        messages: [{ role: 'user', content: 'Hello.' }],
        sampling: { temperature: 0.7, maxTokens: 400, topP: 1, seed: 1 },
      },
      { take: async () => true },
      AbortSignal.timeout(10_000),
    )
  await Promise.allSettled(teachers.flatMap((teacher) => Array.from({ length: 40 }, () => ask(teacher))))
  server.close()
  server.closeAllConnections()
  return requests
}

const tooLarge = error(400, 'max_tokens is too large: 256. This model supports at most 256, whereas you provided 256.')
const refusals: readonly [string, number, unknown, number][] = [
  ['401', 401, error(401, 'Incorrect API key').body, 2],
  ['402', 402, error(402, 'Insufficient Balance').body, 2],
  ['404', 404, error(404, 'The model does not exist').body, 2],
  ['410', 410, error(410, 'gone').body, 2],
  ['a quota of the day', 429, error(429, 'Rate limit exceeded: free-models-per-day').body, 2],
  ['no money, as a success', 200, { code: '1113', msg: 'balance not enough', success: false }, 2],
  ['403', 403, error(403, 'Forbidden').body, 6],
  ['a page', 200, '<html>Sign in</html>', 6],
  ['no choices', 200, { choices: [] }, 6],
  ['empty replies', 200, { choices: [{ finish_reason: 'stop', message: { content: '' } }] }, 6],
  ['refusals of all words', 400, tooLarge.body, 7],
  ['an error without a reason', 400, error(400, 'something is wrong').body, 7],
]

test.each(refusals)(
  'U1, T5: an endpoint on trial costs a handful of calls, whatever the concurrency: %s',
  async (_, status, body, most) => {
    expect(await requestsOf(status, body, false)).toBeLessThanOrEqual(most)
    expect(await requestsOf(status, body, true)).toBeLessThanOrEqual(most)
  },
)

test('an endpoint that gives texts is asked by all', async () => {
  expect(await requestsOf(200, good, false)).toBe(80)
})

/** A trial of an endpoint that gave a text before, which took so long. */
function provenTrial(textMs: number): EndpointTrial {
  const trial = createTrial()
  trial.pass(textMs)
  return trial
}

test('T5: an endpoint that gave texts before is asked by all before the first of them is answered', async () => {
  expect(await requestsOf(200, good, true, { processes: 1, trial: provenTrial(400), held: 40 })).toBe(40)
})

test.each(refusals)(
  'T5: one that gave texts before and has turned costs a handful, too: %s',
  async (_, status, body) => {
    const trial = provenTrial(60_000)
    expect(await requestsOf(status, body, true, { processes: 1, trial })).toBeLessThanOrEqual(10)
    expect(trial.known.textMs).toBeNull()
  },
)

test('what was on its way when everything was refused says nothing of what comes now', async () => {
  const trial = provenTrial(400)
  const usefulness = createUsefulness({ unreadAnswers: 5, breakerRequests: 40 }, trial)
  const sentAt = performance.now()
  usefulness.refusedAll(null)
  const reply = { text: 'ab', refused: false, truncated: false, model: 'm', inputTokens: 1, outputTokens: 1 }
  await usefulness.note({ kind: 'reply', reply, usage: null }, sentAt, false)
  expect([usefulness.isProven, trial.known.textMs]).toEqual([false, null])
  await usefulness.note({ kind: 'reply', reply, usage: null }, performance.now() + 1, false)
  expect([usefulness.isProven, trial.known.textMs]).toEqual([true, expect.any(Number)])
})

/** Buckets in memory, as far as a trial asks of them. */
function memoryBus(): Parameters<typeof openTrial>[0] {
  const held = new Map<string, unknown>()
  const get = async (key: string) => (held.has(key) ? { value: held.get(key), revision: 1 } : null)
  const bucket = {
    get,
    put: async (key: string, value: unknown) => held.set(key, value),
    delete: async (key: string) => held.delete(key),
    async modify(key: string, change: (before: unknown) => unknown) {
      const value = change((await get(key))?.value)
      held.set(key, value)
      return { value, revision: 1 }
    },
  }
  return { kv: () => bucket } as unknown as Parameters<typeof openTrial>[0]
}

test('that an endpoint gave texts is known to all processes of a bus, until an answer is of no use or it is long ago', async () => {
  const bus = memoryBus()
  const options = TeacherOptions.parse({ model: 'm' })
  const open = (more: object = {}) => openTrial(bus, { baseUrl: 'http://a/v1', apiKey: '' }, { ...options, ...more })
  const before = await open()
  expect(before.known.textMs).toBeNull()
  ;(await open()).pass(400)
  expect((await before.look()).textMs).toBe(400)
  expect((await open({ model: 'another' })).known.textMs).toBeNull()
  expect((await open({ capabilitiesMs: 0 })).known.textMs).toBeNull()
  const later = await open()
  expect(later.known.textMs).toBe(400)
  later.doubt()
  expect([later.known.textMs, (await open()).known.textMs]).toEqual([null, null])
  later.pass(300)
  await later.fail('HTTP 402', null)
  expect((await open()).known).toEqual({ refused: 'HTTP 402', textMs: null })
})
