import { mean } from 'simple-statistics'
import { plural } from '../../../schemas/number-text.ts'
import { present } from '../../../schemas/present.ts'
import { confidence, shares } from '../statistics/intervals.ts'
import { type OverRuns, overRuns } from '../statistics/over-runs.ts'
import { signFlip } from '../statistics/significance.ts'
import { differenceText, percent, points } from '../text/format.ts'
import { drawsText, evaluatedText, formText } from '../text/objections.ts'
import type { ComparedResult } from './compared-run.ts'
import { type Effect, effectsOf } from './effects.ts'
import { type ArmUse, armUses, givenMore } from './equality.ts'
import { type Yields, yieldsTogether } from './made.ts'
import { type ArmName, type ComparisonPlan, leadOf } from './plan.ts'

/** What a comparison found; all that its page shows. */
export type Comparison = {
  plan: ComparisonPlan
  lead: ArmName
  /** The part of the test that counts, and how it was scored; null before a final evaluation. */
  headline: { part: string; mode: 'strict' | 'lenient' } | null
  runs: ComparedResult[]
  /** Share right on the test by arm. */
  arms: { arm: ArmName; score: OverRuns | null; withoutResult: number }[]
  effects: Effect[]
  uses: ArmUse[]
  /** What became of what each arm asked for, over its runs; empty of runs that do not say. */
  yields: { arm: ArmName; yields: Yields }[]
}

export function analyseComparison(plan: ComparisonPlan, runs: readonly ComparedResult[]): Comparison {
  const lead = leadOf(plan)
  const uses = armUses(plan.arms, lead, runs)
  const measured = runs.find(({ score }) => score !== null)
  return {
    plan,
    lead,
    headline: measured ? { part: measured.part, mode: measured.mode } : null,
    runs: [...runs],
    arms: plan.arms.map((arm) => {
      const own = runs.filter((run) => run.arm === arm)
      const scores = own.flatMap(({ score }) => score ?? [])
      return { arm, score: overRuns(scores, shares), withoutResult: own.length - scores.length }
    }),
    effects: effectsOf(plan.arms, runs).map((effect) => withObjections(effect, runs, uses)),
    uses,
    yields: plan.arms.flatMap((arm) => {
      const own = runs.flatMap((run) => (run.arm === arm && run.yields ? run.yields : []))
      return own.length > 0 ? [{ arm, yields: yieldsTogether(own) }] : []
    }),
  }
}

/**
 * The effect with what stands against it, by the rules of a report's claims: that the better arm was given more, is not above what needs no
 * student, or is better only because of what the other one's students did not answer, by the form of its answers, than a worse student than
 * the base, on a handful of items, without its failed runs, or after many final evaluations. Then nothing is shown.
 */
function withObjections(effect: Effect, runs: readonly ComparedResult[], uses: readonly ArmUse[]): Effect {
  const { conclusion, arm, against } = effect
  if (conclusion !== 'shown' && conclusion !== 'opposite') return effect
  const [better, worse] = conclusion === 'shown' ? [arm, against] : [against, arm]
  const pairs = effect.pairs.flatMap((pair) => {
    const [one, other] = [better, worse].map((name) => runs.find((run) => run.arm === name && run.pair === pair))
    return one && other ? [{ one, other }] : []
  })
  const [own, its] = [better, worse].map((name) => uses.find((use) => use.arm === name))
  const more = own && its ? givenMore(own, its) : []
  const trivial = pairs.flatMap(({ one }) => one.trivial ?? [])
  const above = trivial.filter(({ isBelow }) => isBelow).length
  const favoured = pairs.map(({ one, other }) => one.score! - (other.favoured ?? other.score!))
  const results = pairs.flatMap(({ one, other }) => [one, other])
  const silent = pairs.filter(({ one }) => one.isSilent).length
  const objections = present([
    drawsText(results.flatMap(({ groups }) => groups ?? [])),
    new Set(effect.differences?.values).size === 1 &&
      pairs.length > 1 &&
      'all pairs agree to the item, so they may be one pair again and again',
    evaluatedText(
      results.flatMap(({ finalEvalNumber }) => finalEvalNumber ?? []),
      effect.adjustedP,
    ),
    failedObjection(effect, runs, better, worse),
    more.length > 0 && `${better} was given more: ${more.join(', ')}`,
    // Each run by its own items: over runs what needs no student hardly deviates, and one item would do.
    2 * above < trivial.length &&
      `${better} is shown to be above the best answer that needs no student (${percent(mean(trivial.map(({ share }) => share)))}) in ${above} of ${trivial.length} ${plural(trivial.length, 'run')}`,
    silent > 0 &&
      `in ${silent} of ${pairs.length} ${plural(pairs.length, 'run')} most replies of ${better} are no answers`,
    weakObjection(worse, pairs),
    formObjection(pairs),
    !isAbove(favoured) && `by what ${worse} did answer, the difference is ${differenceText({ mean: mean(favoured) })}`,
  ])
  return objections.length > 0 ? { ...effect, conclusion: 'not-shown', objections } : effect
}

type Pair = { one: ComparedResult; other: ComparedResult }

/** A run without a result leaves the base: pairs that the better arm failed in count so. */
function failedObjection(
  { differences }: Effect,
  runs: readonly ComparedResult[],
  better: string,
  worse: string,
): string | null {
  const failed = runs.filter(({ arm, score }) => arm === better && score === null)
  const base = runs.find((run) => run.base !== null)?.base
  if (failed.length === 0 || base === undefined || base === null || !differences) return null
  const sign = differences.mean < 0 ? -1 : 1
  const left = failed.flatMap(({ pair }) => {
    const its = runs.find((run) => run.arm === worse && run.pair === pair)?.score ?? null
    return its === null ? [] : [base - its]
  })
  const all = [...differences.values.map((value) => sign * value), ...left]
  if (isAbove(all)) return null
  return `${failed.length} ${plural(failed.length, 'run')} of ${better} ended without a result; where these left the base as it was, the difference is ${differenceText({ mean: mean(all) })}`
}

/** An arm that makes the student worse proves nothing for one that is not shown to make it better. */
function weakObjection(worse: string, pairs: readonly Pair[]): string | null {
  const known = pairs.flatMap(({ one, other }) => (one.base === null ? [] : [{ one, other, base: one.base }]))
  if (known.length === 0) return null
  const its = mean(known.map(({ other, base }) => other.score! - base))
  const own = known.map(({ one, base }) => one.score! - base)
  if (its >= 0 || isAbove(own)) return null
  return `${worse} is below the base by ${points(its).replace('−', '')} points, and the better one is not shown to be above it`
}

/** Where strict scoring counts, lenient scoring shows the same. */
function formObjection(pairs: readonly Pair[]): string | null {
  const lenient = pairs.flatMap(({ one, other }) =>
    one.lenientGain === undefined || other.lenientGain === undefined ? [] : [one.lenientGain - other.lenientGain],
  )
  return lenient.length === 0 || isAbove(lenient) ? null : formText({ mean: mean(lenient) })
}

const isAbove = (differences: readonly number[]): boolean =>
  mean([...differences]) > 0 && signFlip(differences, 1) <= 1 - confidence
