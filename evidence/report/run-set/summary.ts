import { inPart, together } from '../analyse/arm-scores.ts'
import { differencesOfShares, type Interval, shares } from '../statistics/intervals.ts'
import { type OverRuns, overRuns, overRunsAndItems } from '../statistics/over-runs.ts'
import { gainPercent } from '../statistics/share.ts'
import type { RunOutcome } from './outcome.ts'

/** A difference over runs; and over runs and items, where the runs were asked the same ones. */
export type GainOverRuns = OverRuns & { overItems: Interval | null }

/** What the runs of a set say together; all that its page shows. */
export type Summary = {
  set: string
  runs: Omit<RunOutcome, 'arms' | 'trivialScores'>[]
  /** Runs with a final evaluation: the others are in no figure. */
  tested: number
  /**
   * The part of the test that counts, how it was scored, its items, and the arm that most runs named to be judged against; empty before a
   * final evaluation.
   */
  part: string
  mode: string
  against: string
  items: number
  /** Share right by arm, and the chosen dataset's minus each other one's, in shares; the run is the unit. */
  scores: Record<string, OverRuns>
  gains: Record<string, GainOverRuns>
  /** The final minus each other arm with the final's results in place of what that one did not answer. */
  favoured: Record<string, OverRuns>
  /** The final minus each other arm by lenient scoring, and over all parts of the test. */
  lenient: Record<string, OverRuns>
  overall: Record<string, OverRuns>
  /**
   * The final minus each other arm where a run without a final evaluation left the base as it was; null where each had one or none has the
   * base.
   */
  withFailed: Record<string, OverRuns> | null
  /** The best that answering without knowing anything scores, and the final minus it; null where no run records it. */
  trivial: { score: OverRuns; gain: GainOverRuns } | null
  /** The final's gain over the base, (score − base) / base, as a fraction; null where no run has one. */
  gainOverBase: OverRuns | null
}

/** Fewer runs than this have an interval in name alone: of two it reaches nine deviations to either side. */
export const fewestRuns = 3

/** What the runs of a set say together. A run without an arm, or without a result, is counted in none of that arm's figures. */
export function summariseRuns(set: string, runs: readonly RunOutcome[]): Summary {
  const tested = runs.filter(({ scores }) => Object.keys(scores).length > 0)
  const [first] = tested
  const over = (range: typeof shares, of: (run: RunOutcome) => Record<string, number>) => {
    const names = [...new Set(tested.flatMap((run) => Object.keys(of(run))))]
    return Object.fromEntries(
      names.map((name) => [
        name,
        overRuns(
          tested.flatMap((run) => of(run)[name] ?? []),
          range,
        )!,
      ]),
    )
  }
  const relative = tested.flatMap(({ scores: { final = null, base = null } }) => gainPercent(final, base) ?? [])
  const gains = over(differencesOfShares, ({ gains }) =>
    Object.fromEntries(Object.entries(gains).map(([arm, { value }]) => [arm, value])),
  )
  const known = over(shares, ({ scores }) => scores)
  return {
    set,
    runs: runs.map(({ arms: _, trivialScores: _scores, ...run }) => run),
    tested: tested.length,
    part: first?.part ?? '',
    mode: first?.mode ?? '',
    against: mostNamed(tested),
    items: first?.items ?? 0,
    scores: known,
    gains: Object.fromEntries(
      Object.entries(gains).map(([arm, known]) => [arm, { ...known, overItems: overItems(tested, arm, known) }]),
    ),
    favoured: over(differencesOfShares, ({ favoured }) => favoured),
    lenient: over(differencesOfShares, ({ lenient }) => lenient),
    overall: over(differencesOfShares, ({ overall }) => overall),
    withFailed: withFailed(known, gains, runs.length - tested.length),
    trivial: trivialOver(tested),
    gainOverBase: overRuns(
      relative.map((gain) => gain / 100),
      { low: -1, high: Number.POSITIVE_INFINITY },
    ),
  }
}

/** A search that ends without a result leaves the base: it is worth what the base is, against what the arm scores in the other runs. */
function withFailed(
  scores: Readonly<Record<string, OverRuns>>,
  gains: Readonly<Record<string, OverRuns>>,
  failed: number,
): Summary['withFailed'] {
  const { base } = scores
  if (failed === 0 || !base) return null
  const difference = (arm: string) => Array.from({ length: failed }, () => base.mean - scores[arm]!.mean)
  return Object.fromEntries(
    Object.entries(gains).map(([arm, { values }]) => [
      arm,
      overRuns([...values, ...difference(arm)], differencesOfShares)!,
    ]),
  )
}

/**
 * The interval of the final minus an arm over runs and items, never narrower than that over runs alone; null where the runs were asked
 * different items.
 */
function overItems(tested: readonly RunOutcome[], arm: string, { interval }: OverRuns): Interval | null {
  const pairs = tested.flatMap(({ arms, trivialScores, ...run }) => {
    const named = (name: string) => arms.find((scores) => scores.arm === name)
    const [final, other] = [named('final'), arm === trivialArm ? trivialScores : named(arm)]
    return final && other ? [{ run, arms: [final, other] }] : []
  })
  const [first] = pairs
  if (!first || !interval) return null
  const { part, mode } = first.run
  const { items, tables } = together(
    pairs.flatMap(({ arms }) => arms),
    mode,
    inPart(part),
  )
  if (pairs.some(({ run }) => run.items !== items || run.part !== part || run.mode !== mode)) return null
  const wide = overRunsAndItems(pairs.map((_, run) => [tables[2 * run]!, tables[2 * run + 1]!]))
  return wide && { low: Math.min(wide.low, interval.low), high: Math.max(wide.high, interval.high) }
}

/** What stands for an arm where the final is compared with the best that needs no student. */
export const trivialArm = 'trivial'

function trivialOver(tested: readonly RunOutcome[]): Summary['trivial'] {
  const trivials = tested.flatMap(({ trivial }) => trivial ?? [])
  const score = overRuns(
    trivials.map(({ share }) => share),
    shares,
  )
  const gain = overRuns(
    trivials.map(({ gain: { value } }) => value),
    differencesOfShares,
  )
  return score && gain && { score, gain: { ...gain, overItems: overItems(tested, trivialArm, gain) } }
}

/** A run whose control could not be made is judged against the base: then not all runs named the same arm. */
function mostNamed(tested: readonly RunOutcome[]): string {
  const named = [...Map.groupBy(tested, ({ against }) => against)]
  return named.toSorted(([, one], [, other]) => other.length - one.length)[0]?.[0] ?? ''
}
