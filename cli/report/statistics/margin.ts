import { studentCritical } from './quantile.ts'
import type { TwoWay } from './two-way.ts'

/** One source of a share's uncertainty: its variance, and the degrees of freedom with which that is known. */
type Part = { variance: number; degreesOfFreedom: number }

/**
 * Half the width of a 95 % interval around a share, or around the difference of two arms' shares. `variance` is the one of its mean over
 * groups; of that, what neither groups nor seeds explain belongs to the seeds, whose mean square has it already. Each part has a
 * Student's t of its own, averaged with the squared variances as weights: Cochran's t' (Cochran and Cox 1957, Experimental
 * Designs, section 4.14) with the weights of Satterthwaite (1946, Biometrics Bulletin 2, 110-114). Seeds that agree by chance make
 * no interval narrower than one standard error of what single answers leave to chance.
 */
export function margin(variance: number, tables: readonly TwoWay[]): number {
  const residual = Math.min(
    variance,
    meanVariance(tables, (table) => table.residual),
  )
  const groups: Part = { variance: variance - residual, degreesOfFreedom: tables[0]!.groups - 1 }
  const [all, weights, weighted] = [groups, seedPart(tables)].reduce(
    ([all, weights, weighted], part) => {
      if (part.variance === 0) return [all, weights, weighted]
      const weight = part.variance ** 2
      return [all + part.variance, weights + weight, weighted + weight * critical(part.degreesOfFreedom)]
    },
    [0, 0, 0],
  )
  return Math.max(Math.sqrt(residual), all === 0 ? 0 : (weighted / weights) * Math.sqrt(all))
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

const criticals = new Map<number, number>()
function critical(degreesOfFreedom: number): number {
  const known = criticals.get(degreesOfFreedom)
  if (known !== undefined) return known
  const value = studentCritical(degreesOfFreedom)
  criticals.set(degreesOfFreedom, value)
  return value
}
