import cdf from '@stdlib/stats-base-dists-hypergeometric-cdf'
import { z } from 'zod'
import type { FailureCause } from '../../../schemas/guidance.ts'
import { sha256 } from '../../../schemas/hash.ts'
import type { ScoreMode } from '../../../schemas/task.ts'
import type { Sandbox } from '../../../tasks/sandbox/sandbox.ts'
import type { Graded } from '../scorer/grading.ts'
import type { AnalysisLimits } from './options.ts'

/** What failed items may have in common: in a sentence, and as a JavaScript function of an item. */
export const Hypothesis = z.object({
  statement: z.string().trim().min(1).max(400),
  test: z.string().trim().min(1).max(4000),
})
export type Hypothesis = z.infer<typeof Hypothesis>

/** A hypothesis with its counts over the items that its author has not seen; `fault`: its test could not be run. */
export type Counted = FailureCause & { holds: boolean; fault?: string }

/**
 * The items that an analyst is shown, and the others, on which it is checked. Which ones follows from their ids: so many of the wrong and
 * of the right ones, but never more than half of either, so that as many are left to count.
 */
export function splitItems(
  graded: readonly Graded[],
  mode: ScoreMode,
  { shownWrong, shownRight }: Pick<AnalysisLimits, 'shownWrong' | 'shownRight'>,
): { wrong: Graded[]; right: Graded[]; others: Graded[] } {
  const order = graded.toSorted((a, b) => (sha256(a.item.id) < sha256(b.item.id) ? -1 : 1))
  const [allWrong, allRight] = [false, true].map((is) => order.filter(({ outcome }) => outcome[mode] === is))
  const some = (of: readonly Graded[], most: number) => of.slice(0, Math.min(most, Math.floor(of.length / 2)))
  const [wrong, right] = [some(allWrong!, shownWrong), some(allRight!, shownRight)]
  const shown = new Set([...wrong, ...right].map(({ item }) => item.id))
  return { wrong, right, others: order.filter(({ item }) => !shown.has(item.id)) }
}

/** Runs in the sandbox: one test on many items. */
const runner = (test: string) => `(items) => {
  const test = (
${test}
)
  return items.map((item) => test(item) === true)
}`

/**
 * Counts a hypothesis over items: how many of those with the property were wrong, and of those without. `pValue` is that of Fisher's exact
 * test, one-sided: the chance of at least so many wrong ones among those with the property, were it no reason (R. A. Fisher, "Statistical
 * Methods for Research Workers", 1934, section 21.02).
 */
export async function countHypothesis(
  { statement, test }: Hypothesis,
  others: readonly Graded[],
  { mode, sandbox }: { mode: ScoreMode; sandbox: Sandbox },
): Promise<Omit<Counted, 'holds'>> {
  const none = { wrong: 0, total: 0 }
  const items = others.map(({ item: { input, answer, skill, part } }) => ({ input, expected: answer, skill, part }))
  const outcome = await sandbox.call(runner(test), items)
  const has = outcome.ok ? z.array(z.boolean()).length(items.length).safeParse(outcome.value).data : undefined
  if (!has) {
    const fault = outcome.ok ? 'its test gave no list of answers' : outcome.message.slice(0, 300)
    return { statement, test, with: none, without: none, pValue: 1, fault }
  }
  const tally = (is: boolean) => {
    const own = others.filter((_, index) => has[index] === is)
    return { wrong: own.filter(({ outcome }) => !outcome[mode]).length, total: own.length }
  }
  const [having, lacking] = [tally(true), tally(false)]
  return { statement, test, with: having, without: lacking, pValue: fisher(having, lacking) }
}

/** The chance of at least `having.wrong` wrong items among `having.total` drawn from all of them. */
export function fisher(having: FailureCause['with'], lacking: FailureCause['without']): number {
  const [all, wrong] = [having.total + lacking.total, having.wrong + lacking.wrong]
  if (having.total === 0 || having.wrong === 0) return 1
  return Math.min(1, Math.max(0, 1 - cdf(having.wrong - 1, all, wrong, having.total)))
}

/** Which of a report's hypotheses hold: at the level divided by their number (Bonferroni), with enough items that have the property. */
export function judged(
  counted: readonly Omit<Counted, 'holds'>[],
  { significance, leastItems }: Pick<AnalysisLimits, 'significance' | 'leastItems'>,
): Counted[] {
  return counted.map((each) => ({
    ...each,
    holds: each.fault === undefined && each.with.total >= leastItems && each.pValue <= significance / counted.length,
  }))
}
