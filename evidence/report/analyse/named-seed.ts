import type { ItemOutcome } from '../../../schemas/score.ts'
import type { Pairs } from '../statistics/newcombe.ts'
import type { Adapters, Mode } from './arm-scores.ts'

/** An arm's adapter of the seed named before the opening; of an arm that has no such seed, as the base, its first. */
const adapterOf = ({ seeds }: Adapters, seedIndex: number): Adapters['seeds'][number] =>
  seeds.find(({ index }) => index === seedIndex) ?? seeds[0]!

/** The named adapters of two arms, item by item. */
export function pairsOf(
  first: Adapters,
  second: Adapters,
  seedIndex: number,
  mode: Mode,
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
