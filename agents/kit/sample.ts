import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'

/** At most `most` of the values, each with the same chance; the same ones for the same values and seed. */
export function sampleOf<T>(values: readonly T[], most: number, seed: number): readonly T[] {
  if (values.length <= most) return values
  const random = xoroshiro128plus(seed)
  const left = [...values]
  for (let i = 0; i < most; i++) {
    const drawn = uniformInt(random, i, left.length - 1)
    ;[left[i], left[drawn]] = [left[drawn]!, left[i]!]
  }
  return left.slice(0, most)
}
