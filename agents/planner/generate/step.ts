import type { Yield } from '../../../schemas/row.ts'
import type { RunConfig } from '../../../schemas/run.ts'
import { openAttempt, planRound, withVerdict } from '../attempt.ts'
import { callsLeft } from '../budget-left.ts'
import { outgoing } from '../outgoing.ts'
import { brokenSources } from '../program/broken-sources.ts'
import { newRun, withMessages } from '../run-state.ts'
import type { Attempt, PlannerState } from '../state.ts'
import { type PlannerEvent, type StepDeps, statusAfterFault } from '../step-context.ts'
import { afterTrial, nothingUsable } from '../trials.ts'
import { type Change, finish, turn } from './finish.ts'
import { control } from './operator-command.ts'

/**
 * The planner of a run that makes data alone: one attempt with the program given, refilled by measured yield until its rows are
 * complete or a limit is reached. It keeps the invariants P1 to P3 of the planner's step.
 */
export async function generateStep(
  before: PlannerState | null,
  event: PlannerEvent,
  { store }: Pick<StepDeps, 'store'>,
): Promise<PlannerState> {
  if (event.kind === 'run-started') return before ?? begin(event.payload.config, event, store)
  if (!before) throw new Error(`there is no run for ${event.kind} ${event.id}`)
  if (before.seen.includes(event.id)) return before
  const { state, send } = react({ ...before, seen: [...before.seen, event.id] }, event)
  return withMessages(state, send)
}

async function begin(config: RunConfig, event: PlannerEvent, store: StepDeps['store']): Promise<PlannerState> {
  if (!config.generate) throw new Error('this planner follows a given program, and the run names none')
  const { program, contamination } = config.generate
  const empty: PlannerState = { ...newRun(config, event.id), phase: 'searching', contamination }
  const plan = { attempt: 1, operation: 'draft' as const, diagnosis: 'The program as it was given.', program }
  const finalEval = await openAttempt(empty, plan, store)
  const { attempt, messages } = planRound(empty, finalEval, event.at)
  const { operation, diagnosis, programHash } = attempt
  const decision = { attempt: 1, operation, diagnosis, program, programHash, model: null }
  const started = {
    state: { ...empty, attempts: [attempt] },
    send: [
      outgoing.status({ status: 'running', reason: 'started' }, event.id),
      outgoing.decision(decision),
      ...messages,
    ],
  }
  const { state, send } = messages.length > 0 ? started : finish(started, attempt, event)
  return withMessages(state, send)
}

function react(state: PlannerState, event: PlannerEvent): Change {
  switch (event.kind) {
    case 'operator-command':
      return control(state, event)
    case 'fault': {
      const { message, reason } = event.payload
      const status = statusAfterFault(state, event.payload)
      if (status === null) return { state, send: [] }
      const fix = 'fix the cause, then give the same "syllabus generate" command again'
      return turn(state, status, `${message}: ${reason}`, event, fix)
    }
    case 'tried':
      return tried(state, event)
    case 'verdict': {
      const [current] = state.attempts
      if (current?.outcome !== 'generating' || current.round !== event.payload.round) return { state, send: [] }
      const { state: running, send } =
        state.status === 'faulted' ? turn(state, 'running', 'goes on after a fault', event) : { state, send: [] }
      const closed = closeRound(running, current, event)
      return { state: closed.state, send: [...send, ...closed.send] }
    }
    case 'run-started':
    case 'report':
    case 'final-eval-results':
      return { state, send: [] }
    default:
      return event satisfies never
  }
}

/** A trial of a source ended, or showed a usable reply: what it lets go is sent. */
function tried(state: PlannerState, { payload }: PlannerEvent & { kind: 'tried' }): Change {
  const [current] = state.attempts
  if (current?.outcome !== 'generating' || current.round !== payload.round) return { state, send: [] }
  const { attempt, messages } = afterTrial(state, current, payload)
  return { state: { ...state, attempts: [attempt] }, send: messages }
}

function closeRound(state: PlannerState, current: Attempt, event: PlannerEvent & { kind: 'verdict' }): Change {
  const { payload: verdict } = event
  const closed = withVerdict(current, verdict)
  const after = { ...state, attempts: [closed] }
  const fault = brokenSources(closed.bySource, verdict)
  if (fault) return finish({ state: after, send: [] }, { ...closed, error: fault }, event, 'program-raised')
  const unusable = nothingUsable(closed)
  if (unusable) return finish({ state: after, send: [] }, { ...closed, error: unusable }, event, 'teacher-unavailable')
  const isLimited = callsLeft(after, closed) < Number.POSITIVE_INFINITY
  const hasAnswered = Object.values(closed.bySource).some(({ generated }) => generated > 0)
  const silent = Object.values(verdict.bySource).every((counts) => isSilent(counts, isLimited, hasAnswered))
  const begun = closed.startedAt ?? state.config.startedAt
  const hours = (Date.parse(event.at) - Date.parse(begun)) / 3_600_000
  const next = planRound(after, closed, event.at)
  const ends = silent || state.stopReason !== null || hours >= state.config.limits.maxHours
  if (ends || next.messages.length === 0) {
    const reason = ends && next.messages.length > 0 ? (silent ? 'teacher-unavailable' : 'hours-used') : null
    return finish({ state: after, send: [] }, closed, event, state.stopReason ?? reason)
  }
  return { state: { ...after, attempts: [next.attempt] }, send: next.messages }
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
