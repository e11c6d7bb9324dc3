import { expect, test } from 'vitest'
import { sipHash } from '../../../../agents/kit/dedup/keyed-hash.ts'

/** From the vectors that the authors publish: key 00..0f, message 00, 01, 02 and so on, by message length in bytes. */
const vectors: [number, string][] = [
  [0, '310e0edd47db6f72'],
  [4, 'b7877127e09427cf'],
  [8, '6224939a79f5f593'],
  [12, 'fbe50e86bc8f1e75'],
  [60, 'e1915f5cb1eca46c'],
]

test.each(vectors)('SipHash-2-4 of %i bytes', (bytes, expected) => {
  const bytesUpTo = (n: number) => Int32Array.from(new Int32Array(Uint8Array.from({ length: n }, (_, i) => i).buffer))
  const out = new Int32Array(2)
  sipHash(bytesUpTo(16), bytesUpTo(64), bytes / 4, out)
  expect(Buffer.from(out.buffer).toString('hex')).toBe(expected)
})
