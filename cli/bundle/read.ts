import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative, sep } from 'node:path'
import { createInterface } from 'node:readline'
import * as tar from 'tar'
import type { z } from 'zod'
import { sha256 } from '../../schemas/hash.ts'
import type { ObjectRef } from '../../schemas/ids.ts'
import { UsageError } from '../errors.ts'
import { bundleFiles, Manifest } from './manifest.ts'

/** What a bundle holds, by the paths in it. */
export type BundleFolder = {
  folder: string
  /** SHA-256 and size of every file that is really there, by path. */
  files: ReadonlyMap<string, { sha256: string; bytes: number }>
  /** Errors: UsageError for a file that is not there or does not parse. */
  json<S extends z.ZodType>(path: string, schema: S): Promise<z.infer<S>>
  /** The lines one after the other; none where there is no such file. */
  lines<S extends z.ZodType>(path: string, schema: S): AsyncIterable<z.infer<S>>
  /** An object's lines. Errors: MissingObject. */
  rowsOf<S extends z.ZodType>(ref: Pick<ObjectRef, 'sha256'>, schema: S): Promise<z.infer<S>[]>
}

export type Bundle = BundleFolder & AsyncDisposable & { manifest: Manifest; hash: string }

/** Unpacked bytes of a bundle, where nothing else is said: an archive of a few kilobytes can fill a disk. */
export const defaultMaxBytes = 16 * 1024 ** 3

/**
 * Unpacks a bundle into a folder of its own, which goes when it is disposed of. Errors: UsageError for a file that is no bundle, or
 * one that unpacks to more than `maxBytes`.
 */
export async function openBundle(file: string, maxBytes = defaultMaxBytes): Promise<Bundle> {
  const folder = await mkdtemp(join(tmpdir(), 'syllabus-bundle-'))
  // An archive that breaks off may still be writing its last files.
  const dispose = () => rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 })
  try {
    await unpack(file, folder, maxBytes)
    const parts = await openFolder(folder)
    const manifest = await parts.json(bundleFiles.manifest, Manifest)
    const hash = parts.files.get(bundleFiles.manifest)!.sha256
    return { ...parts, manifest, hash, [Symbol.asyncDispose]: dispose }
  } catch (error) {
    await dispose()
    throw error
  }
}

/** Reads the parts of a bundle that lie unpacked in a folder. */
export async function openFolder(folder: string): Promise<BundleFolder> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll(sep, '/'))
    .sort()
  const files = new Map<string, { sha256: string; bytes: number }>()
  for (const path of paths) files.set(path, await hashOfFile(join(folder, path)))

  async function* lines<S extends z.ZodType>(path: string, schema: S): AsyncGenerator<z.infer<S>> {
    if (!files.has(path)) return
    let number = 0
    for await (const line of createInterface({ input: createReadStream(join(folder, path)), crlfDelay: Infinity })) {
      number += 1
      if (line !== '') yield parse(`${path}, line ${number}`, line, schema)
    }
  }
  return {
    folder,
    files,
    lines,
    async json(path, schema) {
      const text = await readFile(join(folder, path), 'utf8').catch(() => {
        throw notABundle(`it has no ${path}`)
      })
      return parse(path, text, schema)
    },
    rowsOf: async (ref, schema) => {
      const path = bundleFiles.object(ref.sha256)
      if (!files.has(path)) throw new MissingObject(ref.sha256, path)
      return Array.fromAsync(lines(path, schema))
    },
  }
}

/** Only plain files come out, and only into the folder: tar itself refuses paths that climb and writes through no link. */
async function unpack(file: string, folder: string, maxBytes: number): Promise<void> {
  const strange: string[] = []
  let bytes = 0
  try {
    await tar.extract({
      file,
      cwd: folder,
      strict: true,
      preserveOwner: false,
      filter: (path, entry) => {
        const isFile = 'type' in entry && entry.type === 'File'
        if (!isFile) strange.push(path)
        bytes += entry.size
        return isFile && bytes <= maxBytes
      },
    })
  } catch (error) {
    throw notABundle(`${file}: ${(error as Error).message}`)
  }
  if (strange.length > 0) throw notABundle(`${strange[0]} in it is no plain file`)
  if (bytes > maxBytes)
    throw new UsageError(
      `The bundle ${file} unpacks to ${bytes} bytes, and ${maxBytes} are allowed.`,
      'If you trust it, allow more with --max-bytes.',
    )
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
    value = JSON.parse(text)
  } catch {
    throw notABundle(`${place} is not JSON`)
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
