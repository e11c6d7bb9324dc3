import { isUtf8 } from 'node:buffer'
import { promisify } from 'node:util'
import { brotliDecompress, constants, gunzip, inflate, inflateRaw, zstdDecompress } from 'node:zlib'

/** What an answer's headers say of its body. */
export type BodyHeaders = Readonly<Record<string, string | undefined>>

type Unpack = (bytes: Buffer, most: number) => Promise<Buffer>

/** What came of a stream that was not ended properly is given too. */
const flushed = { finishFlush: constants.Z_SYNC_FLUSH }
const zlib =
  <Options>(
    unpack: (bytes: Buffer, options: Options & { maxOutputLength: number }) => Promise<Buffer>,
    options: Options,
  ): Unpack =>
  (bytes, most) =>
    unpack(bytes, { ...options, maxOutputLength: most })
const unzip = zlib(promisify(gunzip), flushed)
const unzstd = zlib(promisify(zstdDecompress), { finishFlush: constants.ZSTD_e_flush })
const wrapped = zlib(promisify(inflate), flushed)
const bare = zlib(promisify(inflateRaw), flushed)

const unpackers: Readonly<Record<string, Unpack>> = {
  gzip: unzip,
  'x-gzip': unzip,
  // Both forms are in use under this name.
  deflate: (bytes, most) => wrapped(bytes, most).catch(() => bare(bytes, most)),
  br: zlib(promisify(brotliDecompress), { finishFlush: constants.BROTLI_OPERATION_FLUSH }),
  zstd: unzstd,
}

/** The first bytes of what is packed, whatever the headers say. */
const magic: readonly (readonly [string, Unpack])[] = [
  ['1f8b', unzip],
  ['28b52ffd', unzstd],
]
const mostLayers = 5

/**
 * The text of a body: unpacked as its headers and its first bytes say, in whatever encoding. A header that is wrong about the body is
 * passed over.
 * @throws when it is longer than `most` bytes, packed or not.
 */
export async function decodeBody(body: Buffer, headers: BodyHeaders, most: number): Promise<string> {
  const named = (headers['content-encoding'] ?? '')
    .toLowerCase()
    .split(/[\s,]+/)
    .reverse()
  let bytes = body
  for (const name of named.slice(0, mostLayers)) bytes = (await unpacked(bytes, unpackers[name], most)) ?? bytes
  for (let layer = 0; layer < mostLayers; layer++) {
    const start = bytes.subarray(0, 4).toString('hex')
    const next = await unpacked(bytes, magic.find(([sign]) => start.startsWith(sign))?.[1], most)
    if (next === null) break
    bytes = next
  }
  return textOf(bytes, headers['content-type'] ?? '')
}

/** Null where it is not packed that way. */
async function unpacked(bytes: Buffer, unpack: Unpack | undefined, most: number): Promise<Buffer | null> {
  if (!unpack || bytes.length === 0) return null
  try {
    return await unpack(bytes, most)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_BUFFER_TOO_LARGE') return null
    throw new Error(`the answer is longer than ${most} bytes`)
  }
}

/** What holds as UTF-8 is UTF-8, whatever the header says; JSON begins with a character of ASCII, which shows UTF-16. */
function textOf(bytes: Buffer, contentType: string): string {
  const start = bytes.subarray(0, 2).toString('hex')
  if (start === 'fffe' || /^(7b|5b|22|0a|20)00$/.test(start)) return decoded(bytes, 'utf-16le')
  if (start === 'feff' || /^00(7b|5b|22|0a|20)$/.test(start)) return decoded(bytes, 'utf-16be')
  if (isUtf8(bytes)) return bytes.toString()
  const label = /charset\s*=\s*"?([\w.:-]+)/i.exec(contentType)?.[1] ?? 'utf-8'
  return decoded(bytes, label)
}

function decoded(bytes: Buffer, label: string): string {
  try {
    return new TextDecoder(label).decode(bytes)
  } catch {
    return bytes.toString()
  }
}
