import { plural } from '../../../schemas/number-text.ts'
import { type Parts, present } from '../../../schemas/present.ts'
import type { ScoreMode } from '../../../schemas/task.ts'
import type { ArmComparison, ArmDifference } from '../contrasts.ts'
import type { Claim, ReportData, SealedResults } from '../report-data.ts'
import { confidence } from '../statistics/intervals.ts'
import { differenceText, intervalText, itemsText, percent, points, pText } from '../text/format.ts'
import { allParts, labelOf, lower } from '../text/names.ts'
import { drawsText, formText, overallText, weakText } from '../text/objections.ts'
import { brokenReplies, brokenText, collapsedText, trivialText } from '../text/replies.ts'
import { pOf } from './contrasts.ts'

/** A baseline with fewer rows than this share of the final's is no match for it. */
const leastRows = 0.95

type Words = { shown: string; notShown: string; opposite: string }

/** What a claim is made from. */
export type Conditions = {
  sealed: SealedResults
  headline: string
  mode: ScoreMode
  /** The attempts that were scored on validation, in order, and the chosen one. */
  attempts: readonly number[]
  chosen: number | null
  /** Rows that each arm was trained on, as far as its training says. */
  rows: Readonly<Record<string, number>>
}

const improvedWords: Words = {
  shown: 'The student improved',
  notShown: 'An improvement of the student over its base is not shown',
  opposite: 'The student got worse than its base',
}
const trivialWords: Words = {
  shown: 'It does better than any answer that needs no student',
  notShown: 'That it does better than an answer that needs no student is not shown',
  opposite: 'It does worse than an answer that needs no student',
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
 * The sentences that head the report. One is a claim only where
 * C1  its interval excludes zero, and its p, times the final evaluations of this test and adjusted for those that are read with it unless
 *     it was named before the final evaluation, is at most 5 %;
 * C2  the final is above the best that answering without knowing anything scores, by the same measure;
 * C3  most replies of the final and of the other arm are answers, and the claim holds as well with the final's own results in place of what
 *     the other arm did not answer;
 * C4  it is not the form of the answers alone: where strict scoring counts, lenient scoring shows the same; nor the choice of the part
 *     alone: over all parts the final is not shown to be below;
 * C5  the other arm is no straw man: where it is below the base, the final is above that too; the control has as many rows;
 * C6  of the search: there was one, and its choice is not the first attempt.
 */
export function conclude(
  sealed: SealedResults | null,
  conditions: Omit<Conditions, 'sealed'>,
): Omit<ReportData['conclusion'], 'caveats'> {
  if (!sealed) {
    const unmeasured = ({ notShown }: Words): Claim => ({
      conclusion: 'not-measured',
      sentence: `There was no final evaluation: ${lower(notShown)}.`,
    })
    return {
      improved: unmeasured(improvedWords),
      trivial: unmeasured(trivialWords),
      beatsExamples: unmeasured(examplesWords),
      search: unmeasured(searchWords),
    }
  }
  const on = { ...conditions, sealed }
  return {
    improved: claim(on, 'base', improvedWords, []),
    trivial: trivialClaim(on),
    beatsExamples: claim(on, 'base-examples', examplesWords, [weakObjection(on, 'base-examples')]),
    search: searchClaim(on),
  }
}

function claim(on: Conditions, to: string, words: Words, further: Parts): Claim {
  const { sealed, headline, mode } = on
  const { arms, comparisons, leftOut } = sealed.contrasts
  const comparison = comparisons.find((one) => one.to === to)
  const difference = comparison?.parts[headline]?.[mode]
  if (!comparison || !difference?.interval) {
    const reason = leftOut.find(({ arm }) => arm === to)?.reason
    const same = arms.find(({ arm }) => arm === to)?.sameAs
    const what = same
      ? `${lower(labelOf(to))} has the very same dataset as ${lower(labelOf(same))}`
      : (reason ?? `${lower(labelOf('final'))} and ${lower(labelOf(to))} were not both scored on ${labelOf(headline)}`)
    return { conclusion: 'not-measured', sentence: `${words.notShown}: ${what}.` }
  }
  const figures = comparisonText(on, comparison, difference)
  const objections = objectionsTo(on, comparison, further)
  const { conclusion, sentence } = judged(on, difference, words, figures, testOf(on, to, difference).p, objections)
  return { conclusion, sentence: `${sentence}${overallFigures(on, comparison)}` }
}

/** Why a difference above zero is no claim. */
const objectionsTo = (on: Conditions, comparison: ArmComparison, further: Parts): string[] =>
  present([
    trivialObjection(on),
    ownObjection(on),
    favouredObjection(on, comparison),
    formObjection(on, comparison),
    overallObjection(on, comparison),
    ...further,
  ])

/** The p that a claim goes by: Holm's of a secondary comparison, that of its own test of the one named before the final evaluation. */
function testOf({ sealed }: Conditions, to: string, difference: ArmDifference): { p: number; isAdjusted: boolean } {
  const secondary = sealed.contrasts.adjusted.find((one) => one.to === to)
  return { p: secondary?.adjusted ?? pOf(difference), isAdjusted: secondary !== undefined }
}

/** The figures of a comparison on the headline. */
function comparisonText(on: Conditions, { to }: ArmComparison, difference: ArmDifference): string {
  const { sealed, headline, mode } = on
  const other = sealed.contrasts.arms.find(({ arm }) => arm === to)?.parts[headline]?.[mode].value ?? null
  return figuresText(on, difference, percent(other), testOf(on, to, difference))
}

/** What the figures of a difference come to. */
function judged(
  { sealed: { finalEvalNumber } }: Conditions,
  difference: ArmDifference,
  words: Words,
  figures: string,
  p: number,
  objections: readonly string[],
): Claim {
  const notShown = (why: string): Claim => ({
    conclusion: 'not-shown',
    sentence: `${words.notShown}: ${figures}; ${why}.`,
  })
  const { low, high } = difference.interval!
  const few = drawsText([difference.groups])
  if (few) return notShown(few)
  if (low <= 0 && high >= 0) return notShown('the interval includes zero')
  if (p > 1 - confidence) return notShown('the interval excludes zero, but p is above 5 %')
  if (p * finalEvalNumber > 1 - confidence)
    return notShown(
      `this is final evaluation ${finalEvalNumber} of the test, and p times ${finalEvalNumber} is above 5 %`,
    )
  const reach = Math.max(...difference.seeds) === 1 ? ', as far as one training seed tells' : ''
  if (high < 0) return { conclusion: 'opposite', sentence: `${words.opposite}${reach}: ${figures}.` }
  if (objections.length > 0) return notShown(objections.join('; '))
  return { conclusion: 'shown', sentence: `${words.shown}${reach}: ${figures}.` }
}

/** Where, how many, how much against how much, and how sure that is. */
function figuresText(
  { sealed, headline, mode }: Conditions,
  difference: ArmDifference,
  other: string,
  { p, isAdjusted }: { p: number; isAdjusted: boolean },
): string {
  const seeds = Math.max(...difference.seeds)
  const final = sealed.contrasts.arms.find(({ arm }) => arm === 'final')?.parts[headline]?.[mode].value ?? null
  const { value, interval } = difference
  return (
    `on ${labelOf(headline)} (${itemsText(difference)}, ${seeds === 1 ? 'this adapter only' : `mean of ${seeds} training seeds`}) ` +
    `${percent(final)} against ${other}, a difference of ${points(value)} points, 95 % interval ${intervalText(interval, points)}, ` +
    `${pText(p)}${isAdjusted ? ' adjusted by Holm' : ''}`
  )
}

/** The same difference over all parts, where the headline is one of several. */
function overallFigures({ sealed, headline, mode }: Conditions, { parts }: ArmComparison): string {
  const difference = parts[allParts]?.[mode]
  if (!difference || sealed.parts.length < 2 || headline === allParts) return ''
  return ` Over all parts (${itemsText(difference)}): ${differenceText(difference)}.`
}

const isAbove = (difference: ArmDifference, p = pOf(difference)): boolean =>
  difference.interval !== null && difference.interval.low > 0 && p <= 1 - confidence

/** C2: what answering without knowing anything scores. */
function trivialObjection({ sealed, headline, mode }: Conditions): string | null {
  const trivial = sealed.contrasts.trivial[headline]?.[mode]
  if (!trivial?.difference || isAbove(trivial.difference)) return null
  return `${trivialText(trivial)} scores ${percent(trivial.value)}, and the final is not shown to be above that: ${differenceText(trivial.difference)}`
}

/** C3: a student most of whose replies are none is not shown to have learned to answer. */
function ownObjection({ sealed }: Conditions): string | null {
  const own = sealed.contrasts.replies.find(({ arm }) => arm === 'final')
  return own && 2 * brokenReplies(own) > own.replies ? brokenText({ ...own, collapsed: 0 }) : null
}

/** C3: what the other arm did not answer. */
function favouredObjection({ sealed, headline, mode }: Conditions, { to, favoured }: ArmComparison): string | null {
  const difference = favoured?.parts[headline]?.[mode]
  const facts = sealed.contrasts.replies.find(({ arm }) => arm === to)
  if (!favoured || !difference || !facts) return null
  if (2 * favoured.silent > favoured.of) return `${brokenText(facts)}, so the comparison shows nothing`
  const adjusted = sealed.contrasts.adjusted.find((one) => one.to === to)?.favoured
  if (isAbove(difference, adjusted ?? pOf(difference))) return null
  return `${brokenText(facts)}; with the final’s own results in their place the difference is ${differenceText(difference)}`
}

/** C4: whether lenient scoring shows the same. */
function formObjection({ headline, mode }: Conditions, { parts }: ArmComparison): string | null {
  const lenient = parts[headline]?.lenient
  return mode === 'lenient' || !lenient || isAbove(lenient) ? null : formText(lenient)
}

/** C4: whether what the headline gained was lost elsewhere, and more. */
function overallObjection({ sealed, mode }: Conditions, { parts }: ArmComparison): string | null {
  const difference = parts[allParts]?.[mode]
  return sealed.parts.length > 1 && difference ? overallText(difference) : null
}

/** Whether the final is above what needs no student; of one that has collapsed, that comes first. */
function trivialClaim(on: Conditions): Claim {
  const { sealed, headline, mode } = on
  const { trivial, replies } = sealed.contrasts
  const final = replies.find(({ arm }) => arm === 'final')
  const collapsed = final && final.collapsed > 0 ? `${collapsedText(final)}. ` : ''
  const measured = trivial[headline]?.[mode]
  if (!measured?.difference?.interval) {
    const sentence = `${collapsed}${trivialWords.notShown}: the final was not scored.`
    return { conclusion: 'not-measured', sentence }
  }
  const { difference, value } = measured
  const tested = { p: pOf(difference), isAdjusted: false }
  const figures = figuresText(on, difference, `${percent(value)} of ${trivialText(measured)}`, tested)
  const { conclusion, sentence } = judged(on, difference, trivialWords, figures, tested.p, present([ownObjection(on)]))
  return { conclusion, sentence: `${collapsed}${sentence}` }
}

/** C6: a search is two attempts at least, of which a later one was chosen. */
function searchClaim(on: Conditions): Claim {
  const { sealed, headline, mode, attempts, chosen } = on
  const made = claim(on, 'control', searchWords, controlObjections(on))
  const comparison = sealed.contrasts.comparisons.find(({ to }) => to === 'control')
  const difference = comparison?.parts[headline]?.[mode]
  if (made.conclusion === 'not-measured' || !comparison || !difference) return made
  const figures = comparisonText(on, comparison, difference)
  if (attempts.length === 1) {
    const what = 'its dataset against an even spread of the same number of rows'
    const but = isAbove(difference) ? objectionsTo(on, comparison, controlObjections(on)) : []
    const measured = [`${what}: ${figures}`, ...but].join('; ')
    const sentence = `There was no search that could have helped, since one attempt was scored; ${measured}.${overallFigures(on, comparison)}`
    return { conclusion: 'not-measured', sentence }
  }
  if (made.conclusion !== 'shown' || chosen === null || chosen !== attempts[0]) return made
  const why = `the chosen dataset is that of attempt ${chosen}, the first that was scored, and what came after it added nothing`
  return {
    conclusion: 'not-shown',
    sentence: `${searchWords.notShown}: ${figures}; ${why}.${overallFigures(on, comparison)}`,
  }
}

/** Whether an arm has too few rows to be a match for the final. */
export const isShort = (rows: number | null | undefined, own: number | null | undefined): boolean =>
  rows != null && own != null && rows < leastRows * own

/** C5: why the control is no match for the final. */
function controlObjections(on: Conditions): Parts {
  const { sealed, rows } = on
  const rowsOf = (arm: string) => rows[arm] ?? sealed.contrasts.arms.find((each) => each.arm === arm)?.rows ?? null
  const [own, other] = [rowsOf('final'), rowsOf('control')]
  return [
    isShort(other, own) &&
      `the control has ${other} ${plural(other, 'row')} and the final ${own}, so it may be their number that helped`,
    weakObjection(on, 'control'),
  ]
}

/** C5: an arm below the untrained student proves nothing to a final that is not shown to be above that. */
function weakObjection({ sealed, headline, mode }: Conditions, arm: 'control' | 'base-examples'): string | null {
  const { arms, comparisons } = sealed.contrasts
  const [base, other] = ['base', arm].map(
    (name) => arms.find((each) => each.arm === name)?.parts[headline]?.[mode].value ?? null,
  )
  const toBase = comparisons.find(({ to }) => to === 'base')?.parts[headline]?.[mode]
  if (base == null || other == null || other >= base || !toBase || isAbove(toBase)) return null
  return weakText(
    arm === 'control' ? 'the control' : 'with the worked examples the base',
    percent(other),
    percent(base),
  )
}
