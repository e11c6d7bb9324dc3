import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { createCapabilities } from '../../../../agents/kit/teacher/capabilities.ts'
import { TeacherOptions } from '../../../../agents/kit/teacher/options.ts'
import { createTeacher } from '../../../../agents/kit/teacher/teacher.ts'
import { createTrial } from '../../../../agents/kit/teacher/usefulness.ts'

const good = { choices: [{ finish_reason: 'stop', message: { role: 'assistant', content: 'ab' } }] }
const error = (status: number, message: string, code?: string) => ({ status, body: { error: { message, code } } })

/** Requests to an endpoint that answers as the test says, from two processes that share a trial and ask 40 times each. */
async function requestsOf(status: number, body: unknown, isKnown: boolean): Promise<number> {
  let requests = 0
  const server = createServer((request, response) => {
    requests++
    request
      .resume()
      .on('end', () => response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body)))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const endpoint = { baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, apiKey: '' }
  const trial = createTrial()
  const options = TeacherOptions.parse({ model: 'm', concurrency: 40, backoffMs: 1, maxTries: 4 })
  const teachers = [0, 1].map(() =>
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
