import { leaderOf } from '../../agents/planner/strategies/leader.ts'
import { isOver, plateauOf } from '../../agents/planner/strategies/plateau.ts'
import { isWorthRacing, race } from '../../agents/planner/strategies/racing.ts'
import { strategies } from '../../agents/planner/strategies/strategies.ts'
import type { TriedAttempt } from '../../agents/planner/strategies/strategy.ts'
import { normalQuantile } from '../../evidence/report/statistics/intervals.ts'
import { SearchSettings } from '../../schemas/search.ts'
import { simulatedStudents } from './simulated-students.ts'

/**
 * Searches among programs whose true accuracy is known. A program planned from another one has that one's accuracy and a step, whose mean
 * follows from how many steps lie between it and its draft; a draft is drawn anew. Its adapters differ by training seed and its answers by
 * item, as those of `simulated-students.ts`. What chooses, races and stops is the planner's own.
 */
export type Landscape = {
  name: string
  /** Mean and standard deviation of drafts, as shares right. */
  draft: { mean: number; deviation: number }
  /** What a step from a program of each depth gains in the mean (a draft has depth 0; the last holds for all beyond it). */
  gains: readonly number[]
  /** Standard deviation of steps. */
  steps: number
  /** Accuracy of the base, to which a dataset with fewer rows falls. */
  base: number
  /** Validation items, and the standard deviation of training seeds. */
  items: number
  seeds: number
}

export type Searched = TriedAttempt & { truth: number; depth: number; correct: number[]; isBetter: boolean }

/** One search: its attempts, and after each generation what was spent and which one was the best. */
export type Search = {
  attempts: Searched[]
  /** After each attempt: the true accuracy of the best one so far, and the trainings used. */
  path: { truth: number; trainings: number }[]
  /** Attempts not truly better than the best one, and how many of those took its place. */
  notBetter: number
  falselyKept: number
  /** Attempts by the time that the plateau rule would have stopped it; null: it would not. */
  stoppedAfter: number | null
}

/** How a part of the rows does: the gain over the base falls with this power of the share, and contenders differ from that. */
const fewerRows = { power: 0.3, deviation: 0.015 }

/** A search with so many trainings of all rows; everything follows from `seed`. It goes on after the plateau rule, which only says when. */
export function simulatedSearch(
  landscape: Landscape,
  settings: SearchSettings,
  { trainings, seed }: { trainings: number; seed: number },
): Search {
  const students = simulatedStudents(seed)
  const normal = () => normalQuantile(students.uniform())
  const world = {
    items: landscape.items,
    deviation: landscape.seeds,
    shared: 0.8,
    groupSize: 1,
    seeds: 'even' as const,
  }
  const items = students.evalSet({ ...world, accuracy: 0.5 })
  const further = Math.max(1, settings.racing.seeds)
  const attempts: Searched[] = []
  const path: Search['path'] = []
  let [best, used, notBetter, falselyKept, generation] = [null as Searched | null, 0, 0, 0, 0]
  let stoppedAfter: number | null = null

  /** The adapters' right answers. */
  const answersOf = (accuracy: number) => {
    const one = { ...world, accuracy }
    const { right } = students.isEvaluatedOn(one, items, students.trained(one, further))
    return right.map((answers) => Array.from(answers).reduce((sum, each) => sum + each, 0))
  }
  const truthFrom = (from: Searched | undefined) => {
    if (!from) return { truth: landscape.draft.mean + landscape.draft.deviation * normal(), depth: 0 }
    const mean = landscape.gains[from.depth] ?? landscape.gains.at(-1)!
    return { truth: from.truth + mean + landscape.steps * normal(), depth: from.depth + 1 }
  }
  const lacking = ({ scores }: Searched) => Math.max(0, settings.racing.seeds - Math.max(1, scores.length))
  const numbered = (number: number | null) => attempts.find(({ attempt }) => attempt === number)

  for (;;) {
    if (stoppedAfter === null && isOver(plateauOf(attempts, landscape.items, settings.racing), settings.plateau))
      stoppedAfter = attempts.length
    const reserve = best ? Math.max(0, settings.racing.seeds - 1) + lacking(best) : 0
    const standing = {
      attempt: attempts.length + 1,
      seed,
      parallel: settings.parallel,
      best: leaderOf(attempts, best?.attempt ?? null, settings.racing),
    }
    const moves = strategies[settings.strategy](attempts, {
      ...standing,
      ...settings,
      left: trainings - used - reserve,
    })
    if (moves.length === 0) return { attempts, path, notBetter, falselyKept, stoppedAfter }
    generation += 1
    const made = moves.map((move, place): Searched => {
      const contender = 'promotes' in move ? numbered(move.promotes)! : undefined
      const from = contender ? contender.from : 'from' in move ? move.from : null
      const { truth, depth } = contender ?? truthFrom(numbered(from))
      const { power, deviation } = fewerRows
      const partly = landscape.base + (truth - landscape.base) * move.share ** power + deviation * normal()
      const correct = answersOf(Math.min(0.99, Math.max(0.01, move.share === 1 ? truth : partly)))
      const attempt = standing.attempt + place
      const scores = [correct[0]! / landscape.items]
      const promotes = contender?.attempt ?? null
      return { attempt, generation, from, share: move.share, promotes, scores, truth, depth, correct, isBetter: false }
    })
    attempts.push(...made)
    used += made.reduce((sum, { share }) => sum + share, 0)
    choose(made)
    for (const _ of made) path.push({ truth: best!.truth, trainings: used })
  }

  /** As `choose-best.ts` does. */
  function choose(made: readonly Searched[]): void {
    const before = best
    const isAbove = (own: Searched) =>
      !before || own.share > before.share || (own.share === before.share && own.scores[0]! > before.scores[0]!)
    const raced =
      settings.racing.seeds > 0 && before?.share === 1 ? made.filter((own) => own.share === 1 && isAbove(own)) : []
    const counted = ({ scores, correct }: Searched) => ({
      correct: correct.slice(0, scores.length),
      total: landscape.items,
    })
    const rules = () => ({
      racing: settings.racing,
      pairs: attempts.flatMap(({ scores: [first, ...others] }) => others.map((other) => (other - first!) ** 2)),
    })
    for (const own of raced.toSorted((a, b) => b.scores[0]! - a.scores[0]! || a.attempt - b.attempt)) {
      const needed = lacking(own) + lacking(before!)
      if (used + needed > trainings + 1e-9 || !isWorthRacing(counted(own), counted(before!), rules())) continue
      used += needed
      for (const each of [own, before!])
        each.scores = each.correct.slice(0, settings.racing.seeds).map((one) => one / landscape.items)
    }
    const mean = ({ scores }: Searched) => scores.reduce((sum, score) => sum + score, 0) / scores.length
    const ranked = made.toSorted((a, b) => b.share - a.share || mean(b) - mean(a) || a.attempt - b.attempt)
    for (const own of ranked) {
      const isCandidate = before !== null && own.share === before.share && own.share === 1
      if (isCandidate && own.truth <= before.truth + 1e-9) notBetter += 1
      if (best !== before) continue
      const kept = raced.includes(own) ? race(counted(own), counted(before!), rules()).holds : isAbove(own)
      if (!kept) continue
      if (isCandidate && own.truth <= before.truth + 1e-9) falselyKept += 1
      best = own
    }
  }
}

/** What many searches come to. */
export type Figures = {
  /** Expected true accuracy of what is chosen, and its standard error. */
  score: number
  error: number
  /** Of attempts not truly better than the best one: the share that took its place. */
  falseGains: number
  /** Share of searches with any. */
  anyFalse: number
  trainings: number
  /** Share of searches whose end is below the best that they had chosen before. */
  endedLower: number
  /** Share of searches whose last attempt is truly below the best attempt by half a point. */
  lastLower: number
  /** Of the plateau rule: stopped within two attempts of the peak; the mean accuracy it costs; attempts made. */
  withinTwo: number
  cost: number
  stoppedAfter: number
}

/** Accuracy by which a later best attempt has to be better for the peak to be later. */
const worthIt = 0.005

export function figuresOf(landscape: Landscape, settings: SearchSettings, trainings: number, runs: number): Figures {
  const sums = {
    score: 0,
    squares: 0,
    notBetter: 0,
    falselyKept: 0,
    any: 0,
    lower: 0,
    last: 0,
    within: 0,
    cost: 0,
    stopped: 0,
    used: 0,
  }
  for (let run = 0; run < runs; run++) {
    const search = simulatedSearch(landscape, settings, { trainings, seed: run + 1 })
    const { path, attempts } = search
    const end = path.at(-1)!
    const most = Math.max(...path.map(({ truth }) => truth))
    const peak = path.findIndex(({ truth }) => truth >= most - worthIt) + 1
    const stop = search.stoppedAfter ?? path.length
    sums.score += end.truth
    sums.squares += end.truth ** 2
    sums.notBetter += search.notBetter
    sums.falselyKept += search.falselyKept
    sums.any += Number(search.falselyKept > 0)
    sums.lower += Number(end.truth < most - worthIt)
    sums.last += Number(attempts.at(-1)!.truth < Math.max(...attempts.map(({ truth }) => truth)) - worthIt)
    sums.within += Number(Math.abs(stop - peak) <= 2)
    sums.cost += end.truth - path[stop - 1]!.truth
    sums.stopped += stop
    sums.used += end.trainings
  }
  const score = sums.score / runs
  return {
    score,
    error: Math.sqrt(Math.max(0, sums.squares / runs - score ** 2) / runs),
    falseGains: sums.falselyKept / Math.max(1, sums.notBetter),
    anyFalse: sums.any / runs,
    trainings: sums.used / runs,
    endedLower: sums.lower / runs,
    lastLower: sums.last / runs,
    withinTwo: sums.within / runs,
    cost: sums.cost / runs,
    stoppedAfter: sums.stopped / runs,
  }
}

/** Settings that differ from the plain ones as said. */
export const searchWith = (changes: Record<string, unknown>): SearchSettings => SearchSettings.parse(changes)
