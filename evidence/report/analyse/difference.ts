import type { ItemOutcome } from '../../../schemas/score.ts'
import type { ArmDifference, Comparison } from '../contrasts.ts'
import { armDifference } from '../statistics/arm-difference.ts'
import { mcNemar } from '../statistics/mcnemar.ts'
import { signFlip } from '../statistics/sign-flip.ts'
import { type Adapters, byName, inPart, type Mode, together } from './arm-scores.ts'
import { pairsOf } from './named-seed.ts'

/** The training seed whose adapters McNemar compares, and the seed of the sign flips that are drawn. */
export type How = { seedIndex: number; seed: number }

/** Some adapters minus others on the chosen items that all of them were asked; null where there are none. */
export function differenceOf(
  first: Adapters,
  second: Adapters,
  chosen: (item: ItemOutcome) => boolean,
  mode: Mode,
  { seedIndex, seed }: How,
): ArmDifference | null {
  const { items, groups, tables } = together([first, second], mode, chosen)
  const [one, two] = tables
  if (items === 0 || !one || !two) return null
  const { value, interval, byGroup } = armDifference(one, two)
  const { gained, lost } = pairsOf(first, second, seedIndex, mode, chosen)
  const seeds: [number, number] = [one.right.length, two.right.length]
  const flipped = Math.max(...seeds) > 1 || groups < items ? signFlip(byGroup, seed) : null
  return { items, groups, seeds, value, interval, gained, lost, mcNemar: mcNemar(gained, lost), signFlip: flipped }
}

/** The same part by part. */
export const differencesOf = (
  first: Adapters,
  second: Adapters,
  parts: readonly string[],
  how: How,
): Comparison['parts'] => byName(parts, (part, mode) => differenceOf(first, second, inPart(part), mode, how))
