import { plural } from '../../../schemas/number-text.ts'
import { capital } from '../../../schemas/text.ts'
import { confidence } from '../statistics/intervals.ts'
import { differenceText, pNumber } from '../text/format.ts'
import { labelOf } from '../text/names.ts'
import type { Comparison } from './analyse.ts'
import type { Effect } from './effects.ts'
import { fewestPairs } from './plan.ts'

/** What a comparison says in sentences. */

export const armsText = ({ arm, against }: Effect): string => `${arm} − ${against}`

export const effectName = (effect: Effect): string =>
  effect.name ? `${effect.name} (${armsText(effect)})` : armsText(effect)

/** An effect in one sentence; it says "better" only where the test does. */
export function effectSentence(effect: Effect): string {
  const { differences, pairs, p, adjustedP, primary, conclusion, objections, arm, against } = effect
  const whole = effectName(effect)
  const name = whole.startsWith('llm-') ? whole : capital(whole)
  if (!differences) return `${name}: not measured, no pair of both ended with a result.`
  const figure = `${differenceText(differences)} over ${pairs.length} ${plural(pairs.length, 'pair')}`
  const tested = `exact sign-flip p ${pNumber(p)}${primary ? '' : `, ${pNumber(adjustedP)} with the other secondary ones (Holm)`}`
  const sentences = {
    shown: `${arm} was better than ${against}.`,
    opposite: `${arm} was worse than ${against}.`,
    'not-shown':
      objections.length > 0
        ? `That it is one of the arms is not shown: ${objections.join('; ')}.`
        : 'No difference is shown.',
    'not-measured': '',
  }
  return `${name}: ${figure}; ${tested}. ${sentences[conclusion]}`
}

/** The first thing to know: the primary effect, or whether the comparison says what a planner is worth at all. */
export function plannerSentence({ plan, effects }: Comparison): string {
  const primary = effects.find((effect) => effect.primary)
  if (plan.varied && primary) return effectSentence(primary)
  const effect = effects.find(({ name, differences }) => name === 'planner effect' && differences !== null)
  return effect
    ? effectSentence(effect)
    : 'Planner effect not measured: it is llm-iterative − rules, and wants both arms.'
}

/** What limits what may be concluded. */
export function comparisonCaveats({ plan, arms, effects, uses }: Comparison): string[] {
  const primary = effects.find((effect) => effect.primary)
  const pairs = primary?.pairs.length ?? 0
  const least = primary?.smallestP ?? 1
  const finalEvals = arms.reduce((sum, { score }) => sum + (score?.runs ?? 0), 0)
  const unequal = uses.filter((use) => use.unequal.length > 0).map(({ arm }) => arm)
  return [
    `The run is the unit: with ${pairs} ${plural(pairs, 'pair')} the smallest two-sided p there can be is 2/2^${pairs} = ${pNumber(least)}${
      pairs < fewestPairs ? `, so nothing can be shown; ${fewestPairs} pairs are the fewest that can` : ''
    }.`,
    ...secondaryCaveat(effects),
    'Pairs share the seeds of search and training, and with them the base student. Intervals are Student’s t over runs, and cover the luck of search and training, not the choice of the test’s items; an effect is called by its p alone.',
    unequal.length > 0
      ? `Not given as much as the leading arm, see the table of what was used: ${unequal.join(', ')}.`
      : 'Every arm had as many rows, trainings and scores on validation as the leading one, and teacher calls within 10 %.',
    ...arms
      .filter(({ withoutResult }) => withoutResult > 0)
      .map(
        ({ arm, withoutResult }) =>
          `${withoutResult} of ${plan.pairs} ${plural(plan.pairs, 'run')} of ${arm} ended without a result; their pairs are in no figure, which favours arms that fail.`,
      ),
    `Each run is evaluated on the test once at most: ${finalEvals} final evaluations, none of which chose anything.`,
  ]
}

/** Said where Holm's adjustment leaves the secondary effects no chance with so few pairs. */
function secondaryCaveat(effects: readonly Effect[]): string[] {
  const secondary = effects.filter(({ primary }) => !primary)
  const reached = (pairs: number) => (secondary.length * 2) / 2 ** pairs <= 1 - confidence
  const pairs = Math.max(0, ...secondary.map((effect) => effect.pairs.length))
  if (secondary.length < 2 || reached(pairs)) return []
  let enough = pairs
  while (!reached(enough)) enough += 1
  return [
    `The ${secondary.length} secondary effects, adjusted together, cannot be called with ${pairs} ${plural(pairs, 'pair')}, however large they are; with ${enough} they can.`,
  ]
}

export const comparisonHeadline = ({ headline }: Comparison): string =>
  headline ? `${labelOf(headline.part)}, ${headline.mode}` : 'no final evaluation'
