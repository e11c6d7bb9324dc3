import type { ArmDifference, Contrasts } from '../contrasts.ts'
import type { Claim, ReportData, SealedResults } from '../report-data.ts'
import { confidence } from '../statistics/interval.ts'
import { pText } from '../text/contrasts.ts'
import { itemsText, percent, points } from '../text/format.ts'
import { labelOf } from './names.ts'

/** Fewer draws than this, groups of items where items come in groups, carry no claim, whatever their interval. */
export const minClaimDraws = 20

type Mode = 'strict' | 'lenient'
type Words = { shown: string; notShown: string; opposite: string }

const improvedWords: Words = {
  shown: 'The student improved',
  notShown: 'An improvement of the student over its base is not shown',
  opposite: 'The student got worse than its base',
}
const examplesWords: Words = {
  shown: 'It also beats the base that is given the worked examples',
  notShown: 'An advantage over the base with the worked examples is not shown',
  opposite: 'It does worse than the base that is given the worked examples',
}
const searchWords: Words = {
  shown: 'The search helped',
  notShown: 'A benefit of the search over an even spread of the same number of rows is not shown',
  opposite: 'The search did worse than an even spread of the same number of rows',
}

/**
 * The sentences that head the report. One is a claim only where its interval excludes zero and its p is at most 5 %, adjusted for those
 * that are read with it unless it was named before the opening.
 */
export function conclude(
  sealed: SealedResults | null,
  headline: string,
  primary: Mode,
): Pick<ReportData['conclusion'], 'improved' | 'beatsExamples' | 'search'> {
  const against = (to: string, words: Words) => claim(sealed, to, words, headline, primary)
  return {
    improved: against('base', improvedWords),
    beatsExamples: against('base-examples', examplesWords),
    search: against('control', searchWords),
  }
}

function claim(sealed: SealedResults | null, to: string, words: Words, headline: string, primary: Mode): Claim {
  if (!sealed) return { verdict: 'not-measured', sentence: `The test was not opened: ${lower(words.notShown)}.` }
  const { arms, comparisons, leftOut } = sealed.contrasts
  const difference = comparisons.find((one) => one.to === to)?.parts[headline]?.[primary]
  if (!difference?.interval) {
    const reason = leftOut.find(({ arm }) => arm === to)?.reason
    const same = arms.find(({ arm }) => arm === to)?.sameAs
    const what = same
      ? `${lower(labelOf(to))} has the very same dataset as ${lower(labelOf(same))}`
      : (reason ?? `${lower(labelOf('final'))} and ${lower(labelOf(to))} were not both scored on ${labelOf(headline)}`)
    return { verdict: 'not-measured', sentence: `${words.notShown}: ${what}.` }
  }
  const { low, high } = difference.interval
  const [final, other] = ['final', to].map(
    (name) => arms.find(({ arm }) => arm === name)?.parts[headline]?.[primary].value ?? null,
  )
  const seeds = Math.max(...difference.seeds)
  const { p, test } = testOf(sealed.contrasts, to, difference)
  const figures =
    `on ${labelOf(headline)} (${itemsText(difference)}, ${seeds === 1 ? 'this adapter only' : `mean of ${seeds} training seeds`}) ${percent(final ?? null)} against ${percent(other ?? null)}, ` +
    `a difference of ${points(difference.value)} points, 95 % interval ${points(low)} to ${points(high)}, ${test}`
  if (difference.groups < minClaimDraws) {
    return {
      verdict: 'not-shown',
      sentence: `${words.notShown}: ${figures}; with fewer than ${minClaimDraws} draws nothing is claimed.`,
    }
  }
  if (low <= 0 && high >= 0)
    return { verdict: 'not-shown', sentence: `${words.notShown}: ${figures}; the interval includes zero.` }
  if (p > 1 - confidence)
    return {
      verdict: 'not-shown',
      sentence: `${words.notShown}: ${figures}; the interval excludes zero, but p is above 5 %.`,
    }
  const reach = seeds === 1 ? ', as far as one training seed tells' : ''
  if (low > 0) return { verdict: 'shown', sentence: `${words.shown}${reach}: ${figures}.` }
  return { verdict: 'opposite', sentence: `${words.opposite}${reach}: ${figures}.` }
}

/** The p that a claim goes by: Holm's of a secondary comparison, that of its own test of the one named before the opening. */
function testOf(
  { adjusted }: Contrasts,
  to: string,
  { signFlip, mcNemar }: ArmDifference,
): { p: number; test: string } {
  const secondary = adjusted.find((one) => one.to === to)
  if (secondary) return { p: secondary.adjusted, test: `${pText(secondary.adjusted)} adjusted by Holm` }
  const p = signFlip ?? mcNemar
  return { p, test: pText(p) }
}

const lower = (text: string) => text.charAt(0).toLowerCase() + text.slice(1)
