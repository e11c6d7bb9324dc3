import type { PayloadOf } from '../../schemas/message.ts'
import type { Report } from '../../schemas/messages/evaluation.ts'
import type { Tried, Verdict } from '../../schemas/messages/generation.ts'
import type { OperatorCommand } from '../../schemas/messages/run.ts'
import { notAsked, type Yield } from '../../schemas/row.ts'
import type { RunConfig } from '../../schemas/run.ts'
import { rowsWithShare } from '../../schemas/search.ts'
import { planRound, withVerdict } from './attempt.ts'
import { shareOf } from './budget-share.ts'
import { armTrained, settleArms } from './evidence/arms.ts'
import { fail, finish } from './evidence/ending.ts'
import { trainingSeeds } from './evidence/training-seeds.ts'
import { endWithRows, resume, whyEndsEarly } from './generate.ts'
import { isUnderWay } from './generation.ts'
import { guidanceOf, guideOf } from './guidance.ts'
import { outgoing } from './outgoing.ts'
import { attemptScored, raceScored, searchOn } from './search.ts'
import { startFirst } from './start-attempt.ts'
import type { Attempt, Outgoing, PlannerState } from './state.ts'
import {
  type PlannerEvent,
  putAttempt,
  recover,
  roundAt,
  type StepContext,
  type StepDeps,
  setStatus,
  statusAfterFault,
  taskOf,
  train,
} from './step-context.ts'
import { afterTrial, dryText, isTriedOut, nothingUsable } from './trials.ts'

/**
 * The planner as a reducer.
 * P1  A step reads nothing but state, event and blobs, so a crashed step is taken again by any replica.
 * P2  An event already in `seen` changes nothing; `outbox` stays until it is published, and the message ids make publishing it twice
 *     harmless.
 * P3  While the run is paused or stopped, work is kept in `held` and nothing is lost; resume sends it.
 * P4  Every attempt's dataset has the same number of rows; only the planner decides how much more is asked.
 * P5  The search never sees a sealed score: the final evaluation is asked for after its last decision.
 */
export async function step(before: PlannerState | null, event: PlannerEvent, deps: StepDeps): Promise<PlannerState> {
  if (event.kind === 'run-started') return before ?? begin(event.payload.config, { event, deps })
  if (!before) throw new Error(`there is no run for ${event.kind} ${event.id}`)
  if (before.seen.includes(event.id)) return before
  const context: StepContext = { state: { ...before, seen: [...before.seen, event.id] }, send: [], deps, event }
  await react(context)
  return withMessages(context.state, context.send)
}

async function begin(config: RunConfig, { event, deps }: Pick<StepContext, 'event' | 'deps'>): Promise<PlannerState> {
  const context: StepContext = { state: newRun(config, event.id), send: [], deps, event }
  setStatus(context, 'running', 'started')
  if (deps.policy.trainsNothing) {
    const { contamination = null } = config.generate ?? {}
    context.state = { ...context.state, phase: 'searching', contamination }
    await startFirst(context)
  } else {
    const base = { studentModel: 'base', training: null, examples: false, guidance: guidanceOf(context.state, false) }
    context.send.push(outgoing.job(config, { ...base, ...taskOf(config) }))
  }
  return withMessages(context.state, context.send)
}

async function react(context: StepContext): Promise<void> {
  const { event } = context
  switch (event.kind) {
    case 'run-started':
      return
    case 'operator-command':
      return control(context, event.payload)
    case 'fault': {
      const status = statusAfterFault(context.state, event.payload)
      if (status === null) return
      const again = context.deps.policy.trainsNothing
        ? ' give the same "syllabus generate" command again'
        : `: syllabus resume ${context.state.config.runId}`
      const { message, reason } = event.payload
      return setStatus(context, status, `${message}: ${reason}`, { fix: `fix the cause, then${again}` })
    }
    case 'tried':
      return tried(context, event.payload)
    case 'verdict':
      return closeRound(context, event.payload)
    case 'report':
      return scored(context, event.payload)
    case 'final-eval-results':
      return finish(context)
    default:
      return event satisfies never
  }
}

/** A trial of a source in an open round ended, or showed a usable reply: what it lets go is sent. */
function tried(context: StepContext, trial: PayloadOf<typeof Tried>): void {
  const { state } = context
  const current = attemptOf(state, trial.attempt)
  if (current?.outcome !== 'generating' || current.round !== trial.round) return
  const { attempt, messages } = afterTrial(shareOf(state, current), current, trial)
  putAttempt(context, attempt)
  context.send.push(...messages)
}

/** Attempt 0 is the control. */
const attemptOf = (state: PlannerState, attempt: number) =>
  attempt === 0 ? state.control : state.attempts.find((each) => each.attempt === attempt)

/** A round is closed: the next one, or what follows on a dataset that is as full as it gets. */
async function closeRound(context: StepContext, verdict: PayloadOf<typeof Verdict>): Promise<void> {
  const current = attemptOf(context.state, verdict.attempt)
  if (current?.outcome !== 'generating' || current.round !== verdict.round) return
  recover(context)
  const { state } = context
  const { trainsNothing } = context.deps.policy
  const surplus = verdict.surplus ? [...current.surplus, verdict.surplus] : current.surplus
  const closed = { ...withVerdict(current, verdict), surplus }
  putAttempt(context, closed)
  const broken = brokenSources(closed.bySource, verdict)
  const fault = verdict.attempt > 0 ? (broken ?? nothingUsable(closed)) : null
  if (fault && trainsNothing)
    return endWithRows(context, { ...closed, error: fault }, broken ? 'program-raised' : 'teacher-unavailable')
  if (fault) {
    const raised = { ...closed, outcome: 'raised' as const, error: fault }
    putAttempt(context, raised)
    context.send.push(outgoing.raised(raised))
    const isOver = !isUnderWay(context.state) && isTriedOut(context.state)
    return isOver ? fail(context, 'teacher-unavailable', fault) : searchOn(context)
  }
  const next = await planRound(context.state, closed, roundAt(context))
  const ends = trainsNothing && next.messages.length > 0 ? whyEndsEarly(context, closed, verdict) : null
  if (next.messages.length > 0 && !ends) {
    putAttempt(context, next.attempt)
    context.send.push(...next.messages)
    return
  }
  if (trainsNothing) return endWithRows(context, closed, ends)
  const { minimum } = rowsWithShare(state.config, closed.share)
  const isShort = closed.rows < minimum
  const few = `${closed.rows} rows were admitted of at least ${minimum}`
  const error = isShort ? [few, dryText(closed) ?? []].flat().join('\n') : null
  putAttempt(context, { ...next.attempt, outcome: isShort ? 'invalid' : 'training', error })
  if (verdict.attempt === 0) return settleArms(context)
  if (isShort) return searchOn(context)
  const guidance = guidanceOf(shareOf(context.state, next.attempt), true)
  train(context, `attempt-${verdict.attempt}`, next.attempt, trainingSeeds(state.config).search, guidance)
}

async function scored(context: StepContext, report: PayloadOf<typeof Report>): Promise<void> {
  const { studentModel, contamination, tokenLimit } = report
  switch (studentModel.arm) {
    case 'base':
      if (context.state.base) return
      recover(context)
      context.state = {
        ...context.state,
        base: baseOf(context.state, report),
        contamination,
        tokenLimit,
        phase: 'searching',
      }
      return searchOn(context)
    case 'submission':
      return studentModel.seedIndex > 1 ? raceScored(context, report) : attemptScored(context, report)
    default:
      return armTrained(context, studentModel)
  }
}

function baseOf({ config }: PlannerState, report: PayloadOf<typeof Report>): PlannerState['base'] {
  const { validation, halves } = guideOf(config, 0, report)
  const { studentModel, examplesLeftOut } = report
  return { studentModel, validation, ...(halves && { halves }), ...(examplesLeftOut && { examplesLeftOut }) }
}

/** The program's own faults: each costs its row, and a source that has nothing else costs the program. */
const ownFaults = ['hook', 'context', 'truncated'] as const

/**
 * Why a program raised: its sources of which no reply has ever become a candidate, most of them for a fault of the program itself. Null
 * while there is none. `bySource` counts all rounds so far, and the words are the last round's.
 */
export function brokenSources(
  bySource: Readonly<Record<string, Yield>>,
  { failures }: Pick<PayloadOf<typeof Verdict>, 'failures'>,
): string | null {
  const broken = Object.entries(bySource).flatMap(([source, { asked, generated, failed }]) => {
    const own = ownFaults.reduce((sum, kind) => sum + (failed?.[kind] ?? 0), 0)
    // Indexes that were not asked, since the first replies could not be used, say nothing.
    const answered = asked - notAsked({ failed }) - (failed?.gone ?? 0)
    if (generated > 0 || own * 2 <= answered) return []
    const words = ownFaults.flatMap((kind) => failures?.[source]?.[kind] ?? [])
    const longer = words.some((each) => each.includes('token limit')) ? '. Give its sampling a higher maxTokens' : ''
    return [`source "${source}" made no row of ${answered}: ${words.join('; ')}${longer}`]
  })
  return broken.length > 0 ? broken.join('\n') : null
}

async function control(context: StepContext, command: PayloadOf<typeof OperatorCommand>): Promise<void> {
  const { action, reason } = command
  if (action === 'resume' && context.deps.policy.trainsNothing) return resume(context, command)
  if (context.state.phase === 'done') return
  switch (action) {
    case 'pause':
      return setStatus(context, 'paused', reason ?? 'paused by a person')
    case 'stop':
      return setStatus(context, 'stopped', reason ?? 'stopped by a person')
    case 'resume':
      return setStatus(context, 'running', reason ?? 'resumed')
    case 'finish':
      if (context.state.phase === 'searching') context.state = { ...context.state, stopReason: 'stopped-by-user' }
      return
    case 'veto':
      return veto(context, reason ?? 'vetoed by a person')
    default:
      return action satisfies never
  }
}

/** Refuses the dataset whose training is held back; the search goes on with the next attempt. */
async function veto(context: StepContext, reason: string): Promise<void> {
  const jobOf = ({ attempt }: Attempt) => `job:attempt-${attempt}`
  const isHeld = (attempt: Attempt) => context.state.held.some((message) => message.id === jobOf(attempt))
  const last = context.state.attempts.findLast(isHeld)
  if (!last) return
  const job = jobOf(last)
  context.state = { ...context.state, held: context.state.held.filter((message) => message.id !== job) }
  putAttempt(context, { ...last, outcome: 'invalid', rows: 0, dataset: null, datasetHash: null, error: reason })
  await searchOn(context)
}

/** A run before anything is known of it but its settings; `started` is the id of the message that began it. */
export function newRun(config: RunConfig, started: string): PlannerState {
  return {
    config,
    status: 'running',
    statusReason: 'started',
    phase: 'base',
    base: null,
    contamination: null,
    attempts: [],
    control: null,
    bestAttempt: null,
    fixesInARow: 0,
    arms: [],
    trained: [],
    stopReason: null,
    seen: [started],
    held: [],
    outbox: [],
  }
}

/**
 * The state after a step with the messages that it decided: P2, the outbox keeps what is not published yet; P3, work of a run that
 * is paused or stopped is held, and sent with the next step after it resumes. Events are always published.
 */
function withMessages(state: PlannerState, send: readonly Outgoing[]): PlannerState {
  if (state.status !== 'paused' && state.status !== 'stopped')
    return { ...state, outbox: [...state.outbox, ...state.held, ...send], held: [] }
  const work = send.filter((message) => message.variant !== null)
  const events = send.filter((message) => message.variant === null)
  return { ...state, outbox: [...state.outbox, ...events], held: [...state.held, ...work] }
}
