import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { firstAnswer } from '../../../bus/retry.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** Requests that are answered by hand, and a server that answers a PING where `flush` says so. */
function asked(flush: () => Promise<void> = async () => {}) {
  const sent: PromiseWithResolvers<string>[] = []
  const send = () => {
    const request = Promise.withResolvers<string>()
    sent.push(request)
    return request.promise
  }
  return { sent, answer: firstAnswer({ flush }, send, 1000) }
}

test('a request without an answer is sent again each time the pause is over, and the first answer counts, whichever it is of', async () => {
  const { sent, answer } = asked()
  await vi.advanceTimersByTimeAsync(2500)
  expect(sent).toHaveLength(3)
  sent[0]!.resolve('late')
  sent[2]!.resolve('second')
  await expect(answer).resolves.toBe('late')
  await vi.advanceTimersByTimeAsync(10_000)
  expect(sent).toHaveLength(3)
})

test('a refusal is an answer', async () => {
  const { sent, answer } = asked()
  const refused = expect(answer).rejects.toThrow('refused')
  await vi.advanceTimersByTimeAsync(1000)
  sent[1]!.reject(new Error('refused'))
  await refused
  await vi.advanceTimersByTimeAsync(10_000)
  expect(sent).toHaveLength(2)
})

test('nothing is added to a road on which what was sent is still under way, and nothing is repeated without a connection', async () => {
  let road = Promise.withResolvers<void>()
  const { sent, answer } = asked(() => road.promise)
  await vi.advanceTimersByTimeAsync(60_000)
  expect(sent).toHaveLength(1)
  const passed = road
  road = Promise.withResolvers<void>()
  passed.resolve()
  await vi.advanceTimersByTimeAsync(0)
  expect(sent).toHaveLength(2)
  await vi.advanceTimersByTimeAsync(1000)
  road.reject(new Error('disconnected'))
  await vi.advanceTimersByTimeAsync(60_000)
  expect(sent).toHaveLength(2)
  sent[0]!.resolve('answer')
  await expect(answer).resolves.toBe('answer')
})
