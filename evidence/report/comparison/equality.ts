import { mean } from 'simple-statistics'
import { plural } from '../../../schemas/number-text.ts'
import type { ComparedResult, Use } from './compared-run.ts'
import type { ArmName } from './plan.ts'

/** Share by which an arm's use may differ from another's: what is rejected, and so asked again, is chance. */
const tolerance = 0.1

/** What an arm's runs used, in the mean of them, and where that is not what the leading arm used. */
export type ArmUse = Omit<Use, 'rows' | 'money'> & {
  arm: ArmName
  runs: number
  rows: { fewest: number; most: number }
  /** Null where a run's is not known. */
  money: number | null
  /** Text; empty where the arm was given as much as the leading one. */
  unequal: string[]
}

/** The use of each arm; runs without a result count as the others do. */
export function armUses(arms: readonly ArmName[], lead: ArmName, runs: readonly ComparedResult[]): ArmUse[] {
  const of = (arm: ArmName) => runs.filter((run) => run.arm === arm)
  return arms
    .filter((arm) => of(arm).length > 0)
    .map((arm) => ({ arm, ...together(of(arm).map(({ use }) => use)), unequal: differencesOf(of(arm), of(lead)) }))
}

function together(uses: readonly Use[]): Omit<ArmUse, 'arm' | 'unequal'> {
  const means = (...names: Exclude<keyof Use, 'rows' | 'money'>[]) =>
    Object.fromEntries(names.map((name) => [name, mean(uses.map((use) => use[name]))])) as Omit<Use, 'rows' | 'money'>
  const money = uses.flatMap((use) => use.money ?? [])
  return {
    runs: uses.length,
    rows: {
      fewest: Math.min(...uses.map(({ rows }) => rows.fewest)),
      most: Math.max(...uses.map(({ rows }) => rows.most)),
    },
    ...means('teacherCalls', 'candidates', 'trainings', 'validationScores', 'plannerCalls', 'plannerTokens'),
    money: money.length === uses.length ? mean(money) : null,
  }
}

/** In what an arm's runs used more than another's, in the mean and by more than `tolerance`: what a run fails at is its own doing. */
export function givenMore(own: ArmUse, other: ArmUse): string[] {
  const more = (what: string, one: number, two: number) =>
    one > (1 + tolerance) * two ? [`${what} ${short(one)} against ${short(two)}`] : []
  return [
    ...more('trainings', own.trainings, other.trainings),
    ...more('scores on validation', own.validationScores, other.validationScores),
    ...more('most rows of a dataset', own.rows.most, other.rows.most),
    ...more('fewest rows of a dataset', own.rows.fewest, other.rows.fewest),
    ...more('teacher calls', own.teacherCalls, other.teacherCalls),
  ]
}

/** What must be the same in every pair, and teacher calls in the mean. */
function differencesOf(own: readonly ComparedResult[], lead: readonly ComparedResult[]): string[] {
  const pairs = own.flatMap(({ pair, use }) => {
    const other = lead.find((run) => run.pair === pair)
    return other ? [{ use, lead: other.use }] : []
  })
  if (pairs.length === 0) return []
  const differing = (what: string, of: (use: Use) => number, isEqual: (one: number, other: number) => boolean) => {
    const [one, other] = [mean(pairs.map(({ use }) => of(use))), mean(pairs.map((pair) => of(pair.lead)))]
    return isEqual(one, other) ? [] : [`${what} ${short(one)} where ${lead[0]!.arm} had ${short(other)}`]
  }
  const exactly = (what: string, of: (use: Use) => number) => {
    const wrong = pairs.filter((pair) => of(pair.use) !== of(pair.lead)).length
    return differing(
      `${what} in ${wrong} of ${pairs.length} ${plural(pairs.length, 'pair')}: in the mean`,
      of,
      () => wrong === 0,
    )
  }
  return [
    ...exactly('trainings', ({ trainings }) => trainings),
    ...exactly('scores on validation', ({ validationScores }) => validationScores),
    ...exactly('fewest rows', ({ rows }) => rows.fewest),
    ...exactly('most rows', ({ rows }) => rows.most),
    ...differing(
      'teacher calls:',
      ({ teacherCalls }) => teacherCalls,
      (one, other) => Math.abs(one - other) <= tolerance * other,
    ),
  ]
}

const short = (value: number) => String(Math.round(value * 10) / 10)
