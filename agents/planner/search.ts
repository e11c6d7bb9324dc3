import type { PayloadOf } from '../../schemas/message.ts'
import type { Report } from '../../schemas/messages/evaluation.ts'
import type { Operation, RunConfig, StopReason } from '../../schemas/run.ts'
import { asksModel, chosenIn, sourceKindsOf } from '../../schemas/variants.ts'
import { openAttempt, planRound, raisedAttempt } from './attempt.ts'
import { budgetLeft, callsLeft, isBudgetExhausted } from './budget-left.ts'
import { settleArms } from './evidence/arms.ts'
import { fail } from './evidence/ending.ts'
import { endWithRows } from './generate.ts'
import { guideOf, swappedAt } from './guidance.ts'
import { outgoing } from './outgoing.ts'
import { type Plan, PlannerBudgetExhausted, ProgramFault, type Situation } from './policy.ts'
import type { PlannerState } from './state.ts'
import { best, putAttempt, recover, roundAt, type StepContext } from './step-context.ts'
import type { PlannerStore } from './store.ts'

/** Rows of the best dataset that a policy is shown. */
const sampleSize = 6

/** Everything a policy may look at, from the state and its blobs. */
async function situationOf(
  { config, base, attempts }: PlannerState,
  known: Pick<Situation, 'operation' | 'attempt' | 'best' | 'left'>,
  store: PlannerStore,
): Promise<Situation> {
  const rows = known.best?.dataset ? await store.getRows(known.best.dataset) : []
  const stride = Math.max(1, Math.floor(rows.length / sampleSize))
  return {
    ...known,
    runId: config.runId,
    prices: config.prices,
    rows: config.rows,
    seed: config.seed,
    ...(config.generate && { given: config.generate.program }),
    task: await store.task(config.publicTask),
    base: base?.validation ?? null,
    history: attempts,
    sampleRows: rows.filter((_, index) => index % stride === 0).slice(0, sampleSize),
    sourceKinds: sourceKindsOf(chosenIn(config, 'generator')),
    meteredChecks: asksModel(chosenIn(config, 'critic')),
  }
}

/** An attempt's adapter was measured on validation: the search goes on from there. */
export async function attemptScored(context: StepContext, report: PayloadOf<typeof Report>): Promise<void> {
  const { studentModel, shownAs, analysis } = report
  const attempt = context.state.attempts.find((each) => `attempt-${each.attempt}` === studentModel.name)
  if (attempt?.outcome !== 'training') return
  recover(context)
  const guide = guideOf(context.state.config, attempt.attempt, report)
  putAttempt(context, {
    ...attempt,
    outcome: 'scored',
    studentModel,
    ...guide,
    ...(shownAs && { shownAs }),
    ...(analysis && { analysis: analysis.spent }),
  })
  const mode = context.state.config.primary
  const before = best(context.state)?.validation?.overall[mode].correct ?? -1
  const better = guide.validation.overall[mode].correct > before
  context.state = {
    ...context.state,
    fixesInARow: 0,
    bestAttempt: better ? attempt.attempt : context.state.bestAttempt,
  }
  await searchOn(context)
}

/** Draft first; Debug after a program that raised, Repair after too few rows, at most so many in a row, then Draft again. */
function nextOperation({ state, deps }: StepContext): Operation {
  const last = state.attempts.at(-1)
  const fix = last?.outcome === 'raised' ? 'debug' : last?.outcome === 'invalid' && last.dataset ? 'repair' : null
  if (fix) return state.fixesInARow < state.config.limits.maxFixesInARow ? fix : 'draft'
  return best(state) && !deps.policy.draftsOnly ? 'improve' : 'draft'
}

function whySearchEnds(context: StepContext): StopReason | null {
  const { state, deps } = context
  if (state.stopReason) return state.stopReason
  if (deps.policy.oneShot && best(state)) return 'first-valid'
  const { attempts, hours, teacherCalls, plannerCalls, tokens, money } = left(context)
  if (attempts <= 0) return 'attempts-used'
  if (hours <= 0) return 'hours-used'
  if (state.config.models.planner !== undefined && Math.min(plannerCalls, tokens, money) <= 0) return 'budget-used'
  // The control costs about as much as the best attempt did: the search leaves enough for it, and does not begin what it cannot pay.
  const datasets = state.config.evidence.arms.includes('control') ? 2 : 1
  const needed = datasets * (best(state)?.spent?.calls ?? 0)
  return teacherCalls !== null && teacherCalls < Math.max(1, needed) ? 'budget-used' : null
}

const prompts = (config: RunConfig) => asksModel(chosenIn(config, 'generator'))

function left({ state, event, deps }: StepContext): Situation['left'] {
  const { attempts, limits, startedAt } = state.config
  const hours = (Date.parse(event.at) - Date.parse(startedAt)) / 3_600_000
  const allowed = Math.min(attempts, deps.policy.maxAttempts ?? attempts)
  const calls = callsLeft(state)
  const teacherCalls = prompts(state.config) && Number.isFinite(calls) ? calls : null
  return {
    attempts: allowed - state.attempts.length,
    hours: limits.maxHours - hours,
    teacherCalls,
    ...budgetLeft(state),
  }
}

/** The next attempt, or, when a limit is reached, the end of the search. */
export async function searchOn(context: StepContext): Promise<void> {
  for (;;) {
    const reason = whySearchEnds(context)
    if (reason) return endSearch(context, reason)
    const operation = nextOperation(context)
    const fixes = operation === 'debug' || operation === 'repair' ? context.state.fixesInARow + 1 : 0
    context.state = { ...context.state, fixesInARow: fixes }
    if (await startAttempt(context, operation)) return
  }
}

/** True when the attempt's first round is on its way; false when its program raised. */
export async function startAttempt(context: StepContext, operation: Operation): Promise<boolean> {
  const attempt = (context.state.attempts.at(-1)?.attempt ?? 0) + 1
  context.state = swappedAt(context.state, attempt)
  const { state, deps } = context
  const plan = await decide(context, operation, attempt)
  if (plan instanceof ProgramFault) {
    const { diagnosis, wrote } = plan.plan
    const failed = raisedAttempt({ attempt, operation, diagnosis, wrote, ...planningOf(plan.plan) }, plan.message)
    putAttempt(context, failed)
    if (plan instanceof PlannerBudgetExhausted) context.state = { ...context.state, stopReason: 'budget-used' }
    context.send.push(outgoing.decided(failed, plan.plan))
    return false
  }
  const finalEval = await openAttempt(
    state,
    { attempt, operation, diagnosis: plan.diagnosis, program: plan.program, ...planningOf(plan) },
    deps.store,
  )
  // What the plan itself cost is not left for the rows.
  putAttempt(context, finalEval)
  const first = await planRound(context.state, finalEval, roundAt(context))
  if (deps.policy.trainsNothing) {
    putAttempt(context, first.attempt)
    context.send.push(outgoing.decided(first.attempt, plan), ...first.messages)
    if (first.messages.length === 0) endWithRows(context, first.attempt)
    return true
  }
  const raised = first.messages.length === 0
  const unpaid = raised && isBudgetExhausted(context.state, finalEval)
  const error = unpaid ? 'what is left of the budget pays for none of its rows' : 'the program asks for no rows'
  putAttempt(context, raised ? { ...finalEval, outcome: 'raised', error } : first.attempt)
  if (unpaid) context.state = { ...context.state, stopReason: 'budget-used' }
  context.send.push(outgoing.decided(raised ? { ...first.attempt, error } : first.attempt, plan), ...first.messages)
  return !raised
}

const planningOf = ({ spent }: Pick<Plan, 'spent'>) => (spent ? { planning: spent } : {})

/** What the policy plans, or how it failed to; any other error is the step's. */
async function decide(context: StepContext, operation: Operation, attempt: number): Promise<Plan | ProgramFault> {
  const { state, deps } = context
  const scored = state.attempts.filter(({ outcome }) => outcome === 'scored')
  const from = scored.length > 0 ? deps.policy.startsFrom?.(scored, { seed: state.config.seed, attempt }) : undefined
  const known = { operation, attempt, best: from ?? best(state), left: left(context) }
  const situation = await situationOf(state, known, deps.store)
  return deps.policy.decide(situation, deps.signal).catch((error: unknown) => {
    if (error instanceof ProgramFault) return error
    throw error
  })
}

/** The search is over: what the chosen dataset is compared with is made, or the run ends with nothing to test. */
async function endSearch(context: StepContext, reason: StopReason): Promise<void> {
  if (!best(context.state)) {
    const why = reason === 'budget-used' ? reason : 'no-valid-attempt'
    return fail(context, why, 'no attempt gave enough admitted rows')
  }
  context.state = { ...context.state, stopReason: reason, phase: 'replaying' }
  await settleArms(context)
}
