import type { PrimaryComparison } from '../../../schemas/messages/evaluation.ts'
import type { ItemOutcome } from '../../../schemas/score.ts'
import type { SkillDifference } from '../contrasts.ts'
import { armDifference } from '../statistics/arm-difference.ts'
import { newcombePaired, type Pairs } from '../statistics/newcombe.ts'
import { type ArmScores, type Mode, together } from './arm-scores.ts'

/** An arm's adapter of the seed named before the opening; of an arm that has no such seed, as the base, its first. */
const adapterOf = ({ seeds, ...arm }: ArmScores, seedIndex: number): ArmScores => ({
  ...arm,
  seeds: [seeds.find(({ index }) => index === seedIndex) ?? seeds[0]!],
})

/** The named adapters of two arms, item by item. */
export function pairsOf(
  first: ArmScores,
  second: ArmScores,
  seedIndex: number,
  mode: Mode,
  chosen: (item: ItemOutcome) => boolean,
): Pairs {
  const itemsOf = (scores: ArmScores) => adapterOf(scores, seedIndex).seeds[0]!.items
  const twins = new Map(itemsOf(second).map((item) => [item.id, item]))
  const pairs: Pairs = { both: 0, gained: 0, lost: 0, neither: 0 }
  for (const item of itemsOf(first)) {
    const twin = twins.get(item.id)
    if (!twin || !chosen(item)) continue
    pairs[item[mode] ? (twin[mode] ? 'both' : 'gained') : twin[mode] ? 'lost' : 'neither'] += 1
  }
  return pairs
}

/** One arm minus another skill by skill, over all parts. */
export function skillDifferences(
  first: ArmScores,
  second: ArmScores,
  { seedIndex, mode }: Pick<PrimaryComparison, 'seedIndex' | 'mode'>,
): SkillDifference[] {
  const adapters = [first, second].map((scores) => adapterOf(scores, seedIndex))
  const skills = [...new Set(first.seeds[0]!.items.map(({ skill }) => skill))].sort()
  return skills.map((skill) => {
    const ofSkill = (item: ItemOutcome) => item.skill === skill
    const { items, groups, tables } = together(adapters, mode, ofSkill)
    if (items === 0) return { skill, items, groups, value: 0, interval: null }
    const { value, interval: overGroups } = armDifference(tables[0]!, tables[1]!)
    const pairs = pairsOf(first, second, seedIndex, mode, ofSkill)
    return { skill, items, groups, value, interval: groups === items ? newcombePaired(pairs) : overGroups }
  })
}
