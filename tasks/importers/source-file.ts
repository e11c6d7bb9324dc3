import { lstat, open, readdir, realpath, stat } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { maxSourceBytes } from '../files/regular-file.ts'
import { TaskError } from '../task-error.ts'

export type SourceFormat = 'parquet' | 'csv' | 'json-array' | 'json-lines'

const archives: [string, number[], number][] = [
  ['a zip archive', [0x50, 0x4b, 0x03, 0x04], 0],
  ['a gzip archive', [0x1f, 0x8b], 0],
  ['a zstd archive', [0x28, 0xb5, 0x2f, 0xfd], 0],
  ['a bzip2 archive', [0x42, 0x5a, 0x68], 0],
  ['an xz archive', [0xfd, 0x37, 0x7a, 0x58, 0x5a], 0],
  ['a tar archive', [0x75, 0x73, 0x74, 0x61, 0x72], 257],
]

/**
 * What a source file holds, by its name and its first bytes: what is neither JSON nor Parquet is a table.
 * @throws TaskError for a file that is missing, empty, UTF-16, an archive (which is never unpacked) or a pickle (which is never loaded)
 */
export async function formatOf(path: string): Promise<SourceFormat> {
  const head = await readHead(path)
  if (head.length === 0) throw new TaskError('The file is empty', path, 'Point at a file with records.')
  for (const [what, magic, at] of archives) {
    if (magic.every((byte, index) => head[at + index] === byte)) {
      throw new TaskError(
        `The file is ${what}`,
        path,
        'Unpack it in a folder of its own, and point at the file inside.',
      )
    }
  }
  if (/\.(pkl|pickle|pt)$/i.test(path) || (head[0] === 0x80 && head[1]! >= 2 && head[1]! <= 5)) {
    throw new TaskError(
      'The file is a pickle, which could run code when loaded',
      path,
      'Export it as JSON Lines or Parquet.',
    )
  }
  if ((head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff))
    throw new TaskError('The file is UTF-16', path, 'Save it again as UTF-8.')
  if (head.subarray(0, 4).toString('latin1') === 'PAR1') return 'parquet'
  if (/\.parquet$/i.test(path)) throw new TaskError('Not a Parquet file, or cut off', path, 'Fetch the file again.')
  // UTF-16 without its mark, or no text at all.
  if (head.includes(0)) throw new TaskError('The file is UTF-16, or no text', path, 'Save it again as UTF-8.')
  if (/\.(?:[ct]sv|tab|psv)$/i.test(path)) return 'csv'
  const text = head
    .toString('utf8')
    .replace(/^\ufeff/, '')
    .trimStart()
  if (text.startsWith('[')) return 'json-array'
  return text.startsWith('{') || /\.(?:json|jsonl|ndjson)$/i.test(path) ? 'json-lines' : 'csv'
}

const unreadable = (what: string, path: string, fix: string) => (error: NodeJS.ErrnoException) => {
  throw new TaskError(`The ${what} cannot be read: ${error.code}`, path, fix)
}

async function readHead(path: string): Promise<Buffer> {
  const fail = unreadable('file', path, 'Name a file that is there and can be read.')
  // Asked before it is opened: opening a pipe waits for its writer.
  const kind = await stat(path).catch(fail)
  if (kind.isDirectory()) throw new TaskError('A folder, not a file', path, 'Give the path of a file in it.')
  if (!kind.isFile()) throw new TaskError('Not a regular file', path, 'Name a file that is there and can be read.')
  const maxBytes = maxSourceBytes()
  if (kind.size > maxBytes) {
    const fix = 'Divide it, or set SYLLABUS_MAX_SOURCE_MIB to more.'
    throw new TaskError(`The file has ${kind.size} bytes, more than the ${maxBytes} that are read of one`, path, fix)
  }
  const file = await open(path, 'r').catch(fail)
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(1024), 0, 1024, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}

export async function isFolder(path: string): Promise<boolean> {
  const kind = await stat(path).catch(unreadable('source', path, 'Give the path of your copy.'))
  return kind.isDirectory()
}

/** Whether something stands at the path already, a dangling link included. */
export async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  )
}

/**
 * The path of a file in a source folder, or null where the folder has none of that name.
 * @throws TaskError for a link that leads out of the folder
 */
export async function fileInFolder(folder: string, name: string): Promise<string | null> {
  const entries = await readdir(folder).catch(unreadable('folder', folder, 'Give the path of your copy.'))
  if (!entries.includes(name)) return null
  const path = join(folder, name)
  const target = await realpath(path).catch(unreadable('link', path, 'Put the file itself there.'))
  const inner = relative(await realpath(folder), target)
  if (inner === '..' || inner.startsWith(`..${sep}`))
    throw new TaskError('The file is a link that leads out of its folder', path, 'Put the file itself there.')
  return path
}

/** The folder itself, or the one that a copy of the whole repository has at the inner path. */
export async function innerFolder(folder: string, inner: readonly string[]): Promise<string> {
  for (let from = 0; from < inner.length; from += 1) {
    let path: string | null = folder
    for (const name of inner.slice(from)) path = path === null ? null : await fileInFolder(path, name)
    if (path !== null) return path
  }
  return folder
}

/** A record as published, or why there is none. `where` names it: file and line, or file and index from 0. */
export type SourceRecord = { where: string; value: Record<string, unknown> } | { where: string; problem: string }
