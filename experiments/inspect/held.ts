const leastMs = 5000

/**
 * What was read of one run, held for a while: ten times as long as the reading took, so that whoever asks again and again takes no more than
 * a tenth of the time of this process. Readings follow one another; a failed one is not held.
 */
export function createHeld<T>(read: (runId: string) => Promise<T>): (runId: string) => Promise<T> {
  let held: { runId: string; value: Promise<T> } | null = null
  let last: Promise<unknown> = Promise.resolve()

  return (runId) => {
    if (held?.runId === runId) return held.value
    const own = { runId, value: last.then(() => timed(runId)) }
    const drop = () => {
      if (held === own) held = null
    }
    async function timed(id: string): Promise<T> {
      const began = performance.now()
      const value = await read(id)
      setTimeout(drop, Math.max(leastMs, 10 * (performance.now() - began))).unref()
      return value
    }
    held = own
    last = own.value.catch(drop)
    return own.value
  }
}
