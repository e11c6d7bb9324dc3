import { scoreInterval } from '../../schemas/score-interval.ts'

/** The arm of a student model: its name without the training seed, `final-s2` is of `final`. */
export const armOf = (name: string) => name.replace(/-s\d+$/, '')

/** Which training seed of its arm a student model is, counted from 1. */
export const seedOf = (name: string) => Number(/-s(\d+)$/.exec(name)?.[1] ?? 1)

/** Names by arm, the arms as they come first, the seeds of each in order. */
export function byArm(names: readonly string[]): Map<string, string[]> {
  const arms = Map.groupBy(names, armOf)
  for (const own of arms.values()) own.sort((a, b) => seedOf(a) - seedOf(b))
  return arms
}

type Tally = { correct: number; total: number }
/** What is drawn of an arm; shares are fractions. */
export type Spread = { shares: number[]; mean: number; low: number; high: number }

const z95 = 1.959964

/** Wilson's 95 % interval of a share; all there can be when nothing was counted. */
export const wilson95 = ({ correct, total }: Tally) =>
  total === 0 ? { low: 0, high: 1 } : scoreInterval(correct / total, z95 / Math.sqrt(total))

/**
 * What is drawn of an arm: the share of each training seed and their mean, from `low` to `high`. With one seed these are Wilson's
 * 95 % interval, with several the least and the greatest seed: how items and seeds vary together is in the report.
 */
export function spreadOf(tallies: readonly Tally[]): Spread {
  const shares = tallies.map(({ correct, total }) => (total > 0 ? correct / total : 0))
  const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length
  const range = { low: Math.min(...shares), high: Math.max(...shares) }
  return { shares, mean, ...(shares.length === 1 ? wilson95(tallies[0]!) : range) }
}

/** Kinds of arms in reading order. */
export const shownKinds = ['base', 'base-examples', 'attempt', 'control', 'one-shot', 'random', 'reference', 'final']

/** A task may have several references: `reference-<name>`. */
export const shownKindOf = (arm: string) => /^(attempt|reference)-/.exec(arm)?.[1] ?? arm

/** The colour of an arm in every chart, as its legend has it. */
export const colourOf = (arm: string) => `var(--arm-${shownKindOf(arm)}, var(--accent))`
