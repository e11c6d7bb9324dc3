/**
 * Where the uncertainty of a share right comes from, groups of items or training seeds, and how far an interval reaches for it.
 *
 * Example: five items, each a group of its own, and the adapters of two seeds.
 *
 *     right        a b c d e   share
 *     seed 1       1 1 1 0 0   0.6
 *     seed 2       1 1 0 0 0   0.4
 *     group value  1 1 ½ 0 0   0.5
 *
 * `twoWay`: mean squares between groups 2 (4 x 0.25) / 4 = 0.5, between seeds 5 (2 x 0.01) / 1 = 0.1, and of the rest
 * (10 x 0.25 - 2 - 0.1) / 4 = 0.1. `margin`: divided by 5 x 2 they are variances of the share: 0.05, 0.01 and 0.01. The groups have
 * v = 0.05 - 0.01 = 0.04 with 4 degrees of freedom, the seeds v = 0.01 with 1. The standard error is sqrt(0.04 + 0.01) = 0.224; with
 * df = (0.04^2 + 0.01^2) / (0.04^2 / 4 + 0.01^2 / 1) = 3.4 Student's t is 2.98, so the interval reaches 0.67 to either side.
 */
import { normalCritical, studentCritical } from './intervals.ts'

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
  seedShares: Float64Array
  /** Mean square between groups: seeds x the sum of (group value - share)^2, over groups - 1. */
  betweenGroups: number
  /** Mean square between seeds: groups x the sum of (seed share - share)^2, over seeds - 1. */
  betweenSeeds: number
  /** Mean square of what neither groups nor seeds explain, over (groups - 1) (seeds - 1). */
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

/** One source of a share's uncertainty: its variance, and the degrees of freedom with which that is known. */
type Part = { variance: number; degreesOfFreedom: number }

/** The standard error of a share or of a difference of two, and how many of them a 95 % interval reaches to either side. */
export type Margin = { standardError: number; critical: number }

/**
 * The margin of a share, or of the difference of two arms' shares. `mean` is the variance of its mean over groups; of that, what neither
 * groups nor seeds explain belongs to the seeds, whose mean square has it already. Student's t of `degreesOfFreedom`. Seeds that agree
 * by chance let no interval reach less far than one standard error of what single answers leave to chance.
 */
export function margin(mean: Part, tables: readonly TwoWay[]): Margin {
  const residual = Math.min(
    mean.variance,
    meanVariance(tables, (table) => table.residual),
  )
  const parts = [{ ...mean, variance: mean.variance - residual }, seedPart(tables)].filter((part) => part.variance > 0)
  const critical = parts.length === 0 ? normalCritical() : studentCritical(degreesOfFreedom(parts))
  const all = parts.reduce((sum, part) => sum + part.variance, 0)
  return { standardError: Math.max(Math.sqrt(all), Math.sqrt(residual) / critical), critical }
}

/**
 * With how many degrees of freedom the sum of the parts is known, each with variance v_i and degrees of freedom df_i:
 *
 *     df = sum(v_i^2) / sum(v_i^2 / df_i)
 *
 * one over the mean of one over each one's own, weighted with its squared variance. These are the weights of Satterthwaite (1946,
 * Biometrics Bulletin 2, 110-114), made to add up to one: his own formula counts on errors of the parts that even out, and gives too many
 * where few seeds agree by chance.
 */
function degreesOfFreedom(parts: readonly Part[]): number {
  const squares = (divisor: (part: Part) => number) =>
    parts.reduce((sum, part) => sum + part.variance ** 2 / divisor(part), 0)
  return squares(() => 1) / squares((part) => part.degreesOfFreedom)
}

/**
 * Uncertainty from the draw of training seeds. Two arms have it in common, as in the pooled t test; a table of one seed, of which
 * nothing can be known, has none.
 */
function seedPart(tables: readonly TwoWay[]): Part {
  return {
    variance: meanVariance(tables, (table) => table.betweenSeeds),
    degreesOfFreedom: tables.reduce((sum, { seeds }) => sum + seeds - 1, 0),
  }
}

/** A mean square as the variance of the mean over groups and seeds, summed over tables. */
const meanVariance = (tables: readonly TwoWay[], meanSquare: (table: TwoWay) => number): number =>
  tables.reduce((sum, table) => sum + meanSquare(table) / (table.groups * table.seeds), 0)
