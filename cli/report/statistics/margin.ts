import { studentCritical } from './quantile.ts'
import type { TwoWay } from './two-way.ts'

/** One source of a share's uncertainty: its variance, and the degrees of freedom with which that is known. */
type Part = { variance: number; degreesOfFreedom: number }

/**
 * Half the width of a 95 % interval around a share, or around the difference of two arms' shares. `variance` is the one of its mean over
 * groups; of that, what neither groups nor seeds explain belongs to the seeds, whose mean square has it already. Student's t of
 * `degreesOfFreedom`. Seeds that agree by chance make no interval narrower than one standard error of what single answers leave to chance.
 */
export function margin(variance: number, tables: readonly TwoWay[]): number {
  const residual = Math.min(
    variance,
    meanVariance(tables, (table) => table.residual),
  )
  const groups: Part = { variance: variance - residual, degreesOfFreedom: tables[0]!.groups - 1 }
  const parts = [groups, seedPart(tables)].filter((part) => part.variance > 0)
  if (parts.length === 0) return Math.sqrt(residual)
  const all = parts.reduce((sum, part) => sum + part.variance, 0)
  return Math.max(Math.sqrt(residual), studentCritical(degreesOfFreedom(parts)) * Math.sqrt(all))
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
