import { createReadStream } from 'node:fs'
import { TaskError } from '../task-error.ts'
import { type DecodedRecord, decodeRecord } from './read-lines.ts'

const [quote, backslash, comma] = [0x22, 0x5c, 0x2c]
const openers = new Set([0x5b, 0x7b])
const closers = new Set([0x5d, 0x7d])
const blanks = new Set([0x20, 0x09, 0x0a, 0x0d])

/**
 * The texts of the elements of a JSON file that is one array, in constant memory; elements are not parsed here.
 * @throws TaskError when the file ends inside the array, and when something stands behind it
 */
export async function* jsonArrayElements(path: string, maxBytes: number): AsyncGenerator<DecodedRecord> {
  let isClosed = false
  let depth = 0
  let inString = false
  let isEscaped = false
  let parts: Buffer[] = []
  let bytes = 0
  const keep = (part: Buffer): void => {
    bytes += part.length
    if (bytes <= maxBytes) parts.push(part)
    else parts = []
  }
  const finish = (): DecodedRecord => {
    const element = decodeRecord(bytes > maxBytes ? null : Buffer.concat(parts))
    parts = []
    bytes = 0
    return element
  }
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 18 }) as AsyncIterable<Buffer>) {
    let start = 0
    for (let index = 0; index < chunk.length; index += 1) {
      const byte = chunk[index]!
      if (isClosed) {
        if (blanks.has(byte)) continue
        throw new TaskError(
          'Something stands behind the end of the JSON array',
          path,
          'Write one array, or one object a line.',
        )
      }
      if (inString) {
        if (isEscaped) isEscaped = false
        else if (byte === backslash) isEscaped = true
        else if (byte === quote) inString = false
      } else if (byte === quote) {
        inString = true
      } else if (openers.has(byte)) {
        depth += 1
        if (depth === 1) start = index + 1
      } else if (closers.has(byte)) {
        depth -= 1
        if (depth > 0) continue
        keep(chunk.subarray(start, index))
        const last = finish()
        if ('problem' in last || last.text.trim() !== '') yield last
        isClosed = true
      } else if (byte === comma && depth === 1) {
        keep(chunk.subarray(start, index))
        yield finish()
        start = index + 1
      }
    }
    if (depth > 0) keep(chunk.subarray(start))
  }
  if (!isClosed) throw new TaskError('The JSON array has no end: the file is cut off', path, 'Fetch the file again.')
}
