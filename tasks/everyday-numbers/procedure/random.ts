import { createHash } from 'node:crypto'
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'

/** A deterministic source of choices: the same seed gives the same sequence on every machine. */
export interface Random {
  /** A whole number from `low` to `high`, both included. */
  int(low: number, high: number): number
  pick<T>(values: readonly T[]): T
  shuffle<T>(values: readonly T[]): T[]
}

export function randomFrom(seed: string): Random {
  const generator = xoroshiro128plus(createHash('sha256').update(seed).digest().readInt32LE(0))
  const int = (low: number, high: number) => uniformInt(generator, low, high)
  return {
    int,
    pick: (values) => values[int(0, values.length - 1)]!,
    shuffle: (values) => {
      const mixed = [...values]
      for (let last = mixed.length - 1; last > 0; last--) {
        const other = int(0, last)
        const held = mixed[last]!
        mixed[last] = mixed[other]!
        mixed[other] = held
      }
      return mixed
    },
  }
}
