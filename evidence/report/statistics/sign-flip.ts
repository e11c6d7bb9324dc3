import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'

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
