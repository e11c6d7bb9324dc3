import { priorYield } from '../../agents/planner/rounds.ts'
import { moneyOf, spentOn } from '../../schemas/spent.ts'
import type { Spent, UsageLine } from '../../schemas/usage.ts'
import { assumptionsOf, callsOf } from './calls.ts'
import { type AnswerCounts, answerCounts, type EstimateInput } from './input.ts'
import { costOfSearch } from './search.ts'

/** What a run will probably take. Null: nothing is known to go by, and nothing is made up. */
export type Estimate = {
  spent: Spent
  money: number | null
  trainings: { count: number; seconds: number | null }
  /** Questions that the student answers: those of validation by every student model, and those of the sealed session. */
  answers: AnswerCounts
  hours: { training: number | null; answers: number | null; calls: number | null }
  /** As text: what was taken for granted, and from where. */
  assumptions: string[]
  /** As text: the limits that it would reach. */
  beyond: string[]
}

/** Estimates a run before it is begun. Pure. */
export function estimateRun(input: EstimateInput): Estimate {
  const { rows, attempts, epochs, search, evidence, program, prices, past } = input
  const cost = costOfSearch(attempts, search)
  const arms = evidence?.arms ?? []
  const datasets = attempts + (arms.includes('control') ? 1 : 0)
  const share = past.yield?.share ?? priorYield
  const candidates = program ? datasets * Math.ceil(rows / share) : 0
  const spent = spentOn(callsOf(input, candidates))
  // The chosen dataset and each baseline once a seed, each attempt once.
  const count = evidence ? Math.round(cost.trainings + evidence.seeds * (1 + arms.length)) : 0
  const perRow =
    past.training?.secondsPerRow ?? (past.speed && (epochs * past.speed.tokensPerRow) / past.speed.tokensPerSecond)
  const seconds = perRow && perRow * rows * count
  const answers = evidence ? answerCounts(cost, evidence, input.evalSets) : { validation: 0, sealed: 0 }
  const answered = answers.validation + answers.sealed
  const callsHours = past.callsPerSecond === null ? null : spent.calls / past.callsPerSecond / 3600
  const estimate = {
    spent,
    money: moneyOf(spent, prices),
    trainings: { count, seconds: count === 0 ? 0 : seconds },
    answers,
    hours: {
      training: count === 0 ? 0 : seconds === null ? null : seconds / 3600,
      answers: answered === 0 ? 0 : past.answers && (past.answers.secondsEach * answered) / 3600,
      calls: spent.calls === 0 ? 0 : callsHours,
    },
    assumptions: assumptionsOf(input, { datasets, candidates, share, count, answered, races: cost.races }),
    beyond: [] as string[],
  }
  return { ...estimate, beyond: beyondOf(estimate, input.limits) }
}

/** The limits that would be reached. */
function beyondOf({ spent, money, hours }: Omit<Estimate, 'beyond'>, limits: EstimateInput['limits']): string[] {
  const calls = (of: (line: UsageLine) => boolean) =>
    (spent.lines ?? []).filter(of).reduce((sum, line) => sum + line.calls, 0)
  const over = (name: string, value: number | null, limit: number | null) =>
    value !== null && limit !== null && value > limit
      ? [`${name} ${limit}: about ${Number(value.toFixed(2))} would be used`]
      : []
  return [
    ...over(
      'run.teacherCalls',
      calls(({ role }) => role === 'generator' || role === 'critic'),
      limits.teacherCalls,
    ),
    ...over(
      'run.plannerCalls',
      calls(({ role }) => role === 'planner'),
      limits.plannerCalls,
    ),
    ...over(
      'run.analystCalls',
      calls(({ role }) => role === 'evaluator'),
      limits.analystCalls,
    ),
    ...over('run.tokens', spent.inputTokens + spent.outputTokens, limits.tokens),
    ...over('run.money', money, limits.money),
    // What is not known is not reckoned: more would be used.
    ...over('run.maxHours', (hours.training ?? 0) + (hours.answers ?? 0) + (hours.calls ?? 0), limits.maxHours),
  ]
}
