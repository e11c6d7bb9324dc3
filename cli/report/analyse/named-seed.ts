import type { PrimaryComparison } from '../../../schemas/messages/evaluation.ts'
import type { ItemOutcome } from '../../../schemas/score.ts'
import type { SkillDifference } from '../contrasts.ts'
import { newcombePaired, type Pairs } from '../statistics/newcombe.ts'
import type { ArmScores } from './arm-scores.ts'

export type Mode = 'strict' | 'lenient'

/** The adapters of the seed named before the opening, item by item; an arm that has no such seed, as the base, with its first. */
export function pairsOf(
  first: ArmScores,
  second: ArmScores,
  seedIndex: number,
  mode: Mode,
  chosen: (item: ItemOutcome) => boolean,
): Pairs {
  const itemsOf = ({ seeds }: ArmScores) => (seeds.find(({ index }) => index === seedIndex) ?? seeds[0]!).items
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
  const skills = [...new Set(first.seeds[0]!.items.map(({ skill }) => skill))].sort()
  return skills.map((skill) => {
    const pairs = pairsOf(first, second, seedIndex, mode, (item) => item.skill === skill)
    const items = pairs.both + pairs.gained + pairs.lost + pairs.neither
    return {
      skill,
      items,
      value: items === 0 ? 0 : (pairs.gained - pairs.lost) / items,
      interval: newcombePaired(pairs),
    }
  })
}
