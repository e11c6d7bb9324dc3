import { callsPerCandidate, type Program } from '../../schemas/program.ts'
import type { RunConfig } from '../../schemas/run.ts'
import { moneyOf, spentTogether } from '../../schemas/spent.ts'
import type { Spent } from '../../schemas/usage.ts'
import { asksModel, chosenIn } from '../../schemas/variants.ts'
import type { Attempt, PlannerState } from './state.ts'

/** What is left of a run's limits; Infinity where there is none. */
export type BudgetLeft = { tokens: number; money: number; plannerCalls: number }

const attemptsOf = ({ attempts, control }: PlannerState) => (control ? [...attempts, control] : attempts)

/** What the closed rounds spent on the teacher so far, all resumes together. */
export const rowsSpent = (state: PlannerState): Spent => spentTogether(attemptsOf(state).map(({ spent }) => spent))

/** What the planner's own model was asked so far. */
export const spentOnPlans = (state: PlannerState): Spent =>
  spentTogether(attemptsOf(state).map(({ planning }) => planning))

/** What the evaluator's analyst was asked so far. */
export const analysesSpent = (state: PlannerState): Spent =>
  spentTogether(state.attempts.map(({ analysis }) => analysis))

/** All together. */
export const spentInAll = (state: PlannerState): Spent =>
  spentTogether([rowsSpent(state), spentOnPlans(state), analysesSpent(state)])

/** Calls of one model, by whichever role. */
export const callsOfModel = ({ lines = [] }: Spent, model: string) =>
  lines.filter((line) => line.model === model).reduce((sum, { calls }) => sum + calls, 0)

/** Calls left of a model's own limit. */
function modelCallsLeft(state: PlannerState, model: string | undefined): number {
  const limit = model === undefined ? undefined : state.config.limits.modelCalls[model]
  return limit === undefined ? Number.POSITIVE_INFINITY : limit - callsOfModel(spentInAll(state), model!)
}

/** What the planner's model may still be asked, and what is left for everybody. */
export function budgetLeft(state: PlannerState): BudgetLeft {
  const { limits, models, prices } = state.config
  const all = spentInAll(state)
  const left = (limit: number | null, used: number) => (limit === null ? Number.POSITIVE_INFINITY : limit - used)
  return {
    tokens: left(limits.tokens, all.inputTokens + all.outputTokens),
    money: left(limits.money, moneyOf(all, prices) ?? 0),
    plannerCalls: Math.min(left(limits.plannerCalls, spentOnPlans(state).calls), modelCallsLeft(state, models.planner)),
  }
}

/** Calls that the analysis of one report may make; undefined where the evaluator has no analyst. Once tokens or money are used up, none. */
export function analysisCallsLeft(state: PlannerState): number | undefined {
  const { limits, models } = state.config
  if (!asksModel(chosenIn(state.config, 'evaluator'))) return undefined
  const { tokens, money } = budgetLeft(state)
  if (Math.min(tokens, money) <= 0) return 0
  const left = (limits.analystCalls ?? Number.POSITIVE_INFINITY) - analysesSpent(state).calls
  return Math.max(0, Math.min(left, modelCallsLeft(state, models.evaluator), mostAnalysisCalls))
}
/** Of one report: its replies, and some that are asked for again. */
const mostAnalysisCalls = 20

/**
 * Calls of the teacher that may be asked for now; Infinity where nothing limits them. Once every closed round is paid, what is left
 * of the run's limit, of the attempt's, of the teachers' own, and of tokens and money as far as `perCall` says.
 */
export function callsLeft(state: PlannerState, attempt?: Pick<Attempt, 'spent' | 'program'>): number {
  const { limits, models } = state.config
  const spent = rowsSpent(state)
  const { tokens, money } = budgetLeft(state)
  const cost = perCall(state.config, spent, attempt?.program ?? null)
  return Math.min(
    limits.teacherCalls === null ? Number.POSITIVE_INFINITY : limits.teacherCalls - spent.calls,
    limits.attemptCalls === null ? Number.POSITIVE_INFINITY : limits.attemptCalls - (attempt?.spent?.calls ?? 0),
    ...[models.generator, models.critic].map((model) => modelCallsLeft(state, model)),
    fitting(tokens, cost.tokens),
    fitting(money, cost.money),
  )
}

/** Whether what is left pays for not one candidate of the attempt's program. */
export function isBudgetExhausted(state: PlannerState, attempt: Pick<Attempt, 'spent' | 'program'>): boolean {
  const { program } = attempt
  const costs = (program?.sources ?? []).map((source) => callsPerCandidate(source, program!))
  return callsLeft(state, attempt) < Math.min(...costs.filter((calls) => calls > 0))
}

function fitting(left: number, each: number): number {
  if (left <= 0) return 0
  return each > 0 ? Math.floor(left / each) : Number.POSITIVE_INFINITY
}

/** From so many calls on, their mean says more than the longest reply allowed. */
const measuredFrom = 20
const caution = 1.25
/** Characters of a token in the texts that are sent, on the low side, and what is sent beside a source's own text. */
const charsPerToken = 3
const frameTokens = 500

/** What one call of the teacher is reckoned to cost: at first its longest prompt and reply, then somewhat more than the mean. */
function perCall(
  { models, prices }: RunConfig,
  spent: Spent,
  program: Program | null,
): { tokens: number; money: number } {
  const prompts = (program?.sources ?? []).flatMap((source) => (source.kind === 'prompt' ? source : []))
  const longest = (sizes: number[]) => Math.max(0, ...sizes)
  const measured = spent.calls >= measuredFrom
  const input = measured
    ? (caution * spent.inputTokens) / spent.calls
    : longest(prompts.map((source) => frameTokens + JSON.stringify(source).length / charsPerToken))
  const output = measured
    ? (caution * spent.outputTokens) / spent.calls
    : longest(prompts.map(({ sampling }) => sampling.maxTokens))
  const dollars = [models.generator, models.critic].flatMap((model) => prices[model ?? ''] ?? [])
  const money = dollars.map(
    ({ inputPerMillion, outputPerMillion }) => input * inputPerMillion + output * outputPerMillion,
  )
  return { tokens: input + output, money: longest(money) / 1e6 }
}
