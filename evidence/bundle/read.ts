import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { getHeapStatistics } from 'node:v8'
import type { z } from 'zod'
import { JsonBoundsError, maxBundledDepth, parseJson } from '../../schemas/bounded-json.ts'
import { sha256 } from '../../schemas/hash.ts'
import type { ObjectRef } from '../../schemas/ids.ts'
import { UsageError } from '../../schemas/user-error.ts'
import { decodeRecord, linesOf } from '../../tasks/files/read-lines.ts'
import { type BundleFiles, bundleFiles, Manifest } from './manifest.ts'
import { DamagedArchive, openArchive } from './unpack.ts'

/** What a bundle holds, by the paths in it. */
export type BundleParts = BundleFiles & {
  /** @throws UsageError for a file that is not there or does not parse */
  json<S extends z.ZodType>(path: string, schema: S): Promise<z.infer<S>>
  /** The lines one after the other; none where there is no such file. */
  lines<S extends z.ZodType>(path: string, schema: S): AsyncIterable<z.infer<S>>
  /**
   * An object's lines.
   * @throws MissingObject
   */
  rowsOf<S extends z.ZodType>(ref: Pick<ObjectRef, 'sha256'>, schema: S): Promise<z.infer<S>[]>
}

export type Bundle = BundleParts & AsyncDisposable & { manifest: Manifest; hash: string }

/**
 * Opens a bundle; what is unpacked of it goes when it is disposed of, or when the process ends.
 * @throws UsageError for a file that is no bundle, or one that unpacks to more than `maxBytes`
 */
export async function openBundle(file: string, maxBytes?: number): Promise<Bundle> {
  const archive = await openArchive(file, maxBytes).catch((error: Error) => {
    throw refusalOf(file, error)
  })
  try {
    const parts = partsOf(archive)
    const manifest = await parts.json(bundleFiles.manifest, Manifest)
    const hash = parts.files.get(bundleFiles.manifest)!.sha256
    return { ...parts, manifest, hash, [Symbol.asyncDispose]: () => archive[Symbol.asyncDispose]() }
  } catch (error) {
    await archive[Symbol.asyncDispose]()
    throw error
  }
}

/** What a person reads of an archive that cannot be unpacked. */
function refusalOf(file: string, error: Error): Error {
  const { code = '', syscall } = error as NodeJS.ErrnoException
  if (error instanceof UsageError) return error
  if (error instanceof DamagedArchive)
    return new UsageError(
      `The bundle ${file} is damaged: ${error.message}.`,
      'Copy it again from where it was written, and compare both with sha256sum; or write it again there: npx syllabus bundle <run>',
    )
  if (code === 'ENOENT' || code === 'ENOTDIR')
    return new UsageError(`There is no file ${file}.`, 'Name the archive that "npx syllabus bundle <run>" wrote.')
  return syscall === undefined ? notABundle(`${file}: ${error.message}`) : error
}

const maxDocumentBytes = 256 * 1024 ** 2
/** A line holds one message, which the bus bounds, one row, or one reply. */
const maxBundledLineBytes = 16 * 1024 ** 2
/** What is parsed takes several times as much room as its text. */
const roomFactor = 6

/** @throws UsageError for a file whose lines would not fit into memory together */
export function refuseBeyondMemory(path: string, bytes: number): void {
  const most = Math.floor(getHeapStatistics().heap_size_limit / roomFactor)
  if (bytes <= most) return
  const fix = `Give node more memory: NODE_OPTIONS=--max-old-space-size=${Math.ceil((bytes * roomFactor) / 1024 ** 2)}`
  throw new UsageError(`${path} of this bundle has ${bytes} bytes, too many for the memory that node may use.`, fix)
}

/** Reads the parts of a bundle that lie unpacked in a folder of this process. */
export async function openFolder(folder: string): Promise<BundleParts> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll(sep, '/'))
    .sort()
  const files = new Map<string, { sha256: string; bytes: number }>()
  for (const path of paths) files.set(path, await hashOfFile(join(folder, path)))
  return partsOf({ files, pieces: (path) => createReadStream(join(folder, path)) })
}

function partsOf({ files, pieces }: BundleFiles): BundleParts {
  async function* lines<S extends z.ZodType>(path: string, schema: S): AsyncGenerator<z.infer<S>> {
    if (!files.has(path)) return
    for await (const line of linesOf(pieces(path), maxBundledLineBytes)) {
      const place = `${path}, line ${line.number}`
      if ('problem' in line) throw notABundle(`${place} is ${line.problem}`)
      if (line.text === '') throw notABundle(`${place} is empty`)
      yield parse(place, line.text, schema)
    }
  }
  return {
    files,
    pieces,
    lines,
    async json(path, schema) {
      const bytes = files.get(path)?.bytes
      if (bytes === undefined) throw notABundle(`it has no ${path}`)
      if (bytes > maxDocumentBytes)
        throw notABundle(`${path} has ${bytes} bytes, and ${maxDocumentBytes} at most are read`)
      refuseBeyondMemory(path, bytes)
      const read = decodeRecord(Buffer.concat(await Array.fromAsync(pieces(path))))
      if ('problem' in read) throw notABundle(`${path} is ${read.problem}`)
      return parse(path, read.text, schema)
    },
    rowsOf: async (ref, schema) => {
      const path = bundleFiles.object(ref.sha256)
      if (!files.has(path)) throw new MissingObject(ref.sha256, path)
      refuseBeyondMemory(path, files.get(path)!.bytes)
      return Array.fromAsync(lines(path, schema))
    },
  }
}

async function hashOfFile(path: string): Promise<{ sha256: string; bytes: number }> {
  const hash = createHash('sha256')
  let bytes = 0
  for await (const chunk of createReadStream(path)) {
    hash.update(chunk as Buffer)
    bytes += (chunk as Buffer).length
  }
  return { sha256: hash.digest('hex'), bytes }
}

function parse<S extends z.ZodType>(place: string, text: string, schema: S): z.infer<S> {
  let value: unknown
  try {
    value = parseJson(text, { maxDepth: maxBundledDepth })
  } catch (error) {
    throw notABundle(
      error instanceof JsonBoundsError ? `${place} is not read: ${error.message}` : `${place} is not JSON`,
    )
  }
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const { path, message } = parsed.error.issues[0]!
  throw notABundle(`${place}${path.length > 0 ? `, ${path.join('.')}` : ''}: ${message}`)
}

const notABundle = (what: string) =>
  new UsageError(`This is no bundle that can be read: ${what}.`, 'Make one with: npx syllabus bundle <run>')

/** Whether the bus no longer had an object when the bundle was made, as its manifest says. */
export const isGone = ({ manifest }: Pick<Bundle, 'manifest'>, object: Pick<ObjectRef, 'sha256'>): boolean =>
  manifest.missing.some(({ sha256 }) => sha256 === object.sha256)

/** An object that something names and that is not in the bundle. */
export class MissingObject extends Error {
  readonly sha256: string
  constructor(sha256: string, path: string) {
    super(`${path} is not in the bundle`)
    this.sha256 = sha256
  }
}

/** SHA-256 of rows as a dataset stores them: one JSON document a line, in their order. */
export const hashOfRows = (rows: readonly unknown[]): string =>
  sha256(rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
