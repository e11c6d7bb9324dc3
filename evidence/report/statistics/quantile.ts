import jStat from 'jstat'
import { confidence } from './interval.ts'

/** The standard normal quantile that leaves (1 - level) / 2 in each tail: 1.96 at 95 %. */
export function normalCritical(level: number = confidence): number {
  return jStat.normal.inv((1 + level) / 2, 0, 1)
}

/** As `normalCritical`, of Student's t; degrees of freedom need not be whole. */
export function studentCritical(degreesOfFreedom: number, level: number = confidence): number {
  return jStat.studentt.inv((1 + level) / 2, degreesOfFreedom)
}

/** How likely Student's t is so far from zero, to either side. */
export function studentTail(t: number, degreesOfFreedom: number): number {
  return jStat.ibeta(degreesOfFreedom / (degreesOfFreedom + t * t), degreesOfFreedom / 2, 1 / 2)
}
