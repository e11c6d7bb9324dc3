import { normalCritical, studentCritical } from './quantile.ts'
import type { TwoWay } from './two-way.ts'

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
 * With how many degrees of freedom the sum of the parts is known: one over the mean of one over each one's own, weighted with its squared
 * variance. These are the weights of Satterthwaite (1946, Biometrics Bulletin 2, 110-114), made to add up to one: his own formula
 * counts on errors of the parts that even out, and gives too many where few seeds agree by chance.
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
