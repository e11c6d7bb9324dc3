import { mean } from 'simple-statistics'
import { confidence } from '../report/statistics/interval.ts'
import { signFlip } from '../report/statistics/sign-flip.ts'
import { percentNumber, points } from '../report/text/format.ts'
import type { RunResult } from './compared-run.ts'
import type { Effect } from './effects.ts'
import { type ArmUse, givenMore } from './equality.ts'

/**
 * The effect with what stands against it: that the better arm was given more, is not above what needs no student, or is better only because
 * of what the other one's students did not answer. Then nothing is shown.
 */
export function withObjections(effect: Effect, runs: readonly RunResult[], uses: readonly ArmUse[]): Effect {
  const { verdict, arm, against } = effect
  if (verdict !== 'shown' && verdict !== 'opposite') return effect
  const [better, worse] = verdict === 'shown' ? [arm, against] : [against, arm]
  const pairs = effect.pairs.flatMap((pair) => {
    const [one, other] = [better, worse].map((name) => runs.find((run) => run.arm === name && run.pair === pair))
    return one && other ? [{ one, other }] : []
  })
  const [own, its] = [better, worse].map((name) => uses.find((use) => use.arm === name))
  const more = own && its ? givenMore(own, its) : []
  const trivial = pairs.flatMap(({ one }) => one.trivial ?? [])
  const above = trivial.filter(({ isBelow }) => isBelow).length
  const favoured = pairs.map(({ one, other }) => one.score! - (other.favoured ?? other.score!))
  const objections = [
    ...(more.length > 0 ? [`${better} was given more: ${more.join(', ')}`] : []),
    // Each run by its own items: over runs what needs no student hardly deviates, and one item would do.
    ...(2 * above < trivial.length
      ? [
          `${better} is shown to be above the best answer that needs no student (${percentNumber(
            mean(trivial.map(({ share }) => share)),
          )} %) in ${above} of ${trivial.length} runs`,
        ]
      : []),
    ...(isAbove(favoured) ? [] : [`by what ${worse} did answer, the difference is ${points(mean(favoured))} points`]),
  ]
  return objections.length > 0 ? { ...effect, verdict: 'not-shown', objections } : effect
}

const isAbove = (differences: readonly number[]): boolean =>
  mean([...differences]) > 0 && signFlip(differences, 1) <= 1 - confidence
