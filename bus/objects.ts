/*
 * B1 An object that `put` gave a reference for is stored in most of its stream's copies, whole.
 * B2 A chunk that is sent again, as after the death of the stream's leader, is stored once. A refusal because its subject is held says that
 *    a leader has it, not that the others will: it counts only once the chunk can be read. A chunk of an id of its own is told apart from
 *    one that is still being stored (10158), which passes.
 * B3 What is read is what was put: the hash is checked after the last byte.
 * B4 Whoever holds a reference finds the object. A leader that is cut off from the others answers for some seconds more, and knows nothing
 *    of what was stored since (nats-server#6557), so in a cluster what is missing is looked for again, `staleMs` long, until it counts as
 *    purged.
 */
import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { nuid } from 'nats'
import { z } from 'zod'
import { JsonBoundsError, maxStoredDepth, parseJson } from '../schemas/bounded-json.ts'
import { sha256 } from '../schemas/hash.ts'
import type { ObjectRef } from '../schemas/ids.ts'
import type { Account } from '../schemas/role.ts'
import { TerminalError } from './errors.ts'
import type { Link } from './link.ts'
import { isHeld, type PublishOptions, whenThereIsRoom } from './publish.ts'
import { isRefused } from './retry.ts'
import { spool } from './spool.ts'
import { objectPrefixOf, objectStreamOf } from './subjects.ts'

/**
 * Blobs that never change. A blob lies in chunks, each the only message of a subject made of the account, the blob's name,
 * its SHA-256 and the chunk's number; the stream refuses a second message on a subject, so nothing can be overwritten and
 * putting the same bytes twice stores them once. Whoever reads checks the hash.
 */
export type Objects = {
  /** `name` is slash-separated and begins with the run's id where the blob belongs to one; purging the run removes it. */
  put(account: Account, name: string, bytes: Uint8Array): Promise<ObjectRef>
  /** @throws TerminalError when the blob is not there or its bytes are not those of the reference */
  get(ref: ObjectRef): Promise<Uint8Array>
  has(ref: ObjectRef): Promise<boolean>
  /** The bytes one piece after the other, unchecked: whoever reads them checks the hash. */
  pieces(ref: ObjectRef): AsyncIterable<Uint8Array>
  putJson(account: Account, name: string, value: unknown): Promise<ObjectRef>
  getJson<S extends z.ZodType>(ref: ObjectRef, schema: S): Promise<z.infer<S>>
  /** The same of bytes that come one after the other: they wait in a file of TMPDIR until their hash is known, and not in memory. */
  putPieces(account: Account, name: string, pieces: AsyncIterable<Uint8Array>): Promise<ObjectRef>
  /** One JSON document a line. */
  putLines(account: Account, name: string, values: readonly unknown[]): Promise<ObjectRef>
  /** The same of values that come one after the other: memory does not grow with their number. */
  putLineStream(account: Account, name: string, values: AsyncIterable<unknown>): Promise<ObjectRef>
  getLines<S extends z.ZodType>(ref: ObjectRef, schema: S): Promise<z.infer<S>[]>
  /** The lines one after the other: memory does not grow with their number. A wrong hash is known, and thrown, after the last. */
  lines<S extends z.ZodType>(ref: ObjectRef, schema: S): AsyncIterable<z.infer<S>>
}

/** A chunk travels base64-coded in the server's answer, which must fit the default payload limit of 1 MiB. */
const chunkBytes = 512 * 1024
const parallel = 8
const lookAgainMs = 500
const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** The objects of the accounts that `linkOf` leads to. Storing one that is there changes nothing; while there is no room it waits. */
export function openObjects(linkOf: (account: Account) => Link, options: PublishOptions): Objects {
  const store = async (ref: ObjectRef, read: (from: number, to: number) => Uint8Array | Promise<Uint8Array>) => {
    const link = linkOf(ref.account)
    await eachChunk(ref, async (index) => {
      const bytes = await read(index * chunkBytes, Math.min(ref.bytes, (index + 1) * chunkBytes))
      const msgID = nuid.next()
      const write = () => link.js.publish(chunkSubject(ref, index), bytes, { msgID })
      const about = `stream ${objectStreamOf[ref.account]}`
      for (const until = performance.now() + link.limits.awayMs; ; ) {
        try {
          await whenThereIsRoom(link, write, { ...options, about })
          return
        } catch (error) {
          if (!isHeld(error)) throw error
          // B2
          if (!link.isClustered || (await canBeRead(ref, index))) return
          if (performance.now() > until || options.signal.aborted) throw error
          await sleep(lookAgainMs)
        }
      }
    })
    return ref
  }

  /** Whether a chunk is stored, or this process may not know: who fills the vault may not read it. */
  const canBeRead = (ref: ObjectRef, index: number) =>
    chunk(ref, index).then(
      (data) => data !== null,
      (error: unknown) => {
        if (isRefused(error)) return true
        throw error
      },
    )

  const put: Objects['put'] = (account, name, bytes) =>
    store({ account, name, sha256: sha256(bytes), bytes: bytes.length }, (from, to) => bytes.subarray(from, to))

  const putPieces: Objects['putPieces'] = async (account, name, pieces) => {
    await using file = await spool(pieces)
    return await store({ account, name, sha256: file.sha256, bytes: file.bytes }, file.read)
  }

  const chunk = async (ref: ObjectRef, index: number) => {
    const ask = { last_by_subj: chunkSubject(ref, index) }
    const link = linkOf(ref.account)
    const stream = objectStreamOf[ref.account]
    const stored = await link.askRepeatedly(() => link.jsm.streams.getMessage(stream, ask), `stream ${stream}`)
    return stored?.data ?? null
  }

  const existing = async (ref: ObjectRef, index: number) => {
    const { isClustered, limits } = linkOf(ref.account)
    const until = performance.now() + (isClustered ? limits.staleMs : 0)
    do {
      const data = await chunk(ref, index)
      if (data) return data
      // B4
      if (isClustered && !options.signal.aborted) await sleep(lookAgainMs)
    } while (performance.now() < until && !options.signal.aborted)
    throw new TerminalError(`object ${ref.account}/${ref.name} is not there (chunk ${index})`)
  }

  const get: Objects['get'] = async (ref) => {
    const parts: Uint8Array[] = []
    await eachChunk(ref, async (index) => {
      parts[index] = await existing(ref, index)
    })
    const bytes = Buffer.concat(parts)
    checkHash(ref, sha256(bytes))
    return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  const has: Objects['has'] = async (ref) => {
    const found = await Promise.all([chunk(ref, 0), chunk(ref, chunkCount(ref) - 1)])
    return found.every((data) => data !== null)
  }
  async function* pieces(ref: ObjectRef) {
    for (let index = 0; index < chunkCount(ref); index++) yield await existing(ref, index)
  }
  return withDocuments({ put, putPieces, get, has, pieces })
}

/** Blobs as they are kept: whole, and in pieces one after the other. */
export type Blobs = Pick<Objects, 'put' | 'putPieces' | 'get' | 'has' | 'pieces'>

/** Blobs with the JSON and the lines in them. */
export function withDocuments({ put, putPieces, get, has, pieces }: Blobs): Objects {
  async function* lines<S extends z.ZodType>(ref: ObjectRef, schema: S): AsyncGenerator<z.infer<S>> {
    const hash = createHash('sha256')
    const text = new TextDecoder()
    let rest = ''
    for await (const data of pieces(ref)) {
      hash.update(data)
      const lines = (rest + text.decode(data, { stream: true })).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) if (line !== '') yield parse(ref, schema, line)
    }
    if (rest !== '') yield parse(ref, schema, rest)
    checkHash(ref, hash.digest('hex'))
  }

  return {
    put,
    putPieces,
    get,
    has,
    pieces,
    putJson: (account, name, value) => put(account, name, encoder.encode(JSON.stringify(value))),
    async getJson(ref, schema) {
      return parse(ref, schema, decoder.decode(await get(ref)))
    },
    putLines: (account, name, values) => put(account, name, encodeLines(values)),
    putLineStream: (account, name, values) => putPieces(account, name, encodedLines(values)),
    getLines: (ref, schema) => Array.fromAsync(lines(ref, schema)),
    lines,
  }
}

const chunkCount = (ref: ObjectRef) => Math.max(1, Math.ceil(ref.bytes / chunkBytes))

/** The name as subject tokens: its parts, with every other character than letters, digits, `-` and `_` as `=` and its code. */
function nameTokens(name: string): string {
  const parts = name.split('/')
  if (parts.includes('')) throw new TerminalError(`"${name}" cannot be an object's name`)
  return parts.map((part) => part.replaceAll(/[^\w-]/gu, (sign) => `=${sign.codePointAt(0)?.toString(16)}=`)).join('.')
}

function chunkSubject(ref: ObjectRef, index: number): string {
  return `${objectPrefixOf[ref.account]}.${nameTokens(ref.name)}.${ref.sha256}.${index}`
}

/** Lines gathered before they are encoded: all of them in one text could be longer than a text may be. */
const linesAtOnce = 1000

function encodeLines(values: readonly unknown[]): Uint8Array {
  const parts = Array.from({ length: Math.ceil(values.length / linesAtOnce) }, (_, at) => {
    const some = values.slice(at * linesAtOnce, (at + 1) * linesAtOnce)
    return encoder.encode(some.map((value) => `${JSON.stringify(value)}\n`).join(''))
  })
  return Buffer.concat(parts)
}

async function* encodedLines(values: AsyncIterable<unknown>): AsyncGenerator<Uint8Array> {
  let some: unknown[] = []
  for await (const value of values) {
    some.push(value)
    if (some.length < linesAtOnce) continue
    yield encodeLines(some)
    some = []
  }
  yield encodeLines(some)
}

async function eachChunk(ref: ObjectRef, visit: (index: number) => Promise<void>): Promise<void> {
  const count = chunkCount(ref)
  let next = 0
  const lane = async () => {
    while (next < count) await visit(next++)
  }
  await Promise.all(Array.from({ length: Math.min(parallel, count) }, lane))
}

function checkHash(ref: ObjectRef, found: string): void {
  if (found === ref.sha256) return
  throw new TerminalError(`object ${ref.account}/${ref.name} has SHA-256 ${found}, its reference says ${ref.sha256}`)
}

function parse<S extends z.ZodType>(ref: ObjectRef, schema: S, text: string): z.infer<S> {
  let value: unknown
  try {
    value = parseJson(text, { maxDepth: maxStoredDepth })
  } catch (error) {
    const why = error instanceof JsonBoundsError ? `is not read: ${error.message}` : 'is not JSON'
    throw new TerminalError(`object ${ref.account}/${ref.name} ${why}`, { cause: error })
  }
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  throw new TerminalError(`object ${ref.account}/${ref.name} does not parse: ${z.prettifyError(parsed.error)}`)
}
