import { isUtf8 } from 'node:buffer'

export type Decoded = { text: string } | { problem: string }

/** The text of a record's bytes; null is a record that was too long to be held. Bytes that are no UTF-8 would be read as other signs than were meant. */
export function decode(bytes: Buffer | null): Decoded {
  if (bytes === null) return { problem: 'longer than a record may be' }
  return isUtf8(bytes) ? { text: bytes.toString('utf8') } : { problem: 'not UTF-8' }
}
