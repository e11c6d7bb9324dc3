import { isUtf8 } from 'node:buffer'
import { constants, type Stats } from 'node:fs'
import { type FileHandle, lstat, open, realpath, stat } from 'node:fs/promises'
import { isAbsolute, join, relative, sep } from 'node:path'
import { UserError } from '../../schemas/user-error.ts'
import { TaskError } from '../task-error.ts'

/** Bytes of a text that a person writes (task.yaml, a program, a rubric, a scorer) at most. */
export const maxTextBytes = 4 * 1024 ** 2

/** Sizes that a person may change by the environment, in MiB. */
export const fileSizeLimits = [
  // A split, rows, seeds: read as a whole.
  { name: 'SYLLABUS_MAX_RECORDS_MIB', default: 512 },
  // What an import or `task split` reads, record by record.
  { name: 'SYLLABUS_MAX_SOURCE_MIB', default: 16_384 },
] as const

const [recordsLimit, sourceLimit] = fileSizeLimits

/**
 * Bytes of a file of records that is read as a whole at most.
 * @throws TaskError for a limit that is no number
 */
export const maxDataBytes = (): number => bytesOf(recordsLimit)
/**
 * Bytes of a file that is read record by record at most.
 * @throws as `maxDataBytes`
 */
export const maxSourceBytes = (): number => bytesOf(sourceLimit)

function bytesOf({ name, default: usual }: (typeof fileSizeLimits)[number]): number {
  const mebibytes = Number(process.env[name] ?? usual)
  if (mebibytes > 0) return Math.min(Math.ceil(mebibytes * 1024 ** 2), Number.MAX_SAFE_INTEGER)
  throw new TaskError(
    `${name} is ${process.env[name]}`,
    'the environment',
    'Set it to a number of MiB above 0, or unset it.',
  )
}

/** Why a file is not read, its path, and what to do. `code`: what the file system said, as ENOENT; left out where the file is refused. */
export class FileRefused extends UserError {
  declare readonly where: string
  readonly code: string | undefined

  constructor(what: string, path: string, fix: string, code?: string) {
    super(what, fix, { where: path })
    this.code = code
  }

  get isMissing(): boolean {
    return this.code === 'ENOENT' || this.code === 'ENOTDIR'
  }
}

/**
 * Reads a file that a person named: a regular file (a link may lead to it), of at most `maxBytes`.
 *
 * @throws {FileRefused}
 */
export async function readRegular(path: string, maxBytes = maxTextBytes): Promise<Buffer> {
  refuseOther(await stat(path).catch(unreadable(path)), path)
  await using file = await open(path, readOnly).catch(unreadable(path))
  return await readBounded(file, path, maxBytes)
}

/**
 * Reads a file of a folder that nobody vouches for: nothing but a regular file that really lies in it, through no link.
 *
 * @throws {FileRefused} for a path out of the folder, a link at any place of it, a device, a pipe, a socket, and more than `maxBytes`.
 */
export async function readInside(folder: string, file: string, maxBytes = maxTextBytes): Promise<Buffer> {
  const path = await fileInside(folder, file, maxBytes)
  await using opened = await open(path, readOnly | constants.O_NOFOLLOW).catch(unreadable(path))
  // Whoever exchanges a folder for a link between the looks is found here.
  if (await isOutside(folder, path).catch(unreadable(path))) await refuseLink(folder, path)
  return await readBounded(opened, path, maxBytes)
}

/**
 * The path of a file of a folder that nobody vouches for, for whoever opens it themselves.
 *
 * @throws {FileRefused} as `readInside`.
 */
export async function fileInside(folder: string, file: string, maxBytes = maxDataBytes()): Promise<string> {
  const parts = file.split(/[\\/]/)
  if (isAbsolute(file) || file.includes('\0') || parts.some((part) => ['', '.', '..'].includes(part))) {
    const fix = 'Name a file inside the folder by its plain path.'
    throw new FileRefused('The path leads out of its folder, or is none', join(folder, file), fix)
  }
  const whole = join(folder, file)
  let path = folder
  for (const [index, part] of parts.entries()) {
    path = join(path, part)
    const kind = await lstat(path).catch(unreadable(whole))
    if (kind.isSymbolicLink()) await refuseLink(folder, path)
    if (index < parts.length - 1 && kind.isDirectory()) continue
    refuseOther(kind, path)
    if (kind.size > maxBytes) throw tooLarge(path, maxBytes)
  }
  return path
}

/** Control characters that no text holds; a file that has them is in another encoding (UTF-16), or is no text at all. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const noText = /[\u0000-\u0008\u000e-\u001f\u007f]/
const newline = 0x0a

/**
 * The text in the bytes of a file that a person named.
 *
 * @throws {FileRefused} for bytes that are no UTF-8, which would be read as other characters than were meant, and for what is no text.
 */
export function utf8TextOf(bytes: Buffer, path: string): string {
  const text = bytes.toString()
  if (!isUtf8(bytes)) {
    const at = firstDifference(bytes, Buffer.from(text))
    const line = bytes.subarray(0, at).filter((byte) => byte === newline).length + 1
    throw new FileRefused(`It is not UTF-8 (line ${line})`, path, 'Save it again as UTF-8 text.')
  }
  const found = noText.exec(text)
  if (!found) return text
  const code = found[0].charCodeAt(0).toString(16).padStart(4, '0').toUpperCase()
  const line = text.slice(0, found.index).split('\n').length
  const fix = 'Name a text file; if it is one, save it again as UTF-8 without control characters.'
  throw new FileRefused(`It is no text: it holds the character U+${code} (line ${line})`, path, fix)
}

/** The first byte that decoding did not keep. */
function firstDifference(bytes: Buffer, decoded: Buffer): number {
  let at = 0
  while (at < bytes.length && bytes[at] === decoded[at]) at++
  return at
}

/** Opening a pipe without a writer would wait for one. */
const readOnly = constants.O_RDONLY | constants.O_NONBLOCK

async function refuseLink(folder: string, path: string): Promise<never> {
  const isOut = await isOutside(folder, path).catch(() => false)
  const what = `It is a link${isOut ? ' that leads out of its folder' : ''}`
  throw new FileRefused(what, path, 'Put the file itself there.')
}

async function isOutside(folder: string, path: string): Promise<boolean> {
  const inner = relative(await realpath(folder), await realpath(path))
  return inner === '..' || inner.startsWith(`..${sep}`) || isAbsolute(inner)
}

function refuseOther(kind: Stats, path: string): void {
  if (kind.isDirectory()) throw new FileRefused('It is a folder, not a file', path, 'Name a file in it.')
  if (!kind.isFile()) throw notRegular(path)
}

/** What was looked at may be another file by now, and what a file says of its size need not be true of how much can be read from it. */
async function readBounded(file: FileHandle, path: string, maxBytes: number): Promise<Buffer> {
  const kind = await file.stat()
  refuseOther(kind, path)
  if (kind.size > maxBytes) throw tooLarge(path, maxBytes)
  const parts: Buffer[] = []
  for (let [bytes, room] = [0, kind.size + 1]; ; room = 64 * 1024) {
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(room), 0, room)
    if (bytesRead === 0) return Buffer.concat(parts, bytes)
    parts.push(buffer.subarray(0, bytesRead))
    bytes += bytesRead
    if (bytes > maxBytes) throw tooLarge(path, maxBytes)
  }
}

const notRegular = (path: string) => new FileRefused('It is no regular file', path, 'Put a regular file there.')
const tooLarge = (path: string, maxBytes: number) =>
  new FileRefused(
    `It has more than the ${maxBytes} bytes that are read of such a file`,
    path,
    'Leave out what is not needed, or divide it.',
  )

const unreadable = (path: string) => (error: NodeJS.ErrnoException) => {
  switch (error.code) {
    case 'ENOENT':
    case 'ENOTDIR':
      throw new FileRefused('It is not there', path, 'Add the file, or name the right one.', error.code)
    case 'ELOOP':
      throw new FileRefused('It is a link', path, 'Put the file itself there.')
    // A socket, or a device that nothing is behind.
    case 'ENXIO':
    case 'ENODEV':
      throw notRegular(path)
    default:
      throw new FileRefused(`It cannot be read: ${error.code}`, path, 'Check its type and its permissions.', error.code)
  }
}
