import { isUtf8 } from 'node:buffer'
import { createReadStream } from 'node:fs'

/** A line of a text file, numbered from 1, or why it has no text. */
export type NumberedLine = { number: number } & DecodedRecord

/** Longer lines are skipped, not held in memory. */
export const maxLineBytes = 64 * 1024 * 1024

/**
 * The lines of a UTF-8 file, in constant memory: a line feed ends a line, a carriage return before it and a byte-order mark
 * at the start of the file are dropped. (Node's own line reader also splits at U+2028, which JSON lines may hold.)
 */
export const readLines = (path: string, maxBytes = maxLineBytes): AsyncGenerator<NumberedLine> =>
  linesOf(createReadStream(path, { highWaterMark: 1 << 16 }), maxBytes)

/** The same of bytes that come in pieces. */
export async function* linesOf(pieces: AsyncIterable<Buffer>, maxBytes = maxLineBytes): AsyncGenerator<NumberedLine> {
  let parts: Buffer[] = []
  let bytes = 0
  let number = 1
  const finish = (): NumberedLine => {
    const line = lineOf(bytes > maxBytes ? null : Buffer.concat(parts), number)
    parts = []
    bytes = 0
    number += 1
    return line
  }
  for await (const chunk of pieces) {
    let start = 0
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      // Most lines lie within one chunk and need no copy.
      if (bytes === 0 && end - start <= maxBytes) {
        yield lineOf(chunk.subarray(start, end), number)
        number += 1
        start = end + 1
        continue
      }
      bytes += end - start
      if (bytes <= maxBytes) parts.push(chunk.subarray(start, end))
      yield finish()
      start = end + 1
    }
    bytes += chunk.length - start
    if (bytes <= maxBytes && start < chunk.length) parts.push(chunk.subarray(start))
    else if (bytes > maxBytes) parts = []
  }
  if (bytes > 0) yield finish()
}

function lineOf(bytes: Buffer | null, number: number): NumberedLine {
  const line = decodeRecord(bytes)
  return 'problem' in line ? { number, ...line } : { number, text: clean(line.text, number) }
}

function clean(text: string, number: number): string {
  const start = number === 1 && text.charCodeAt(0) === 0xfeff ? 1 : 0
  const end = text.endsWith('\r') ? text.length - 1 : text.length
  return text.slice(start, end)
}

export type DecodedRecord = { text: string } | { problem: string }

/** The text of a record's bytes; null is a record too long to be held. Bytes that are no UTF-8 are a problem. */
export function decodeRecord(bytes: Buffer | null): DecodedRecord {
  if (bytes === null) return { problem: 'longer than a record may be' }
  return isUtf8(bytes) ? { text: bytes.toString('utf8') } : { problem: 'not UTF-8' }
}
