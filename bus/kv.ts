/*
 * K1 A write that names a revision is stored only after that revision, whatever was read before it: leaders and copies that are behind make
 *    `update`, `create` and `modify` try again, never write over something newer.
 * K2 A write that is sent again after a lost answer is stored once, and is no conflict with itself.
 * K3 Values are read from the leader alone, never from any copy (nats-server#4171). One that is cut off from the others answers for some
 *    seconds more with older values (nats-server#6557): what must not be decided twice is decided by a write (K1).
 * K4 A watch shows the newest value of each key within some seconds, also of keys that changed while the server was away; it may leave out
 *    values between.
 * K5 A bucket that nobody has made yet holds nothing, so that who reads need not make it.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { JetStreamApiError } from '@nats-io/jetstream'
import { headers, type Msg, nuid } from 'nats'
import { z } from 'zod'
import { maxStoredDepth, parseJson } from '../schemas/bounded-json.ts'
import { reasonOf, TerminalError } from './errors.ts'
import { header } from './headers.ts'
import type { Link } from './link.ts'
import { type PublishOptions, whenThereIsRoom } from './publish.ts'
import { isPassing } from './retry.ts'
import { type BucketName, bucketPrefix, bucketStream } from './subjects.ts'
import { noneWhere, streamNotFound } from './topology.ts'

export type Held<T> = { value: T; revision: number }
export type Change<T> = { key: string; value: T | null; revision: number }

/**
 * Values under keys (tokens of letters, digits, `-`, `_`, `=`, `/`, joined by dots), each parsed when read. A revision is the
 * value's place in the bucket; writes that name one lose against whoever wrote in between, and say so.
 */
export type Kv<T> = {
  get(key: string): Promise<Held<T> | null>
  /** The revision, or 'exists'. */
  create(key: string, value: T): Promise<number | 'exists'>
  /** The new revision, or 'conflict' when `revision` is not the newest. */
  update(key: string, value: T, revision: number): Promise<number | 'conflict'>
  /**
   * Reads, changes and writes; all of it again where another wrote in between. A `change` that gives back the value it was given writes
   * nothing. What holds afterwards.
   */
  modify(key: string, change: (before: T | null) => T | Promise<T>): Promise<Held<T>>
  put(key: string, value: T): Promise<number>
  delete(key: string): Promise<void>
  /** Keys that hold a value; `filter` is a key with `*` (one token) and `>` (the rest). */
  keys(filter?: string): Promise<string[]>
  /** The values there are, then each change. A value that expired, or cannot be read any more, comes as null within some seconds. */
  watch(signal: AbortSignal): AsyncIterable<Change<T>>
}

/** `modify` by way of reading and writing with a revision. */
export function withModify<T>(kv: Omit<Kv<T>, 'modify'>): Kv<T> {
  return {
    ...kv,
    async modify(key, change) {
      for (;;) {
        const held = await kv.get(key)
        const value = await change(held?.value ?? null)
        if (held && value === held.value) return { value, revision: held.revision }
        const revision = held ? await kv.update(key, value, held.revision) : await kv.create(key, value)
        if (typeof revision === 'number') return { value, revision }
      }
    },
  }
}

const operation = 'KV-Operation'
const keyForm = /^[-\w/=]+(\.[-\w/=]+)*$/
const filterForm = /^([-\w/=]+|\*)(\.([-\w/=]+|\*))*(\.>)?$|^>$/
const utf8 = new TextDecoder()
const relistMs = 5000
/** Before a write is tried again that conflicts with one that is still being stored. */
const pendingMs = 100

/**
 * Opens a bucket. The wire format is that of every NATS client, without consumers and direct gets: nobody needs the right
 * to create or to ask for those, since both can be turned against the log (docs/decisions/003-no-consumers-for-agents.md).
 * `follows`: whether its user may subscribe to the bucket's changes; a watch of one that may not sees them as the keys are listed.
 */
export function openKv<S extends z.ZodType>(
  link: Link,
  bucket: BucketName,
  schema: S,
  { follows = true, ...options }: PublishOptions & { follows?: boolean },
): Kv<z.infer<S>> {
  type T = z.infer<S>
  const stream = bucketStream(bucket)
  const about = `stream ${stream}`
  const subjectOf = (key: string) => {
    if (!keyForm.test(key)) throw new TerminalError(`"${key}" cannot be a key of ${bucket}`)
    return `${bucketPrefix(bucket)}.${key}`
  }

  const last = async (key: string) => {
    const subject = subjectOf(key)
    const ask = () => link.jsm.streams.getMessage(stream, { last_by_subj: subject }).catch(noneWhere(streamNotFound))
    const stored = await link.askRepeatedly(ask, about)
    return stored && { stored, gone: stored.header.get(operation) !== '' }
  }

  // A write has an id of its own: repeated after a lost answer it conflicts with itself, which is no conflict.
  const write = async (key: string, value: T | null, expected?: number): Promise<number | 'conflict'> => {
    const subject = subjectOf(key)
    const sent = headers()
    if (value === null) sent.set(operation, 'DEL')
    const body = value === null ? '' : JSON.stringify(schema.parse(value))
    const expect = expected === undefined ? {} : { expect: { lastSubjectSequence: expected } }
    const msgID = nuid.next()
    const until = performance.now() + link.limits.awayMs
    for (;;) {
      try {
        const ack = await whenThereIsRoom(
          link,
          () => link.js.publish(subject, body, { msgID, headers: sent, ...expect }),
          { ...options, about },
        )
        return ack.seq
      } catch (error) {
        // 10071 wrong last sequence; 10164 the same where the server does not tell which.
        if (!(error instanceof JetStreamApiError && (error.code === 10071 || error.code === 10164))) throw error
        const found = await last(key)
        if (found?.stored.header.get(header.messageId) === msgID) return found.stored.seq
        // Nothing new is there to conflict with: a write, perhaps this very one, is still being stored.
        const isPending = (found?.stored.seq ?? 0) === expected
        if (!isPending || performance.now() > until) return 'conflict'
        await sleep(pendingMs)
      }
    }
  }

  const get = async (key: string): Promise<Held<T> | null> => {
    const found = await last(key)
    if (!found || found.gone) return null
    const parsed = schema.safeParse(valueIn(key, found.stored.data))
    if (!parsed.success) {
      const why = `${bucket}/${key} does not parse (another version of Syllabus wrote it, or it is damaged)`
      throw new TerminalError(`${why}: ${z.prettifyError(parsed.error)}`)
    }
    return { value: parsed.data, revision: found.stored.seq }
  }

  /** What no repeating makes readable is no value: whoever reads it hears so at once. */
  const valueIn = (key: string, data: Uint8Array): unknown => {
    try {
      return parseJson(utf8.decode(data), { maxDepth: maxStoredDepth })
    } catch (error) {
      throw new TerminalError(`${bucket}/${key} cannot be read: ${reasonOf(error)}`, { cause: error })
    }
  }

  const keys = async (filter = '>'): Promise<string[]> => {
    if (!filterForm.test(filter)) throw new TerminalError(`"${filter}" cannot filter keys of ${bucket}`)
    const prefix = bucketPrefix(bucket)
    const asked = { subjects_filter: `${prefix}.${filter}`, deleted_details: false }
    const ask = () => link.jsm.streams.info(stream, asked).catch(noneWhere(streamNotFound))
    const info = await link.askRepeatedly(ask, about)
    const subjects = Object.keys(info?.state.subjects ?? {}).map((subject) => subject.slice(prefix.length + 1))
    // Another client can write under names that are no keys here.
    const all = subjects.filter((key) => keyForm.test(key))
    const held = await Promise.all(all.map(async (key) => ((await last(key))?.gone === false ? [key] : [])))
    return held.flat().sort()
  }

  return withModify({
    get,
    async create(key, value) {
      const first = await write(key, value, 0)
      if (first !== 'conflict') return first
      const found = await last(key)
      if (!found?.gone) return 'exists'
      const second = await write(key, value, found.stored.seq)
      return second === 'conflict' ? 'exists' : second
    },
    update: (key, value, revision) => write(key, value, revision),
    async put(key, value) {
      const revision = await write(key, value)
      if (revision === 'conflict') throw new Error(`${bucket}/${key}: a write without a revision cannot conflict`)
      return revision
    },
    async delete(key) {
      await write(key, null)
    },
    keys,
    watch: (signal) => watchBucket({ link, prefix: bucketPrefix(bucket), get, keys, signal, follows }),
  })
}

type Watched<T> = {
  link: Link
  prefix: string
  get(key: string): Promise<Held<T> | null>
  keys(): Promise<string[]>
  signal: AbortSignal
  follows: boolean
}

/**
 * Core messages say at once which key changed; listing the keys again from time to time shows what expired. A server that is away is
 * waited for, however long.
 */
async function* watchBucket<T>({ link, prefix, get, keys, signal, follows }: Watched<T>): AsyncGenerator<Change<T>> {
  const known = new Map<string, number>()
  const touched = new Set<string>()
  let wake = () => {}
  const callback = (error: Error | null, message: Msg) => {
    if (!error) touched.add(message.subject.slice(prefix.length + 1))
    wake()
  }
  const subscription = follows ? link.nc.subscribe(`${prefix}.>`, { callback }) : null
  const over = Promise.withResolvers<'away'>()
  const onAbort = () => {
    over.resolve('away')
    wake()
  }
  signal.addEventListener('abort', onAbort)
  /** What `ask` gives, or that the server is away: it is asked again then. Whoever ends the watch does not wait for an answer. */
  const unlessAway = <V>(ask: Promise<V>): Promise<V | 'away'> =>
    Promise.race([
      over.promise,
      ask.catch((error: unknown): 'away' => {
        if (isPassing(error)) return 'away'
        throw error
      }),
    ])
  try {
    let relistAt = 0
    while (!signal.aborted) {
      if (performance.now() >= relistAt) {
        const listed = await unlessAway(keys())
        if (listed === 'away') continue
        relistAt = performance.now() + relistMs
        for (const key of [...listed, ...known.keys()]) touched.add(key)
      }
      const batch = [...touched]
      touched.clear()
      for (const key of batch) {
        if (signal.aborted) return
        const held = await unlessAway(
          get(key).catch((error: unknown) => {
            if (isPassing(error)) throw error
            // One value that cannot be read is not there; the others are watched on.
            return null
          }),
        )
        const before = known.get(key)
        if (held === 'away') touched.add(key)
        else if (held && held.revision !== before) {
          known.set(key, held.revision)
          yield { key, ...held }
        } else if (!held && before !== undefined) {
          known.delete(key)
          yield { key, value: null, revision: before }
        }
      }
      if (touched.size > 0 || signal.aborted) continue
      const { promise, resolve } = Promise.withResolvers<void>()
      wake = resolve
      const timer = setTimeout(resolve, Math.max(0, relistAt - performance.now()))
      await promise
      clearTimeout(timer)
    }
  } finally {
    signal.removeEventListener('abort', onAbort)
    subscription?.unsubscribe()
  }
}

/** A value under its key, or why it cannot be read. */
export type HeldValue<T> = { key: string; value: T } | { key: string; fault: string }

/** All values of a bucket. One that cannot be read, as of another version of Syllabus, hides no other. */
export async function heldValues<T>(kv: Pick<Kv<T>, 'keys' | 'get'>): Promise<HeldValue<T>[]> {
  const read = async (key: string): Promise<HeldValue<T>[]> => {
    try {
      const held = await kv.get(key)
      return held ? [{ key, value: held.value }] : []
    } catch (error) {
      if (!(error instanceof TerminalError)) throw error
      return [{ key, fault: error.message }]
    }
  }
  return (await Promise.all((await kv.keys()).map(read))).flat()
}
