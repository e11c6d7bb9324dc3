/**
 * Tests of whether two models differ: on single items (`mcNemar`), on groups of items (`signFlip`), and several tests read together
 * (`holm`).
 *
 * Example: 6 items only the first got right, 1 only the second. McNemar's p is
 * 2 P(at most 1 head of 7 fair coins) = 2 (1 + 7) / 2^7 = 0.125.
 * Groups that differ by 1, 1, 1 and -1 sum to 2; of the 16 patterns of signs 10 have a sum of 2 or more in size, so p is 10 / 16.
 */
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { fairCoinsAtMost } from './intervals.ts'

/**
 * Two-sided p of the exact conditional test that two models are right equally often on the same items: `gained` items only the
 * first got right, `lost` only the second. McNemar, Q. (1947), Psychometrika 12, 153-157, with the binomial tail doubled.
 */
export function mcNemar(gained: number, lost: number): number {
  return Math.min(1, 2 * fairCoinsAtMost(Math.min(gained, lost), gained + lost))
}

/** Patterns of signs that are counted one by one, or drawn. */
const maxPatterns = 2 ** 14

/**
 * Two-sided p that the sum of the groups' differences is as large as it is although each might as well have the other sign: the
 * sign-flip permutation test (Fisher, R. A., 1935, The Design of Experiments, section 21). Its unit is a group of items, whose
 * difference is summed over items and averaged over seeds; it takes the adapters as they are, seeds are not among what it draws.
 * Groups without a difference do not matter. Exact up to 2^14 patterns and their mirror images; beyond, 2^14 are drawn from `seed`
 * and the observed one is counted with them: Phipson, B. and Smyth, G. K. (2010), Statistical Applications in Genetics and
 * Molecular Biology 9, article 39.
 */
export function signFlip(differences: readonly number[], seed: number): number {
  const moving = Float64Array.from(differences.filter((difference) => difference !== 0))
  const observed = Math.abs(moving.reduce((sum, difference) => sum + difference, 0))
  // Sums of equal terms in another order may differ in their last digits.
  const reached = (sum: number) => Math.abs(sum) >= observed - 1e-9
  if (2 ** (moving.length - 1) <= maxPatterns) return exact(moving, reached)
  const random = xoroshiro128plus(seed)
  let count = 0
  for (let drawn = 0; drawn < maxPatterns; drawn++) {
    let sum = 0
    let bits = 0
    for (let index = 0; index < moving.length; index++) {
      if (index % 32 === 0) bits = random.next()
      sum += bits & 1 ? moving[index]! : -moving[index]!
      bits >>>= 1
    }
    if (reached(sum)) count += 1
  }
  return (count + 1) / (maxPatterns + 1)
}

/** The last sign stays: a pattern and its mirror image have the same size. */
function exact(moving: Float64Array, reached: (sum: number) => boolean): number {
  const flipped = Math.max(0, moving.length - 1)
  let count = 0
  for (let pattern = 0; pattern < 2 ** flipped; pattern++) {
    let sum = moving[flipped] ?? 0
    for (let index = 0; index < flipped; index++) sum += (pattern >> index) & 1 ? moving[index]! : -moving[index]!
    if (reached(sum)) count += 1
  }
  return count / 2 ** flipped
}

/**
 * P-values adjusted for being read together, in their order. Holm, S. (1979), A simple sequentially rejective multiple test
 * procedure, Scandinavian Journal of Statistics 6, 65-70.
 */
export function holm(values: readonly number[]): number[] {
  const adjusted = new Array<number>(values.length)
  let running = 0
  const ranked = [...values.keys()].sort((one, other) => values[one]! - values[other]!)
  for (const [rank, index] of ranked.entries()) {
    running = Math.max(running, Math.min(1, (values.length - rank) * values[index]!))
    adjusted[index] = running
  }
  return adjusted
}
