import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import * as tar from 'tar'
import { UsageError } from '../errors.ts'
import { BundlePath } from './manifest.ts'

/** What a file takes on a disk at least, so that a billion empty ones are no small archive. */
const blockBytes = 4096

/**
 * Unpacks an archive that nobody vouches for into a folder: plain files only, each once and under a path that a bundle may have. It
 * stops at the first thing that it refuses. Errors: UsageError for more than `maxBytes`; an Error that says what is wrong with the archive.
 */
export async function unpack(file: string, folder: string, maxBytes: number): Promise<void> {
  // A device or a pipe may never end.
  if (!(await stat(file)).isFile()) throw new Error('it is no file')
  const paths = new Set<string>()
  let bytes = 0
  const refusalOf = (path: string, { type, size }: { type?: string; size: number }): Error | null => {
    bytes += Math.max(blockBytes, size)
    if (bytes > maxBytes) return tooLarge(file, maxBytes)
    if (type !== 'File') return new Error(`${path} in it is no plain file`)
    if (!BundlePath.safeParse(path).success) return new Error(`${path} in it is no path of a bundle`)
    if (paths.has(path)) return new Error(`${path} is in it twice`)
    paths.add(path)
    return null
  }
  await new Promise<void>((resolve, reject) => {
    const source = createReadStream(file)
    const fail = (error: Error) => {
      source.destroy()
      reject(error)
    }
    const archive = new tar.Unpack({
      cwd: folder,
      strict: true,
      preserveOwner: false,
      filter(path, entry) {
        const refusal = refusalOf(path, entry as { type?: string; size: number })
        if (!refusal) return true
        fail(refusal)
        archive.abort(refusal)
        return false
      },
    })
    source.on('error', reject)
    archive.on('error', fail)
    archive.on('close', () => resolve())
    source.pipe(archive)
  })
}

const tooLarge = (file: string, maxBytes: number) =>
  new UsageError(
    `The bundle ${file} unpacks to more than the ${maxBytes} bytes that are allowed (an empty file counts as ${blockBytes}).`,
    'If you trust it, allow more with --max-bytes.',
  )
