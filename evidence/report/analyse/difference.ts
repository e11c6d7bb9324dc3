import type { ItemOutcome } from '../../../schemas/score.ts'
import type { ScoreMode } from '../../../schemas/task.ts'
import type { ArmComparison, ArmDifference, SkillDifference } from '../contrasts.ts'
import { armDifference, newcombePaired, type Pairs } from '../statistics/differences.ts'
import { mcNemar, signFlip } from '../statistics/significance.ts'
import { type Adapters, type ArmScores, byName, inPart, ofSkill, together } from './arm-scores.ts'

/** The training seed whose adapters McNemar compares, and the seed of the sign flips that are drawn. */
export type How = { seedIndex: number; seed: number }

/** Some adapters minus others on the chosen items that all of them were asked; null where there are none. */
export function differenceOf(
  first: Adapters,
  second: Adapters,
  chosen: (item: ItemOutcome) => boolean,
  mode: ScoreMode,
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
): ArmComparison['parts'] => byName(parts, (part, mode) => differenceOf(first, second, inPart(part), mode, how))

export const skillsOf = ({ seeds }: ArmScores): string[] =>
  [...new Set(seeds[0]!.items.map(({ skill }) => skill))].sort()

/**
 * One arm minus another skill by skill, over all parts and all their adapters, as the whole difference is; of one adapter each, on items
 * that stand alone, Newcombe's.
 */
export const skillDifferences = (first: ArmScores, second: ArmScores, mode: ScoreMode): SkillDifference[] =>
  skillsOf(first).map((skill) => {
    const { items, groups, tables } = together([first, second], mode, ofSkill(skill))
    const seeds: [number, number] = [first.seeds.length, second.seeds.length]
    if (items === 0) return { skill, items, groups, seeds, value: 0, interval: null }
    const { value, interval } = armDifference(tables[0]!, tables[1]!)
    const isPlain = groups === items && Math.max(...seeds) === 1
    const plain = isPlain ? newcombePaired(pairsOf(first, second, 1, mode, ofSkill(skill))) : null
    return { skill, items, groups, seeds, value, interval: plain ?? interval }
  })

/** An arm's adapter of the seed named before the final evaluation; of an arm that has no such seed, as the base, its first. */
const adapterOf = ({ seeds }: Adapters, seedIndex: number): Adapters['seeds'][number] =>
  seeds.find(({ index }) => index === seedIndex) ?? seeds[0]!

/** The named adapters of two arms, item by item. */
function pairsOf(
  first: Adapters,
  second: Adapters,
  seedIndex: number,
  mode: ScoreMode,
  chosen: (item: ItemOutcome) => boolean,
): Pairs {
  const twins = new Map(adapterOf(second, seedIndex).items.map((item) => [item.id, item]))
  const pairs: Pairs = { both: 0, gained: 0, lost: 0, neither: 0 }
  for (const item of adapterOf(first, seedIndex).items) {
    const twin = twins.get(item.id)
    if (!twin || !chosen(item)) continue
    pairs[item[mode] ? (twin[mode] ? 'both' : 'gained') : twin[mode] ? 'lost' : 'neither'] += 1
  }
  return pairs
}
