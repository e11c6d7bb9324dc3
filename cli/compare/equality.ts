import { mean } from 'simple-statistics'
import type { RunResult, Use } from './compared-run.ts'
import type { PlannerArm } from './plan.ts'

/** Share by which an arm's teacher calls may differ from the leading arm's: what is rejected, and so asked again, is chance. */
const tolerance = 0.1

/** What an arm's runs used, in the mean of them, and where that is not what the leading arm used. */
export type ArmUse = Omit<Use, 'rows' | 'money'> & {
  arm: PlannerArm
  runs: number
  rows: { fewest: number; most: number }
  /** Null where a run's is not known. */
  money: number | null
  /** In words; empty where the arm was given as much as the leading one. */
  unequal: string[]
}

/** The use of each arm, the leading one's first; runs without a result count as the others do. */
export function armUses(arms: readonly PlannerArm[], lead: PlannerArm, runs: readonly RunResult[]): ArmUse[] {
  const uses = arms.flatMap((arm) => {
    const own = runs.filter((run) => run.arm === arm).map(({ use }) => use)
    return own.length > 0 ? { arm, ...together(own) } : []
  })
  const first = uses.find(({ arm }) => arm === lead)
  return uses.map((use) => ({ ...use, unequal: first ? differencesOf(use, first) : [] }))
}

function together(uses: readonly Use[]): Omit<ArmUse, 'arm' | 'unequal'> {
  const middle = (
    of: 'teacherCalls' | 'candidates' | 'trainings' | 'validationScores' | 'plannerCalls' | 'plannerTokens',
  ) => mean(uses.map((use) => use[of]))
  const money = uses.flatMap((use) => use.money ?? [])
  return {
    runs: uses.length,
    teacherCalls: middle('teacherCalls'),
    candidates: middle('candidates'),
    rows: {
      fewest: Math.min(...uses.map(({ rows }) => rows.fewest)),
      most: Math.max(...uses.map(({ rows }) => rows.most)),
    },
    trainings: middle('trainings'),
    validationScores: middle('validationScores'),
    plannerCalls: middle('plannerCalls'),
    plannerTokens: middle('plannerTokens'),
    money: money.length === uses.length ? mean(money) : null,
  }
}

function differencesOf(use: Omit<ArmUse, 'unequal'>, lead: Omit<ArmUse, 'unequal'>): string[] {
  const exact = [
    ['trainings', use.trainings, lead.trainings],
    ['scores on validation', use.validationScores, lead.validationScores],
    ['rows at least', use.rows.fewest, lead.rows.fewest],
    ['rows at most', use.rows.most, lead.rows.most],
  ] as const
  const calls = Math.abs(use.teacherCalls - lead.teacherCalls) > tolerance * lead.teacherCalls
  return [
    ...exact.flatMap(([what, own, other]) =>
      own === other ? [] : `${what}: ${short(own)} where ${lead.arm} had ${short(other)}`,
    ),
    ...(calls ? [`teacher calls: ${short(use.teacherCalls)} where ${lead.arm} had ${short(lead.teacherCalls)}`] : []),
  ]
}

const short = (value: number) => String(Math.round(value * 10) / 10)
