import { wilson } from './wilson.js'

/** The arm of a candidate: its name without the training seed, `final-s2` is of `final`. */
export const armOf = (name) => name.replace(/-s\d+$/, '')

/** Which training seed of its arm a candidate is, counted from 1. */
export const seedOf = (name) => Number(/-s(\d+)$/.exec(name)?.[1] ?? 1)

/** Names by arm, the arms as they come first, the seeds of each in order. */
export function byArm(names) {
  const arms = Map.groupBy(names, armOf)
  for (const own of arms.values()) own.sort((a, b) => seedOf(a) - seedOf(b))
  return arms
}

/**
 * What is drawn of an arm: the share of each training seed and their mean, from `low` to `high`. With one seed these are Wilson's
 * 95 % interval, with several the least and the greatest seed: how items and seeds vary together is in the report.
 */
export function spreadOf(tallies) {
  const shares = tallies.map(({ correct, total }) => (total > 0 ? correct / total : 0))
  const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length
  const [low, high] = shares.length === 1 ? wilson(tallies[0]) : [Math.min(...shares), Math.max(...shares)]
  return { shares, mean, low, high }
}

/** Kinds of arms in reading order. */
export const kinds = ['base', 'base-examples', 'attempt', 'control', 'one-shot', 'random', 'reference', 'final']

/** A task may have several references: `reference-<name>`. */
export const kindOf = (arm) => /^(attempt|reference)-/.exec(arm)?.[1] ?? arm

/** The colour of an arm in every chart, as its legend has it. */
export const colourOf = (arm) => `var(--arm-${kindOf(arm)}, var(--accent))`
