import type { Bus } from '../../bus/mod.ts'
import type { MessageName } from '../../schemas/registry.ts'

/** What nobody asked for so long leaves the memory. */
const idleMs = 60_000

/**
 * What was read of the run that was asked for last, until a message of these names comes: then it is read again. One reading at a time,
 * whoever asks; a failed one is not held.
 */
export function createHeld<T>(
  bus: Bus,
  names: readonly MessageName[],
  read: (runId: string) => Promise<T>,
): (runId: string) => Promise<T> {
  let held: { runId: string; seq: number; value?: { of: T } } | null = null
  let last: Promise<unknown> = Promise.resolve()
  let idle: ReturnType<typeof setTimeout> | undefined

  async function current(runId: string): Promise<T> {
    clearTimeout(idle)
    if (held?.runId !== runId) held = { runId, seq: 0 }
    const own = held
    const { signal } = new AbortController()
    for await (const { seq, name } of bus.log({ runId, fromSeq: own.seq + 1, follow: false, signal })) {
      own.seq = seq
      if (names.some((each) => each === name)) delete own.value
    }
    own.value ??= { of: await read(runId) }
    idle = setTimeout(() => {
      held = null
    }, idleMs).unref()
    return own.value.of
  }

  return (runId) => {
    const value = last.then(() => current(runId))
    last = value.catch(() => {})
    return value
  }
}
