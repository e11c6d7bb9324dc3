import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Waits for the promise, so many milliseconds at most, and never throws. The timer keeps the process alive as long as it runs: where
 * nothing else does, an await that nothing ends would end the process in its middle, with exit code 13.
 */
export async function atMost(promise: Promise<unknown>, ms: number): Promise<void> {
  const over = new AbortController()
  await Promise.race([promise, sleep(ms, undefined, { signal: over.signal })]).catch(() => {})
  over.abort()
}
