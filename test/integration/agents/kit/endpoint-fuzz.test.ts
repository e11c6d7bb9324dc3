import { afterEach, expect, test } from 'vitest'
import { NoReply } from '../../../../agents/kit/teacher/call.ts'
import { checkTeacher } from '../../../../agents/kit/teacher/check.ts'
import { TeacherOptions, TeacherUnusable } from '../../../../agents/kit/teacher/options.ts'
import { createTeacher, TeacherRefused } from '../../../../agents/kit/teacher/teacher.ts'
import { EmbeddingEndpoint } from '../../../../schemas/embedding.ts'
import { EmbeddingFailed } from '../../../../trainer-bridge/embedder/embedder.ts'
import { endpointEmbedder } from '../../../../trainer-bridge/embedder/endpoint-embedder.ts'
import { startHostileEndpoint } from '../../../support/hostile-endpoint.ts'

/*
 * Whatever bytes an endpoint answers with, each call ends by itself: with a reply, or with an error of its own kind. None is thrown where
 * nobody can catch it.
 */

const unhandled: unknown[] = []
for (const name of ['unhandledRejection', 'uncaughtException'] as const)
  process.on(name, (error) => unhandled.push(error))
afterEach(() => expect(unhandled.splice(0)).toEqual([]))

const apiKey = 'k'
/** Long after every time-out: a call that it ends was waited for in vain. */
const inVain = () => AbortSignal.timeout(60_000)

/** Asks so many times, some at the same time; counts how it ended. */
async function outcomesOf(count: number, ask: () => Promise<string>): Promise<Map<string, number>> {
  const outcomes = new Map<string, number>()
  let left = count
  const lane = async () => {
    while (left-- > 0) {
      const outcome = await ask()
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
    }
  }
  await Promise.all(Array.from({ length: 32 }, lane))
  return outcomes
}

const nameOf = (error: unknown, expected: readonly (new (...args: never[]) => Error)[]) => {
  const kind = expected.find((each) => error instanceof each)
  return kind?.name ?? `unexpected: ${error instanceof Error ? error.stack : error}`
}

/** Some went well, and none ended in another way than these. */
function expectOnly(outcomes: ReadonlyMap<string, number>, known: readonly string[], good: string): void {
  expect([...outcomes.keys()].filter((outcome) => !known.includes(outcome))).toEqual([])
  expect(outcomes.get(good)).toBeGreaterThan(20)
}

test('a teacher: every call of 1,000 has a reply, or a reason why there is none', async () => {
  await using server = await startHostileEndpoint(5)
  const patience = {
    maxTries: 2,
    minTimeoutMs: 1000,
    maxTimeoutMs: 1500,
    maxRetryAfterMs: 5,
    backoffMs: 1,
    minPauseMs: 5,
  }
  const limits = { ...patience, maxPauseMs: 10, firstAloneMs: 0, maxReplyBytes: 200_000, breakerShare: 1 }
  const messages = [{ role: 'user' as const, content: 'x' }]
  const request = { messages, sampling: { temperature: 1, maxTokens: 20 } }
  const outcomes = await outcomesOf(1000, async () => {
    // One each: an endpoint that refuses a key, say, is not asked again.
    const teacher = createTeacher({ baseUrl: server.url, apiKey }, TeacherOptions.parse({ model: 'm', ...limits }))
    const asked = teacher.ask(request, { take: async () => true }, inVain())
    return asked.then(
      (answer) => {
        if (!answer.ok) return answer.reason ? answer.why : 'no reason'
        expect(answer.reply.text).toEqual(expect.any(String))
        return 'reply'
      },
      (error) => nameOf(error, [TeacherRefused]),
    )
  })
  expectOnly(outcomes, ['reply', 'TeacherRefused', ...NoReply.options], 'reply')
  expect(server.requests).toBeLessThan(4 * 1000)
}, 120_000)

test('a list of models: it is read, or said to be none', async () => {
  await using server = await startHostileEndpoint(6)
  const outcomes = await outcomesOf(500, () =>
    checkTeacher({ baseUrl: server.url, apiKey }, 'm', 2000).then(
      () => 'checked',
      (error) => nameOf(error, [TeacherUnusable]),
    ),
  )
  expectOnly(outcomes, ['TeacherUnusable', 'checked'], 'checked')
}, 120_000)

test('an embedder: vectors of one length, or why there are none', async () => {
  await using server = await startHostileEndpoint(7)
  const options = EmbeddingEndpoint.parse({ model: 'm', timeoutMs: 2000, maxTries: 1 })
  const outcomes = await outcomesOf(1000, () =>
    endpointEmbedder(options, { baseUrl: server.url, apiKey })
      .embed(['x'], inVain())
      .then(
        ({ vectors }) => {
          expect(vectors[0]).toEqual(expect.arrayContaining([expect.any(Number)]))
          return 'vectors'
        },
        (error) => nameOf(error, [EmbeddingFailed]),
      ),
  )
  expectOnly(outcomes, ['EmbeddingFailed', 'vectors'], 'vectors')
}, 120_000)
