import type { PayloadOf } from '../../schemas/message.ts'
import type { Report } from '../../schemas/messages/evaluation.ts'
import type { Tried, Verdict } from '../../schemas/messages/generation.ts'
import type { RunStarted } from '../../schemas/messages/run.ts'
import { planRound, withVerdict } from './attempt.ts'
import { control } from './control.ts'
import {
  type Draft,
  type PlannerEvent,
  putAttempt,
  recover,
  type StepDeps,
  setStatus,
  statusAfterFault,
  taskOf,
  train,
} from './draft.ts'
import { armTrained, settleArms } from './evidence/arms.ts'
import { fail, finish } from './evidence/ending.ts'
import { trainingSeeds } from './evidence/training-seeds.ts'
import { guidanceOf, guideOf } from './guidance.ts'
import { outgoing } from './outgoing.ts'
import { brokenSources } from './program/broken-sources.ts'
import { newRun, withMessages } from './run-state.ts'
import { attemptScored, searchOn } from './search.ts'
import type { PlannerState } from './state.ts'
import { afterTrial, dryText, isTriedOut, nothingUsable } from './trials.ts'

/**
 * The planner as a reducer.
 * P1  A step reads nothing but state, event and blobs, so a crashed step is taken again by any replica.
 * P2  An event already in `seen` changes nothing; `outbox` stays until it is published, and the message ids make publishing it twice harmless.
 * P3  While the run is paused or stopped, work is kept in `held` and nothing is lost; resume sends it.
 * P4  Every attempt's dataset has the same number of rows; only the planner decides how much more is asked.
 * P5  The search never sees a sealed score: the opening is asked for after its last decision.
 */
export async function step(before: PlannerState | null, event: PlannerEvent, deps: StepDeps): Promise<PlannerState> {
  if (event.kind === 'run-started') return before ?? begin(event.payload, event)
  if (!before) throw new Error(`there is no run for ${event.kind} ${event.id}`)
  if (before.seen.includes(event.id)) return before
  const draft: Draft = { state: { ...before, seen: [...before.seen, event.id] }, send: [], deps, event }
  await react(draft)
  return withMessages(draft.state, draft.send)
}

function begin({ config }: PayloadOf<typeof RunStarted>, event: PlannerEvent): PlannerState {
  return withMessages(newRun(config, event.id), [
    outgoing.status({ status: 'running', reason: 'started' }, event.id),
    outgoing.job(config, {
      candidate: 'base',
      training: null,
      examples: false,
      guidance: guidanceOf(config),
      ...taskOf(config),
    }),
  ])
}

async function react(draft: Draft): Promise<void> {
  const { event } = draft
  switch (event.kind) {
    case 'run-started':
      return
    case 'control':
      return control(draft, event.payload)
    case 'fault': {
      const status = statusAfterFault(draft.state, event.payload)
      if (status === null) return
      return setStatus(draft, status, `${event.payload.message}: ${event.payload.reason}`, {
        mend: `mend the cause, then: syllabus resume ${draft.state.config.runId}`,
      })
    }
    case 'tried':
      return tried(draft, event.payload)
    case 'verdict':
      return closeRound(draft, event.payload)
    case 'report':
      return scored(draft, event.payload)
    case 'opened':
      return finish(draft)
    default:
      return event satisfies never
  }
}

/** A trial of a source in an open round ended, or showed a usable reply: what it lets go is sent. */
function tried(draft: Draft, said: PayloadOf<typeof Tried>): void {
  const { state } = draft
  const current = attemptOf(state, said.attempt)
  if (current?.outcome !== 'generating' || current.round !== said.round) return
  const { attempt, messages } = afterTrial(state, current, said)
  putAttempt(draft, attempt)
  draft.send.push(...messages)
}

/** Attempt 0 is the control. */
const attemptOf = (state: PlannerState, attempt: number) =>
  attempt === 0 ? state.control : state.attempts.find((each) => each.attempt === attempt)

/** A round is closed: the next one, or what follows on a dataset that is as full as it gets. */
async function closeRound(draft: Draft, verdict: PayloadOf<typeof Verdict>): Promise<void> {
  const current = attemptOf(draft.state, verdict.attempt)
  if (current?.outcome !== 'generating' || current.round !== verdict.round) return
  recover(draft)
  const { state } = draft
  const surplus = verdict.surplus ? [...current.surplus, verdict.surplus] : current.surplus
  const closed = { ...withVerdict(current, verdict), surplus }
  putAttempt(draft, closed)
  const fault = verdict.attempt > 0 ? (brokenSources(closed.bySource, verdict) ?? nothingUsable(closed)) : null
  if (fault) {
    const raised = { ...closed, outcome: 'raised' as const, error: fault }
    putAttempt(draft, raised)
    draft.send.push(outgoing.raised(raised))
    return isTriedOut(draft.state) ? fail(draft, 'teacher-unavailable', fault) : searchOn(draft)
  }
  const next = planRound(draft.state, closed, draft.event.at)
  if (next.messages.length > 0) {
    putAttempt(draft, next.attempt)
    draft.send.push(...next.messages)
    return
  }
  const isShort = closed.rows < state.config.minimumRows
  const few = `${closed.rows} rows were admitted of at least ${state.config.minimumRows}`
  const error = isShort ? [few, dryText(closed) ?? []].flat().join('\n') : null
  putAttempt(draft, { ...next.attempt, outcome: isShort ? 'invalid' : 'training', error })
  if (verdict.attempt === 0) return settleArms(draft)
  if (isShort) return searchOn(draft)
  train(draft, `attempt-${verdict.attempt}`, next.attempt, trainingSeeds(state.config).search)
}

async function scored(draft: Draft, report: PayloadOf<typeof Report>): Promise<void> {
  const { candidate, contamination, tokenLimit } = report
  switch (candidate.arm) {
    case 'base':
      if (draft.state.base) return
      recover(draft)
      draft.state = { ...draft.state, base: baseOf(draft.state, report), contamination, tokenLimit, phase: 'searching' }
      return searchOn(draft)
    case 'submission':
      return attemptScored(draft, report)
    default:
      return armTrained(draft, candidate)
  }
}

function baseOf({ config }: PlannerState, report: PayloadOf<typeof Report>): PlannerState['base'] {
  const { validation, halves } = guideOf(config, 0, report)
  const { candidate, examplesLeftOut } = report
  return { candidate, validation, ...(halves && { halves }), ...(examplesLeftOut && { examplesLeftOut }) }
}
