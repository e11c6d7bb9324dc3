import { confidence, differencesOfShares } from '../statistics/intervals.ts'
import { type OverRuns, overRuns } from '../statistics/over-runs.ts'
import { holm, signFlip } from '../statistics/significance.ts'
import { type ArmName, leadOf } from './plan.ts'

/** The difference of two arms over their paired runs. */
export type Effect = {
  /** What it is called, where it has a name. */
  name: string | null
  arm: ArmName
  against: ArmName
  /** Pairs that both arms ended with a result; the others count in no figure. */
  pairs: number[]
  differences: OverRuns | null
  /** Two-sided, exact: each pair's sign flipped (`signFlip`). */
  p: number
  /** The smallest p that so many pairs can give. */
  smallestP: number
  /** The primary effect's own p; the others' adjusted by Holm. */
  adjustedP: number
  primary: boolean
  conclusion: 'shown' | 'opposite' | 'not-shown' | 'not-measured'
  /** Why a difference that the test calls is not shown to be one of the arms; empty where nothing stands against it. */
  objections: string[]
}

type Scored = { arm: ArmName; pair: number; score: number | null }

/** What the differences of `llm-iterative` to the others are called. */
const names: Readonly<Record<string, string>> = {
  rules: 'planner effect',
  'llm-blind': 'feedback effect',
  'llm-shuffled-feedback': 'effect of what the feedback says',
  'llm-repeat': 'effect of further programs',
  random: 'effect over random programs',
}

/**
 * The leading arm against each other one. One effect is primary and named before any run: llm-iterative against rules, else the lead
 * against the first other arm. An effect is called shown where its p, adjusted for all but the primary one, is at most 5 %.
 */
export function effectsOf(arms: readonly ArmName[], runs: readonly Scored[]): Effect[] {
  const lead = leadOf({ arms: [...arms] })
  const others = arms.filter((arm) => arm !== lead)
  const main = lead === 'llm-iterative' && others.includes('rules') ? 'rules' : others[0]
  const scoreOf = (arm: ArmName, pair: number) =>
    runs.find((run) => run.arm === arm && run.pair === pair)?.score ?? null
  const found = others.map((against) => {
    const paired = [...new Set(runs.map(({ pair }) => pair))].flatMap((pair) => {
      const [one, other] = [scoreOf(lead, pair), scoreOf(against, pair)]
      return one === null || other === null ? [] : [{ pair, difference: one - other }]
    })
    const differences = paired.map(({ difference }) => difference)
    return {
      name: lead === 'llm-iterative' ? (names[against] ?? null) : null,
      arm: lead,
      against,
      pairs: paired.map(({ pair }) => pair),
      differences: overRuns(differences, differencesOfShares),
      p: signFlip(differences, 1),
      smallestP: Math.min(1, 2 / 2 ** differences.length),
      primary: against === main,
    }
  })
  const secondary = found.filter(({ primary }) => !primary)
  const adjusted = holm(secondary.map(({ p }) => p))
  return found.map((effect) => {
    const adjustedP = effect.primary ? effect.p : adjusted[secondary.indexOf(effect)]!
    return { ...effect, adjustedP, conclusion: conclusionOf(effect.differences, adjustedP), objections: [] }
  })
}

function conclusionOf(differences: OverRuns | null, p: number): Effect['conclusion'] {
  if (!differences) return 'not-measured'
  if (p > 1 - confidence) return 'not-shown'
  return differences.mean > 0 ? 'shown' : 'opposite'
}
