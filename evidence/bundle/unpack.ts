import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { pipeline } from 'node:stream'
import { crc32, createInflateRaw } from 'node:zlib'
import * as tar from 'tar'
import { spool } from '../../bus/mod.ts'
import { printableName } from '../../schemas/printable.ts'
import { UsageError } from '../../schemas/user-error.ts'
import { type BundleFiles, BundlePath, bundleFiles } from './manifest.ts'

const mebibyte = 1024 ** 2

/**
 * Bytes that an archive may unpack to where nothing else is said: real bundles have 5 to 20 for each of their own, an archive that was made
 * to fill a disk has 1,000.
 */
const usualMaxBytes = (archiveBytes: number): number =>
  Math.min(16 * 1024 * mebibyte, Math.max(8 * mebibyte, 100 * archiveBytes))

const maxFiles = 65_536
/** What stands between files (ends of blocks, further headers) beside this is there to be read in vain. */
const maxIdleBytes = mebibyte
const idleBytesOfFile = 2048
const blockBytes = 512
const pieceBytes = 256 * 1024

/** Files of an archive, and where the bytes of each begin in the one file that all of them are written to. */
type Unpacked = { files: Map<string, { sha256: string; bytes: number }>; offsets: Map<string, number> }

/**
 * The files of an archive that nobody vouches for: plain files only, each once and under a path that a bundle may have. Their bytes go, one
 * file's after the other's, into one file that has no name any more: however the process ends, nothing of them is left.
 * @throws UsageError for more than `maxBytes`; DamagedArchive for one that is cut off, or whose bytes were changed; an Error that says what
 * is wrong with it
 */
export async function openArchive(file: string, maxBytes?: number): Promise<BundleFiles & AsyncDisposable> {
  const kind = await stat(file)
  if (kind.isDirectory()) throw new Error('it is a folder, and a bundle is one file (.tar.gz)')
  // A device or a pipe may never end.
  if (!kind.isFile()) throw new Error('it is no file')
  if (kind.size === 0) throw new Error('it is empty')
  const unpacked: Unpacked = { files: new Map(), offsets: new Map() }
  const { files, offsets } = unpacked
  const spooled = await spool(contents(file, maxBytes ?? usualMaxBytes(kind.size), unpacked))
  return {
    files,
    async *pieces(path) {
      const [from, { bytes }] = [offsets.get(path)!, files.get(path)!]
      for (let at = 0; at < bytes; at += pieceBytes)
        yield Buffer.from(await spooled.read(from + at, from + Math.min(bytes, at + pieceBytes)))
    },
    [Symbol.asyncDispose]: () => spooled[Symbol.asyncDispose](),
  }
}

/** An archive that was whole once: a copy of it is, perhaps. */
export class DamagedArchive extends Error {
  override readonly name = 'DamagedArchive'
}

/** A fault of the libraries that unpack, as a person has to know it. `read`: bytes that were unpacked before it. */
function explained(error: unknown, read: number, offsets: ReadonlyMap<string, number>): unknown {
  const { code, message } = error as NodeJS.ErrnoException
  if (error instanceof UsageError || !/^(?:Z|TAR)_/.test(code ?? '')) return error
  const last = [...offsets.keys()].at(-1)
  const where =
    read === 0 ? 'at its beginning' : `behind ${read} unpacked bytes${last === undefined ? '' : `, in ${last}`}`
  if (code === 'Z_BUF_ERROR' || message.includes('Truncated')) return new DamagedArchive(`it is cut off ${where}`)
  if (code!.startsWith('Z_')) return new DamagedArchive(`its gzip data is not whole ${where}`)
  if (last === undefined) return new Error('it is neither a gzip nor a tar archive')
  return new DamagedArchive(`its tar data is not whole ${where}`)
}

/** The files' bytes one after the other, noted in `unpacked`. Reads to the end, or to the first thing that is refused. */
async function* contents(file: string, maxBytes: number, { files, offsets }: Unpacked): AsyncGenerator<Uint8Array> {
  /** Bytes of the archive, those of them that its files account for, and those that came out. */
  let [read, due, written] = [0, 0, 0]
  let isOver = false
  let fault: Error | undefined
  const refuse = (error: Error) => {
    fault ??= error
    return false
  }
  const pieces: Buffer[] = []
  let rest = Buffer.alloc(0)
  const parser = new tar.Parser({
    strict: true,
    zstd: false,
    filter(path, entry) {
      const { type, size } = entry as tar.ReadEntry
      due += blockBytes * (1 + Math.ceil(size / blockBytes)) + idleBytesOfFile
      if (type !== 'File') return refuse(new Error(`${printableName(path)} in it is no plain file`))
      if (!BundlePath.safeParse(path).success)
        return refuse(new Error(`${printableName(path)} in it is no path of a bundle`))
      // What is no bundle is refused before it is unpacked; and whoever reads one as it comes knows what each file should be.
      if (offsets.size === 0 && path !== bundleFiles.manifest)
        return refuse(
          new Error(`${printableName(path)} is its first file, and that of a bundle is ${bundleFiles.manifest}`),
        )
      if (offsets.has(path)) return refuse(new Error(`${printableName(path)} is in it twice`))
      if (offsets.size >= maxFiles) return refuse(new Error(`it holds more than ${maxFiles} files`))
      offsets.set(path, 0)
      return true
    },
    onReadEntry(entry) {
      const hash = createHash('sha256')
      const from = written
      offsets.set(entry.path, from)
      entry.on('data', (piece) => {
        hash.update(piece)
        written += piece.length
        pieces.push(piece)
      })
      entry.on('end', () => files.set(entry.path, { sha256: hash.digest('hex'), bytes: written - from }))
    },
  })
  parser.on('error', refuse)
  parser.on('ignoredEntry', (entry) => refuse(new Error(`${printableName(entry.path)} in it is no plain file`)))
  parser.on('eof', () => {
    isOver = true
  })
  try {
    for await (const chunk of unzipped(file)) {
      if (read === 0 && !chunk.subarray(0, blockBytes).some((byte) => byte !== 0)) throw new DamagedArchive(zeros)
      // The parser would unpack again, and count nothing.
      if (read === 0 && chunk[0] === gzipMark) throw new Error('it is packed twice')
      read += chunk.length
      if (read > maxBytes) throw tooLarge(file, maxBytes)
      if (read > due + maxIdleBytes) throw new Error(`it holds ${read - due} bytes and more that belong to no file`)
      rest = Buffer.concat([rest, chunk])
      for (const run of runsOf(rest)) {
        // Behind the archive's end the parser would gather what comes.
        if (isOver && !run.isZero) throw behindEnd(`unpacked byte ${read - rest.length + run.from}`)
        if (isOver) continue
        parser.write(run.bytes)
        if (fault) throw fault
      }
      rest = rest.subarray(rest.length - (rest.length % blockBytes))
      yield* pieces.splice(0)
    }
    if (isOver && rest.some((byte) => byte !== 0)) throw behindEnd(`unpacked byte ${read - rest.length}`)
    parser.end(rest)
    if (fault) throw fault
    if (!isOver)
      throw new DamagedArchive(`it is cut off behind ${read} unpacked bytes: the end of the archive is not in it`)
  } catch (error) {
    throw explained(error, read, offsets)
  }
  yield* pieces
}

const zeros = 'it begins with zeros, as a file does that a crash or a full disk left behind'

const gzipMark = 0x1f
const mostHeadBytes = 64 * 1024
/** Behind its deflated bytes: a sum over those that are unpacked, and how many they are. */
const trailerBytes = 8

/** What an archive unpacks to: the one member of gzip that it is, or itself. */
async function* unzipped(file: string): AsyncGenerator<Buffer> {
  const head = await bytesOf(file, 0, mostHeadBytes)
  if (head[0] !== gzipMark) return yield* createReadStream(file) as AsyncIterable<Buffer>
  const begin = gzipHeadBytes(head)
  if (begin === null) throw new DamagedArchive('it is cut off at its beginning')
  const inflate = createInflateRaw()
  let [sum, length] = [0, 0]
  // An error is thrown where the bytes are read.
  for await (const chunk of pipeline(createReadStream(file, { start: begin }), inflate, () => {})) {
    sum = crc32(chunk, sum)
    length += chunk.length
    yield chunk
  }
  const end = begin + inflate.bytesWritten
  const trailer = await bytesOf(file, end, trailerBytes)
  if (trailer.length < trailerBytes) throw new DamagedArchive(`it is cut off behind ${length} unpacked bytes`)
  if (trailer.readUInt32LE() !== sum || trailer.readUInt32LE(4) !== length % 2 ** 32)
    throw new DamagedArchive(`its gzip data is not whole behind ${length} unpacked bytes`)
  const more = (await stat(file)).size - end - trailerBytes
  const [next] = await bytesOf(file, end + trailerBytes, 1)
  const what = next === gzipMark ? ', which begin like a second gzip member' : ''
  if (more > 0) throw behindEnd(`byte ${end + trailerBytes} of the file: ${more} bytes${what}`)
}

/** Up to so many bytes of a file. */
const bytesOf = async (file: string, start: number, most: number): Promise<Buffer> =>
  Buffer.concat(
    await Array.fromAsync(createReadStream(file, { start, end: start + most - 1 }) as AsyncIterable<Buffer>),
  )

/** Bytes before the deflated ones (RFC 1952): fixed fields, then those that its flags name; null where they do not end. */
function gzipHeadBytes(head: Buffer): number | null {
  const [, second, method, flags = 0] = head
  if (head.length < 10) return null
  if (second !== 0x8b || method !== 8) throw new DamagedArchive('its gzip data is not whole at its beginning')
  let at = 10
  if (flags & 4 && at + 2 <= head.length) at += 2 + head.readUInt16LE(at)
  for (const text of [8, 16]) {
    const end = flags & text ? head.indexOf(0, at) : at - 1
    if (end < 0) return null
    at = end + 1
  }
  return at + (flags & 2)
}

/** Parts of whole blocks, in turn such with bytes and such of zeros, so that an archive ends where one of them does. */
function* runsOf(bytes: Buffer): Generator<{ from: number; isZero: boolean; bytes: Buffer }> {
  const isZero = (at: number) => bytes.compare(zeroBlock, 0, blockBytes, at, at + blockBytes) === 0
  const end = bytes.length - (bytes.length % blockBytes)
  for (let from = 0, to = 0; from < end; from = to) {
    const kind = isZero(from)
    for (to = from + blockBytes; to < end && isZero(to) === kind; ) to += blockBytes
    yield { from, isZero: kind, bytes: bytes.subarray(from, to) }
  }
}

const zeroBlock = Buffer.alloc(blockBytes)

const behindEnd = (where: string) => new Error(`more stands in it behind the end of the archive, at ${where}`)

const tooLarge = (file: string, maxBytes: number) =>
  new UsageError(
    `The bundle ${file} unpacks to more than the ${maxBytes} bytes that are allowed.`,
    'If you trust it, allow more with --max-bytes.',
  )
