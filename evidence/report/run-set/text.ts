import { plural } from '../../../schemas/number-text.ts'
import { type Parts, present } from '../../../schemas/present.ts'
import { isShort } from '../analyse/conclusion.ts'
import type { Interval } from '../statistics/intervals.ts'
import { type OverRuns, pOverRuns } from '../statistics/over-runs.ts'
import {
  differenceText,
  gainText,
  intervalText,
  numberText,
  percent,
  percentNumber,
  points,
  rangeText,
  type Write,
} from '../text/format.ts'
import { differenceName, labelOf } from '../text/names.ts'
import { drawsText, evaluatedText, formText, overallText, weakText } from '../text/objections.ts'
import type { RunOutcome } from './outcome.ts'
import { fewestRuns, type GainOverRuns, type Summary, trivialArm } from './summary.ts'

/** What the report and the terminal say of a set in sentences. */

const countText = (runs: number) => `${runs} ${plural(runs, 'run')}`
export const named = (to: string) => differenceName({ of: 'final', to })
/** A gain that is a fraction, in per cent. */
export const relative: Write = (gain) => gainText(gain * 100)

/** Where the test was scored, and on how much. */
export const headlineScope = ({ part, mode, items }: Summary): string =>
  `${labelOf(part)}, ${mode}, ${numberText(items)} ${plural(items, 'item')}`

/** What the searches say together, about the one comparison that each of them named before its final evaluation. */
export function mainSentence(summary: Summary): string {
  const { runs, tested, gains, against } = summary
  const over = gains[against]
  if (tested === 0) return `None of ${countText(runs.length)} had a final evaluation.`
  if (!over) return `${named(against)}, which counts, was measured in no run.`
  const figure = `${named(against)}, named before ${finalEvalsText(summary)}: ${points(over.mean)} points in the mean over ${countText(over.runs)}`
  if (over.runs === 1) return `${figure}; one run says nothing of another search (--runs ${fewestRuns} or more).`
  if (!over.interval) return `${figure}, which agree to the item: by how much searches deviate they do not tell.`
  const range = `${figure}, 95 % interval over runs ${intervalText(over.interval, points)}`
  if (over.runs < fewestRuns)
    return `${range}; ${countText(over.runs)} are not enough to say more, ${fewestRuns} are the fewest.`
  const other = labelOf(against).toLowerCase()
  if (excludesZero(over.interval)) {
    const ended = over.interval.low > 0 ? 'better' : 'worse'
    const objections = ended === 'better' ? objectionsTo(summary) : []
    if (objections.length > 0)
      return `${range}, but that the searches ended better than ${other} is not shown: ${objections.join('; ')}.`
    return `${range}: on this test the searches ended ${ended} than ${other}.${itemsSentence(over)}`
  }
  return `${range}, which includes zero: no difference is shown.`
}

/** Why a difference above zero is not shown to be one of the searches. */
function objectionsTo(summary: Summary): string[] {
  const { runs, against, favoured, trivial } = summary
  const tested = runs.filter(({ part }) => part !== '')
  const count = (search: RunOutcome['search']) => tested.filter((run) => run.search === search).length
  const [single, first] = [count('one attempt'), count('the first attempt')]
  const inFavour = favoured[against]
  const other = labelOf(against).toLowerCase()
  const silentRuns = (arm: string) => tested.filter((run) => run.silent.includes(arm)).length
  const silent = ['final', against].map((arm) => ({ arm, count: silentRuns(arm) }))
  return present([
    ...drawObjections(summary, tested),
    trivial &&
      !isAboveTrivial(trivial.gain, tested) &&
      `the best answer that needs no student scores ${percent(trivial.score.mean)}, and the final is not shown to be above that: ${differenceText({ ...trivial.gain, interval: trivial.gain.overItems ?? trivial.gain.interval })}`,
    ...silent.map(
      ({ arm, count }) =>
        count > 0 &&
        `in ${count} of ${countText(tested.length)} most replies of the ${labelOf(arm).toLowerCase()} are no answers`,
    ),
    inFavour &&
      !isAbove(inFavour) &&
      `with the final’s own results in place of what the ${other} did not answer, the difference is ${differenceText(inFavour)}`,
    ...matchObjections(summary, tested),
    single > 0 && `in ${single} of ${countText(tested.length)} there was one attempt, and so no search`,
    first === tested.length && 'in every run the first attempt was chosen, and what came after it added nothing',
  ])
}

/** Too few draws, final evaluations before this set, runs that failed: the luck that the interval over runs does not have. */
function drawObjections({ gains, against, withFailed, runs }: Summary, tested: Summary['runs']): Parts {
  const failed = runs.length - tested.length
  const others = withFailed?.[against]
  const left = others ? `; where these left the base as it was, the difference is ${differenceText(others)}` : ''
  return [
    drawsText(tested.map(({ groups }) => groups)),
    evaluatedText(
      tested.map(({ finalEvalNumber }) => finalEvalNumber),
      pOverRuns(gains[against]!),
    ),
    failed > 0 &&
      !(others && isAbove(others)) &&
      `${failed} of ${countText(runs.length)} had no final evaluation${left}`,
  ]
}

/** The form of answers, other parts, an arm below the base or with fewer rows: why the other arm is no match. */
function matchObjections({ against, mode, lenient, overall, scores, gains }: Summary, tested: Summary['runs']): Parts {
  const other = labelOf(against).toLowerCase()
  const [free, all, base] = [lenient[against], overall[against], gains.base]
  const isWeak = against !== 'base' && (scores[against]?.mean ?? 0) < (scores.base?.mean ?? 0)
  const short = tested.filter(({ rows }) => against === 'control' && isShort(rows.control, rows.final)).length
  return [
    mode === 'strict' && free && !isAbove(free) && formText(free),
    all && overallText(all),
    isWeak &&
      base &&
      !isAbove(base) &&
      weakText(`the ${other}`, percent(scores[against]!.mean), percent(scores.base!.mean)),
    short > 0 && `in ${short} of ${countText(tested.length)} the ${other} has fewer rows than the final`,
  ]
}

/** Over runs and items: what needs no student is the same in every run, so runs alone hardly deviate. Else by each run's own items. */
const isAboveTrivial = ({ overItems }: GainOverRuns, tested: Summary['runs']): boolean =>
  overItems ? overItems.low > 0 : tested.every(({ trivial }) => (trivial?.gain.interval?.low ?? 0) > 0)

/** Runs that agree to the item have no interval: then their mean says it. */
const isAbove = ({ interval, mean }: OverRuns): boolean => (interval ? interval.low > 0 : mean > 0)

const excludesZero = ({ low, high }: Interval): boolean => low > 0 || high < 0

/** Whether a difference on this test is one on other items like these. */
function itemsSentence({ overItems }: GainOverRuns): string {
  if (!overItems) return ''
  const range = ` Over runs and items ${intervalText(overItems, points)}`
  return excludesZero(overItems)
    ? `${range}: on other questions like these too.`
    : `${range}, which includes zero: on other questions like these no difference is shown.`
}

/** How many final evaluations the comparison that counts was named before. */
function finalEvalsText({ runs, tested, against }: Summary): string {
  const agreed = runs.filter((run) => run.part !== '' && run.against === against).length
  return agreed === tested ? 'each final evaluation' : `${agreed} of ${tested} final evaluations`
}

/** How the figures are to be read. */
export function notesOf({ runs, tested, items }: Summary): string[] {
  if (tested === 0) return []
  const without = runs.length - tested
  return present([
    'The run is the unit: searches that differ in their seeds alone, the training seeds of an arm averaged within each. Intervals over runs are Student’s t, which takes runs to deviate about normally; so few cannot show whether they do.',
    `They cover the luck of search and training, and not the choice of the ${numberText(items)} test ${plural(items, 'item')}, which every run was asked alike. Intervals over runs and items cover both: runs crossed with groups of items, never narrower than over runs alone. The base is one student in all runs, so it hardly deviates.`,
    'One difference was named before the final evaluations; intervals of the others are not corrected for being several.',
    without > 0 &&
      `${without} of ${countText(runs.length)} had no final evaluation; no figure counts them, which favours searches that fail.`,
  ])
}

/** The lines that a person reads. */
export function sentencesOf(summary: Summary): string[] {
  const { set, runs, tested, scores, gains, trivial, gainOverBase } = summary
  if (tested === 0) return [`set ${set}: none of ${runs.length} ${plural(runs.length, 'run')} had a final evaluation`]
  const line = (name: string, { runs: counted, mean, sd, interval }: OverRuns, write: Write) =>
    `  ${name}: ${write(mean)}${rangeText(interval, write)}${sd === null ? '' : ` ± ${write(sd).replace('+', '')}`} over ${countText(counted)}`
  return present([
    `set ${set}: ${tested} of ${runs.length} ${plural(runs.length, 'run')} had their final evaluation; ${headlineScope(summary)}; mean (95 % interval over runs) ± standard deviation`,
    ...Object.entries(scores).map(([arm, over]) => `${line(labelOf(arm), over, percentNumber)}, % right`),
    trivial && [
      `${line(labelOf(trivialArm), trivial.score, percentNumber)}, % right`,
      `${line(named(trivialArm), trivial.gain, points)}, points; over runs and items ${intervalText(trivial.gain.overItems, points)}`,
    ],
    ...Object.entries(gains).map(
      ([arm, over]) =>
        `${line(named(arm), over, points)}, points; over runs and items ${intervalText(over.overItems, points)}`,
    ),
    gainOverBase && line('Gain over base', gainOverBase, relative),
    mainSentence(summary),
  ])
}
