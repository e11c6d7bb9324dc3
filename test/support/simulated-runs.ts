import { armDifference } from '../../evidence/report/statistics/differences.ts'
import type { Interval } from '../../evidence/report/statistics/intervals.ts'
import { overRunsAndItems } from '../../evidence/report/statistics/over-runs.ts'
import { armMean } from '../../evidence/report/statistics/share.ts'
import { type Grouped, twoWay } from '../../evidence/report/statistics/two-way.ts'
import { simulatedStudents, truthOf, type World } from './simulated-students.ts'

const holds = (interval: Interval | null, truth: number) =>
  interval !== null && interval.low <= truth && truth <= interval.high

/** The share of runs in which the interval of an arm's accuracy over `seeds` adapters holds the truth. */
export function meanCoverage(world: World, seeds: number, runs: number, interval = meanInterval): number {
  const students = simulatedStudents(seedOf(world, seeds))
  const truth = truthOf(world)
  let held = 0
  for (let run = 0; run < runs; run++) {
    const grouped = students.arm(world, students.evalSet(world), seeds)
    if (holds(interval(grouped, students.uniform), truth)) held += 1
  }
  return held / runs
}

const meanInterval = (grouped: Grouped, _uniform: () => number) => armMean(grouped).interval

/** The same of the difference of two arms on one paper; `gain` is how much better the first one's middle seed is. */
export function differenceCoverage(
  world: World,
  gain: number,
  seeds: number,
  runs: number,
  interval = (first: Grouped, second: Grouped) => armDifference(first, second).interval,
): number {
  const students = simulatedStudents(seedOf(world, seeds))
  const better = { ...world, accuracy: world.accuracy + gain }
  const truth = truthOf(better) - truthOf(world)
  let held = 0
  for (let run = 0; run < runs; run++) {
    const evalSet = students.evalSet(world)
    const [first, second] = [students.arm(better, evalSet, seeds), students.arm(world, evalSet, seeds)]
    if (holds(interval(first, second), truth)) held += 1
  }
  return held / runs
}

/** The interval over runs and items of as many runs as the arms have seeds: each run has one adapter of either arm. */
export const searchesInterval = ({ sizes, right }: Grouped, other: Grouped): Interval | null =>
  overRunsAndItems(
    right.map((own, run) => [
      { sizes, right: [own] },
      { sizes, right: [other.right[run]!] },
    ]),
  )

/** How often a dataset is called better than the control although all are equal. */
export type FalseGains = { freshSeeds: number; oneFreshSeed: number; searchOnTest: number; searchOnValidation: number }

/**
 * Of `datasets` truly equal ones the best on validation is chosen and called better than an equal control where the interval of the
 * difference lies above zero: with `seeds` fresh seeds of both on the test, with one, with the search's own adapter on the test, and
 * with that adapter's score on the validation that chose it.
 */
export function falseGains(
  world: World,
  validationItems: number,
  options: { datasets: number; seeds: number; runs: number },
): FalseGains {
  const { datasets, seeds, runs } = options
  const students = simulatedStudents(seedOf(world, seeds))
  const counts = { freshSeeds: 0, oneFreshSeed: 0, searchOnTest: 0, searchOnValidation: 0 }
  const validation = { ...world, items: validationItems }
  for (let run = 0; run < runs; run++) {
    const [guide, evalSet] = [students.evalSet(validation), students.evalSet(world)]
    const searched = Array.from({ length: datasets + 1 }, () => {
      const adapters = students.trained(world, 1)
      return { adapters, score: students.isEvaluatedOn(validation, guide, adapters) }
    })
    const control = searched.pop()!
    const chosen = searched.reduce((best, one) => (twoWay(one.score).share > twoWay(best.score).share ? one : best))
    const [final, other] = [students.arm(world, evalSet, seeds), students.arm(world, evalSet, seeds)]
    const better = (first: Grouped, second: Grouped) => Number((armDifference(first, second).interval?.low ?? 0) > 0)
    const first = ({ sizes, right }: Grouped) => ({ sizes, right: right.slice(0, 1) })
    counts.freshSeeds += better(final, other)
    counts.oneFreshSeed += better(first(final), first(other))
    counts.searchOnTest += better(
      students.isEvaluatedOn(world, evalSet, chosen.adapters),
      students.isEvaluatedOn(world, evalSet, control.adapters),
    )
    counts.searchOnValidation += better(chosen.score, control.score)
  }
  return Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, count / runs])) as FalseGains
}

/** The percentile interval of the two-way bootstrap, groups and seeds resampled: what this project does not use. */
export function percentileBootstrap({ sizes, right }: Grouped, uniform: () => number): Interval {
  const [groups, resamples] = [sizes.length, 400]
  const shares = Float64Array.from({ length: resamples }, () => {
    const drawn = Array.from(right, () => right[Math.floor(uniform() * right.length)]!)
    let [correct, items] = [0, 0]
    for (let draw = 0; draw < groups; draw++) {
      const group = Math.floor(uniform() * groups)
      items += sizes[group]! * drawn.length
      for (const seed of drawn) correct += seed[group]!
    }
    return correct / items
  }).sort()
  return { low: shares[Math.round(0.025 * resamples)]!, high: shares[Math.round(0.975 * resamples) - 1]! }
}

/** Another world, another seed; the same each time. */
function seedOf({ items, accuracy, deviation, shared }: World, seeds: number): number {
  return Math.round(items * 1e6 + accuracy * 1e5 + deviation * 1e4 + shared * 100 + seeds)
}

/** How often claims over the base hold where the final is truly better, by which of their conditions they are held to. */
export type ShownGains = { plain: number; aboveTrivial: number; inFavour: number; all: number }

/** A task with labels: the frequent one has this share, the others are alike; and what of the base's wrong replies is no answer. */
export type Labelled = { labels: number; frequent: number; broken: number }

/**
 * The share of runs in which the final, `gain` better than the base, is called so: by the interval alone; where it is above the best answer
 * that needs no student too, the best label in hindsight; with the final's results in place of what the base did not answer; by both.
 */
export function shownGains(
  world: World,
  gain: number,
  { labels, frequent, broken }: Labelled,
  { seeds, runs }: { seeds: number; runs: number },
): ShownGains {
  const students = simulatedStudents(seedOf(world, seeds) + labels)
  const better = { ...world, accuracy: world.accuracy + gain }
  const counts = { plain: 0, aboveTrivial: 0, inFavour: 0, all: 0 }
  const isAbove = (first: Grouped, second: Grouped) => (armDifference(first, second).interval?.low ?? 0) > 0
  for (let run = 0; run < runs; run++) {
    const evalSet = students.evalSet(world)
    const [final, base] = [students.arm(better, evalSet, seeds), students.arm(world, evalSet, 1)]
    const [plain, trivial, favoured] = [
      isAbove(final, base),
      isAbove(final, bestLabel(final.sizes.length, { labels, frequent }, students.uniform)),
      isAbove(final, favour(base, final, broken, students.uniform)),
    ]
    if (plain) counts.plain += 1
    if (plain && trivial) counts.aboveTrivial += 1
    if (plain && favoured) counts.inFavour += 1
    if (plain && trivial && favoured) counts.all += 1
  }
  return Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, count / runs])) as ShownGains
}

/** The share of runs in which a student that draws its labels by lot, as often as they come, is called above what needs no student. */
export function guessersShown(
  items: number,
  { labels, frequent }: Omit<Labelled, 'broken'>,
  seeds: number,
  runs: number,
) {
  const { uniform } = simulatedStudents(items + labels + seeds)
  let shown = 0
  for (let run = 0; run < runs; run++) {
    const golds = Array.from({ length: items }, () => drawn(labels, frequent, uniform()))
    const right = Array.from({ length: seeds }, () =>
      Float64Array.from(golds, (gold) => Number(gold === drawn(labels, frequent, uniform()))),
    )
    const sizes = golds.map(() => 1)
    const best = Array.from({ length: labels }, (_, label) =>
      Float64Array.from(golds, (gold) => Number(gold === label)),
    ).reduce((one, other) => (sum(other) > sum(one) ? other : one))
    if ((armDifference({ sizes, right }, { sizes, right: [best] }).interval?.low ?? 0) > 0) shown += 1
  }
  return shown / runs
}

const sum = (values: Float64Array) => values.reduce((all, value) => all + value, 0)

/** A label by its chance. */
const drawn = (labels: number, frequent: number, chance: number): number =>
  chance < frequent ? 0 : 1 + Math.floor(((chance - frequent) / (1 - frequent)) * (labels - 1))

/** The best label of a paper, given to every item. */
function bestLabel(items: number, { labels, frequent }: Omit<Labelled, 'broken'>, uniform: () => number): Grouped {
  const golds = Array.from({ length: items }, () => drawn(labels, frequent, uniform()))
  const counts = Array.from({ length: labels }, (_, label) => golds.filter((gold) => gold === label).length)
  const best = counts.indexOf(Math.max(...counts))
  return { sizes: golds.map(() => 1), right: [Float64Array.from(golds, (gold) => Number(gold === best))] }
}

/** An arm with the final's results, of its first adapter, in place of this share of its wrong replies. */
const favour = ({ sizes, right }: Grouped, final: Grouped, share: number, uniform: () => number): Grouped => ({
  sizes,
  right: right.map((own) =>
    Float64Array.from(own, (value, item) => (value === 0 && uniform() < share ? final.right[0]![item]! : value)),
  ),
})
