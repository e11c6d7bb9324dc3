import type { PayloadOf } from '../../schemas/message.ts'
import type { Verdict } from '../../schemas/messages/generation.ts'
import type { OperatorCommand } from '../../schemas/messages/run.ts'
import type { Yield } from '../../schemas/row.ts'
import type { StopReason } from '../../schemas/run.ts'
import { isOverdue, planRound } from './attempt.ts'
import { callsLeft, isBudgetExhausted } from './budget-left.ts'
import { outgoing } from './outgoing.ts'
import type { Policy } from './policy.ts'
import { roundsOf } from './rounds.ts'
import type { Attempt } from './state.ts'
import { putAttempt, roundAt, type StepContext, setStatus } from './step-context.ts'
import { dryText } from './trials.ts'

/**
 * The planner of a run that makes data alone: one attempt with the program given, refilled by measured yield until its rows are
 * complete or a limit is reached.
 */
export const givenProgram: Policy = {
  trainsNothing: true,
  async decide({ given }) {
    if (!given) throw new Error('this planner follows a given program, and the run names none')
    return { program: given, diagnosis: 'The program as it was given.', model: null }
  },
}

/** Why nothing more is asked for. */
function whyNoMore({ state, event }: StepContext, attempt: Attempt): StopReason {
  const { program } = attempt
  const sources = program?.sources ?? []
  const wanted = attempt.carried + sources.reduce((sum, source) => sum + source.rows, 0)
  if (attempt.rows >= wanted) return 'rows-complete'
  if (dryText(attempt) !== null) return 'teacher-unavailable'
  if (isBudgetExhausted(state, attempt)) return 'budget-used'
  if (isOverdue(attempt.startedAt, event.at, state.config)) return 'hours-used'
  return attempt.round >= roundsOf(state.config) ? 'rounds-used' : 'candidates-used'
}

/** Ends the run with the rows that it has; `known` is the reason, where more could be asked for. */
export function endWithRows(context: StepContext, attempt: Attempt, known: StopReason | null = null): void {
  const { state, event } = context
  const stopReason = known ?? state.stopReason ?? whyNoMore(context, attempt)
  const made = attempt.rows > 0
  const error = attempt.error ?? dryText(attempt) ?? (made ? null : 'no row was admitted')
  putAttempt(context, { ...attempt, outcome: made ? 'made' : 'invalid', error })
  context.state = { ...context.state, bestAttempt: made ? attempt.attempt : null, stopReason, phase: 'done' }
  context.send.push(
    outgoing.finished(event.id, {
      stopReason,
      chosenAttempt: context.state.bestAttempt,
      dataset: attempt.dataset,
      datasetHash: attempt.datasetHash,
      controlDatasetHash: null,
      attempts: 1,
      validAttempts: made ? 1 : 0,
      seeds: { search: [state.config.seed], replay: state.config.seed, replays: [] },
    }),
  )
  const why = error && stopReason !== 'rows-complete' ? `${stopReason}: ${error}` : stopReason
  setStatus(context, made ? 'finished' : 'failed', `${attempt.rows} rows: ${why}`)
}

/** Why a run ends after a round although more could be asked for; null where it goes on. */
export function whyEndsEarly(
  { state, event }: StepContext,
  { bySource, startedAt }: Attempt,
  verdict: PayloadOf<typeof Verdict>,
): StopReason | null {
  if (state.stopReason) return state.stopReason
  const isLimited = callsLeft(state, state.attempts[0]) < Number.POSITIVE_INFINITY
  const hasAnswered = Object.values(bySource).some(({ generated }) => generated > 0)
  if (Object.values(verdict.bySource).every((counts) => isSilent(counts, isLimited, hasAnswered)))
    return 'teacher-unavailable'
  const hours = (Date.parse(event.at) - Date.parse(startedAt ?? state.config.startedAt)) / 3_600_000
  return hours >= state.config.limits.maxHours ? 'hours-used' : null
}

/** Kinds of failures that are no reply, the endpoint's fault or the teacher's will. */
const withoutReply: readonly string[] = ['teacher', 'gone', 'forbidden']

/**
 * No reply came at all, or none could be checked where calls for that are not limited; replies of which no row could be made are no
 * silence, and the next ones may be better. Neither are refusals of a teacher that has answered other prompts.
 */
const isSilent = ({ generated, rejected, failed = {} }: Yield, isLimited: boolean, hasAnswered: boolean): boolean =>
  generated === (isLimited ? 0 : (rejected.unchecked ?? 0)) &&
  Object.keys(failed).every((kind) => withoutReply.includes(kind) || (kind === 'refused' && !hasAnswered))

/**
 * Goes on, under new limits where the person names them. A run that ended short is opened again with a round of new candidates: what its
 * closed rounds paid for stays as it is. It ends at once where its limits allow no more.
 */
export async function resume(
  context: StepContext,
  { limits, reason = 'resumed' }: PayloadOf<typeof OperatorCommand>,
): Promise<void> {
  const { state, event } = context
  context.state = { ...state, config: { ...state.config, limits: limits ?? state.config.limits } }
  setStatus(context, 'running', reason)
  const attempt = { ...state.attempts[0]!, startedAt: event.at }
  putAttempt(context, attempt)
  if (state.phase !== 'done') return
  context.state = { ...context.state, phase: 'searching', bestAttempt: null, stopReason: null }
  const open: Attempt = { ...attempt, outcome: 'generating', error: null, trials: {} }
  const next = await planRound(context.state, open, roundAt(context))
  putAttempt(context, next.attempt)
  context.send.push(...next.messages)
  if (next.messages.length === 0) endWithRows(context, next.attempt)
}
