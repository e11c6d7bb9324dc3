import { createHash } from 'node:crypto'
import canonicalize from 'canonicalize'

/** SHA-256 in lower-case hex. */
export const sha256 = (data: Uint8Array | string): string => createHash('sha256').update(data).digest('hex')

/** JSON with sorted keys (RFC 8785), so that equal values have equal bytes. */
export function canonicalJson(value: unknown): string {
  const text = canonicalize(value)
  if (text === undefined) throw new TypeError('a value without a JSON form cannot be hashed')
  return text
}

/** SHA-256 of a value's canonical JSON. */
export const hashOf = (value: unknown): string => sha256(canonicalJson(value))

/** A reproducible 31-bit seed from a run's seed and a purpose, such as "search" or "replay". */
export function deriveSeed(seed: number, purpose: string): number {
  return Number.parseInt(sha256(`${seed}/${purpose}`).slice(0, 8), 16) >>> 1
}
