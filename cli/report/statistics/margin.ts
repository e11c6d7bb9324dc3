import { normalCritical, studentCritical } from './quantile.ts'
import type { TwoWay } from './two-way.ts'

/** One source of a share's uncertainty: its variance, and how many deviations of it a 95 % interval needs. */
export type Part = { variance: number; critical: number }

/**
 * Both were set by simulation (docs/intervals.md, `npm run simulate`), so that intervals hold the truth in 93 to 97 % of runs whether
 * seeds matter or not. `seedlessCritical` is what the residual alone is taken with where seeds show no effect; `offset` is
 * the share of the residual that is subtracted before the seeds' mean square counts with Student's t.
 */
export const seedlessCritical = normalCritical(0.9)
const offset = 0.45

const criticals = new Map<number, number>()
function critical(degreesOfFreedom: number): number {
  const known = criticals.get(degreesOfFreedom)
  if (known !== undefined) return known
  const value = studentCritical(degreesOfFreedom)
  criticals.set(degreesOfFreedom, value)
  return value
}

/**
 * Uncertainty from the draw of groups. `variance` is that of the mean over all of them, the residual of the tables in it, which is
 * taken out.
 */
export function groupPart(variance: number, groups: number, tables: readonly TwoWay[]): Part {
  return { variance: Math.max(0, variance - residualOf(tables)), critical: critical(groups - 1) }
}

/**
 * Uncertainty from the draw of training seeds, the residual with it. Two arms have it in common, as in the pooled t test; a table of one
 * seed, of which nothing can be known, has none. `most` is the variance that the residual may at most have.
 */
export function seedPart(tables: readonly TwoWay[], most: number): Part {
  const repeated = tables.filter(({ seeds }) => seeds > 1)
  const residual = Math.min(residualOf(repeated), most)
  const between = repeated.reduce((sum, table) => sum + table.betweenSeeds / (table.groups * table.seeds), 0)
  const variance = Math.max(between, residual)
  if (variance === 0) return { variance, critical: 0 }
  const t = critical(repeated.reduce((sum, { seeds }) => sum + seeds - 1, 0))
  const squared = seedlessCritical ** 2 * residual + t ** 2 * Math.max(0, between - offset * residual)
  return { variance, critical: Math.sqrt(squared / variance) }
}

/** The variance of the mean that neither groups nor seeds alone explain. */
function residualOf(tables: readonly TwoWay[]): number {
  return tables.reduce((sum, { residual, groups, seeds }) => sum + residual / (groups * seeds), 0)
}

/**
 * Half the width of an interval whose uncertainty has several parts: the critical values averaged, as in Cochran's t' (Cochran and Cox
 * 1957, Experimental Designs, section 4.14), with squared variances as weights, as in Satterthwaite's degrees of freedom.
 */
export function margin(parts: readonly Part[]): number {
  const [variance, weight, critical] = parts.reduce(
    ([all, weights, sum], part) => [
      all + part.variance,
      weights + part.variance ** 2,
      sum + part.critical * part.variance ** 2,
    ],
    [0, 0, 0],
  )
  return variance === 0 ? 0 : (critical / weight) * Math.sqrt(variance)
}
