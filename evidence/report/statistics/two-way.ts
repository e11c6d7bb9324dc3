/** Right answers of one arm: `right[seed][group]` out of the group's `sizes[group]` items. Groups, not items, are the draws. */
export type Grouped = { sizes: ArrayLike<number>; right: readonly ArrayLike<number>[] }

/** A group's right answers, averaged over seeds. */
export const perSeed = ({ right }: Grouped, group: number): number =>
  right.reduce((sum, own) => sum + own[group]!, 0) / right.length

/** A table of groups by seeds with its mean squares; those that want two seeds are 0 with one. */
export type TwoWay = {
  /** Share right, the mean over seeds and items, as a fraction. */
  share: number
  groups: number
  seeds: number
  /** Each group's part in the share, averaged over seeds; their mean is `share`. */
  groupValues: Float64Array
  /** Each seed's share right. */
  seedShares: Float64Array
  betweenGroups: number
  betweenSeeds: number
  residual: number
}

/**
 * The two-way analysis of variance of a share right, groups crossed with seeds, both random. Groups of unequal size enter linearised,
 * as a ratio of sums: group g counts as share + (G / N) (right in g - share x items of g). Searle, Casella and McCulloch (1992),
 * Variance Components, section 4.7; linearisation: Cochran (1977), Sampling Techniques, section 6.3.
 */
export function twoWay({ sizes, right }: Grouped): TwoWay {
  const [groups, seeds] = [sizes.length, right.length]
  let [items, correct] = [0, 0]
  for (let group = 0; group < groups; group++) items += sizes[group]!
  const seedShares = Float64Array.from(right, (own) => {
    let sum = 0
    for (let group = 0; group < groups; group++) sum += own[group]!
    correct += sum
    return sum / items
  })
  const share = correct / (items * seeds)
  const weight = groups / items
  const groupValues = new Float64Array(groups)
  let [total, between] = [0, 0]
  for (let group = 0; group < groups; group++) {
    const expected = share * sizes[group]!
    let sum = 0
    for (let seed = 0; seed < seeds; seed++) {
      const deviation = weight * (right[seed]![group]! - expected)
      total += deviation * deviation
      sum += deviation
    }
    between += (sum * sum) / seeds
    groupValues[group] = share + sum / seeds
  }
  const ofSeeds = groups * seedShares.reduce((sum, own) => sum + (own - share) ** 2, 0)
  const rest = Math.max(0, total - between - ofSeeds)
  return {
    share,
    groups,
    seeds,
    groupValues,
    seedShares,
    betweenGroups: groups > 1 ? between / (groups - 1) : 0,
    betweenSeeds: seeds > 1 ? ofSeeds / (seeds - 1) : 0,
    residual: seeds > 1 && groups > 1 ? rest / ((groups - 1) * (seeds - 1)) : 0,
  }
}
