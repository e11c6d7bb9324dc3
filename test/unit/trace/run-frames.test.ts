import { expect, test } from 'vitest'
import type { StoredEntry } from '../../../bus/mod.ts'
import type { LogSource } from '../../../trace/presence.ts'
import { createRunFrames, type HeldFrame, type WatchedRun } from '../../../trace/run-frames.ts'
import { traceLog } from '../../support/trace-log.ts'

const run = traceLog({ runId: 'watched', rows: 60 })

/** A log in memory that counts its readers; `append` adds to what is there. */
function logOf(there: StoredEntry[]) {
  let wake = Promise.withResolvers<void>()
  const reads: { fromSeq: number; follow: boolean }[] = []
  const failing = { error: null as Error | null }
  const bus = {
    async *log({ fromSeq = 1, follow, signal }: { fromSeq?: number; follow: boolean; signal: AbortSignal }) {
      reads.push({ fromSeq, follow })
      signal.addEventListener('abort', () => wake.resolve(), { once: true })
      let last = fromSeq - 1
      for (;;) {
        const next = there.find(({ seq }) => seq > last)
        if (failing.error) throw failing.error
        if (next) {
          last = next.seq
          yield next
        } else if (!follow || signal.aborted) return
        else {
          await wake.promise
          wake = Promise.withResolvers()
        }
        if (signal.aborted) return
      }
    },
  } as unknown as LogSource
  return {
    bus,
    reads,
    append(...entries: StoredEntry[]) {
      there.push(...entries)
      wake.resolve()
    },
    fail(error: Error) {
      failing.error = error
      wake.resolve()
    },
  }
}

const plenty = 64 * 1024 ** 2
const replay = (watched: WatchedRun, fromSeq = 1) =>
  Array.fromAsync(watched.read({ fromSeq, follow: false, signal: new AbortController().signal }))
const seqsOf = (frames: readonly HeldFrame[]) => frames.map(({ seq }) => seq)
const all = run.map(({ seq }) => seq)

test('many viewers of a run are served by one reader, from wherever they begin', async () => {
  const { bus, reads } = logOf([...run])
  const end = new AbortController()
  const frames = createRunFrames(bus, { heldBytes: plenty, signal: end.signal })
  const viewers = Array.from({ length: 50 }, () => frames.watch('watched', 1))
  const got = await Promise.all(viewers.map((watched, at) => replay(watched, at + 1)))
  for (const [at, own] of got.entries()) expect(seqsOf(own)).toEqual(all.filter((seq) => seq > at))
  expect(reads).toEqual([
    { fromSeq: 1, follow: false },
    { fromSeq: all.at(-1)! + 1, follow: true },
  ])
  expect(JSON.parse(String(got[0]![0]!.data))).toMatchObject({ type: 'entry', seq: 1, name: 'run-started' })
  for (const watched of viewers) watched[Symbol.dispose]()
  await frames.ended()
  // Whoever comes after the last one left is served anew.
  using again = frames.watch('watched', 1)
  expect(seqsOf(await replay(again))).toEqual(all)
  end.abort()
  await frames.ended()
})

test('one that follows is sent what comes, and one that is behind what is held reads the log, without a gap', async () => {
  const cut = run.length - 40
  const { bus, reads, append } = logOf(run.slice(0, cut))
  const end = new AbortController()
  const one = await Array.fromAsync(
    createRunFrames(bus, { heldBytes: plenty, signal: end.signal })
      .watch('watched', 1)
      .read({
        ...{ fromSeq: 1, follow: false },
        signal: new AbortController().signal,
      }),
  )
  const heldBytes = Math.ceil(one.reduce((sum, { data }) => sum + data.length, 0) / 4)
  const frames = createRunFrames(bus, { heldBytes, signal: end.signal })
  using first = frames.watch('watched', 1)
  await replay(first)
  using late = frames.watch('watched', 1)
  const before = reads.length
  expect(seqsOf(await replay(late))).toEqual(all.slice(0, cut))
  expect(reads.slice(before)).toEqual([{ fromSeq: 1, follow: false }])
  const leave = new AbortController()
  const followed: number[] = []
  const following = (async () => {
    for await (const { seq } of late.read({ fromSeq: cut + 1, follow: true, signal: leave.signal })) {
      followed.push(seq)
      if (seq === all.at(-1)) leave.abort()
    }
  })()
  for (const entry of run.slice(cut)) append(entry)
  await following
  expect(followed).toEqual(all.slice(cut))
  end.abort()
  await frames.ended()
})

test('a reader that fails fails those who wait for it; the next viewer begins another', async () => {
  const { bus, fail } = logOf([...run])
  const frames = createRunFrames(bus, { heldBytes: plenty, signal: new AbortController().signal })
  using watched = frames.watch('watched', 1)
  await replay(watched)
  const { signal } = new AbortController()
  const following = watched.read({ fromSeq: all.at(-1)! + 1, follow: true, signal }).next()
  fail(new Error('the log is away'))
  await expect(following).rejects.toThrow('the log is away')
  await frames.ended()
  using again = frames.watch('watched', 1)
  await expect(replay(again)).rejects.toThrow('the log is away')
})
