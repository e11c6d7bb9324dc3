import { setTimeout as sleep } from 'node:timers/promises'
import { errors } from 'nats'

/** Whether a request failed only because the server was away or slow, so that asking again is right. */
export function isPassing(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof errors.TimeoutError || cause instanceof errors.NoRespondersError) return true
    if (cause instanceof errors.ConnectionError) return true
    if (cause instanceof errors.RequestError && cause.isNoResponders()) return true
    if (cause.name === 'JetStreamNotEnabled') return true
  }
  return false
}

/** Asks again, with doubling pauses up to 2 s, while the server is away; gives up after `deadlineMs` with the last error. */
export async function throughRestarts<T>(ask: () => Promise<T>, deadlineMs: number): Promise<T> {
  const until = Date.now() + deadlineMs
  for (let pauseMs = 100; ; pauseMs = Math.min(pauseMs * 2, 2000)) {
    try {
      return await ask()
    } catch (error) {
      if (!isPassing(error) || Date.now() + pauseMs > until) throw error
      await sleep(pauseMs)
    }
  }
}
