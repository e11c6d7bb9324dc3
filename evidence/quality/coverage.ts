import type { Coverage } from './facts.ts'

/**
 * How a dataset's skills stand to validation's. `covered`: the share of validation's items whose skill has rows. `overlap`: the share
 * of the two mixes that is the same, 1 less their total variation distance. Entropies in bits. Null where either is empty.
 */
export function coverageOf(
  mix: Readonly<Record<string, number>>,
  validation: Readonly<Record<string, number>>,
): Coverage | null {
  const [own, wanted] = [sharesOf(mix), sharesOf(validation)]
  if (own.size === 0 || wanted.size === 0) return null
  const items = Object.entries(validation)
  const asked = items.reduce((sum, [, count]) => sum + count, 0)
  const covered = items.reduce((sum, [skill, count]) => sum + (own.has(skill) ? count : 0), 0) / asked
  const overlap = [...wanted].reduce((sum, [skill, share]) => sum + Math.min(share, own.get(skill) ?? 0), 0)
  return { covered, overlap, entropy: entropyOf(own), validationEntropy: entropyOf(wanted) }
}

function sharesOf(counts: Readonly<Record<string, number>>): Map<string, number> {
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0)
  return new Map(Object.entries(counts).flatMap(([name, count]) => (count > 0 ? [[name, count / total]] : [])))
}

function entropyOf(shares: ReadonlyMap<string, number>): number {
  return [...shares.values()].reduce((sum, share) => sum - share * Math.log2(share), 0)
}
