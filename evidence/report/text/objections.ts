import { confidence } from '../statistics/intervals.ts'
import { differenceText, type ShownDifference } from './format.ts'

/** What speaks against a claim, in the same words for a run, a set of runs and a comparison. Null: it does not. */

/** Fewer draws than this, groups of items where items come in groups, carry no claim, whatever their interval. */
export const minClaimDraws = 20

/** `draws`: of each run that the claim is made from. */
export const drawsText = (draws: readonly number[]): string | null =>
  draws.some((each) => each < minClaimDraws) ? `with fewer than ${minClaimDraws} draws nothing is claimed` : null

/** `finalEvals`: which final evaluation of the test each run's was, counted from 1. */
export function evaluatedText(finalEvals: readonly number[], p: number): string | null {
  const first = finalEvals.length > 0 ? Math.min(...finalEvals) : 1
  if (first === 1 || p * first <= 1 - confidence) return null
  return `the test had been evaluated ${first - 1} times before, and p times ${first} is above 5 %`
}

export const formText = (lenient: ShownDifference): string =>
  `what differs is the form of the answers: by lenient scoring the difference is ${differenceText(lenient)}`

export const overallText = (overall: ShownDifference): string | null =>
  overall.interval && overall.interval.high < 0 ? `over all parts the difference is ${differenceText(overall)}` : null

export const weakText = (who: string, own: string, base: string): string =>
  `${who} is below the base alone (${own} against ${base}), and the final is not shown to be above that`
