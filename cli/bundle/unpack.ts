import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import * as tar from 'tar'
import { UsageError } from '../errors.ts'
import { BundlePath } from './manifest.ts'

/** What a file counts as at least: making one takes time and memory however small it is, and a million empty ones are a small archive. */
const leastBytes = 256 * 1024

type Filter = NonNullable<tar.TarOptionsWithAliases['filter']>

/**
 * Unpacks an archive that nobody vouches for into a folder: plain files only, each once and under a path that a bundle may have. All of
 * it is looked through before anything is written. Errors: UsageError for more than `maxBytes`; an Error that says what is wrong with it.
 */
export async function unpack(file: string, folder: string, maxBytes: number): Promise<void> {
  // A device or a pipe may never end.
  if (!(await stat(file)).isFile()) throw new Error('it is no file')
  await readThrough(
    file,
    maxBytes,
    (filter) => new tar.Parser({ strict: true, filter: (...entry) => filter(...entry) && false }),
  )
  await readThrough(
    file,
    maxBytes,
    (filter) => new tar.Unpack({ cwd: folder, strict: true, preserveOwner: false, filter }),
  )
}

/** Reads to the end, or to the first thing that is refused. */
async function readThrough(file: string, maxBytes: number, open: (filter: Filter) => tar.Parser): Promise<void> {
  const refusalOf = refusals(file, maxBytes)
  await new Promise<void>((resolve, reject) => {
    const source = createReadStream(file)
    const fail = (error: Error) => {
      source.destroy()
      reject(error)
    }
    const archive = open((path, entry) => {
      const refusal = refusalOf(path, entry as { type?: string; size: number })
      if (!refusal) return true
      fail(refusal)
      archive.abort(refusal)
      return false
    })
    source.on('error', reject)
    archive.on('error', fail)
    archive.on('close', () => resolve())
    source.pipe(archive)
  })
}

/** Says of one entry after the other why it is refused; null where it is not. */
function refusals(file: string, maxBytes: number) {
  const paths = new Set<string>()
  let bytes = 0
  return (path: string, { type, size }: { type?: string; size: number }): Error | null => {
    bytes += Math.max(leastBytes, size)
    if (bytes > maxBytes) return tooLarge(file, maxBytes)
    if (type !== 'File') return new Error(`${path} in it is no plain file`)
    if (!BundlePath.safeParse(path).success) return new Error(`${path} in it is no path of a bundle`)
    if (paths.has(path)) return new Error(`${path} is in it twice`)
    paths.add(path)
    return null
  }
}

const tooLarge = (file: string, maxBytes: number) =>
  new UsageError(
    `The bundle ${file} unpacks to more than the ${maxBytes} bytes that are allowed (a file counts as ${leastBytes} at least).`,
    'If you trust it, allow more with --max-bytes.',
  )
