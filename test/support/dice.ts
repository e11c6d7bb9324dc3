import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'

/** Random choices, the same ones for the same seed. */
export function createDice(seed: number) {
  const random = xoroshiro128plus(seed)
  /** A whole number from `least` to `most`, both included. */
  const int = (least: number, most: number) => uniformInt(random, least, most)
  const bytes = (length: number) => Buffer.from(Array.from({ length }, () => int(0, 255)))
  return {
    int,
    bytes,
    chance: (percent: number) => int(1, 100) <= percent,
    pick: <T>(values: readonly T[]): T => values[int(0, values.length - 1)]!,
    /** Up to so many bytes as text, a character each. */
    noise: (most: number) => bytes(int(0, most)).toString('latin1'),
  }
}
