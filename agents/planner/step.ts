import { deriveSeed } from '../../schemas/hash.ts'
import type { PayloadOf } from '../../schemas/message.ts'
import type { Fault, Opened, Report } from '../../schemas/messages/evaluation.ts'
import type { Verdict } from '../../schemas/messages/generation.ts'
import type { Control, RunStarted } from '../../schemas/messages/run.ts'
import type { Operation, RunConfig, StopReason } from '../../schemas/run.ts'
import { spentTogether } from '../../schemas/usage.ts'
import type { VariantOf } from '../../schemas/variants.ts'
import { callsLeft } from './allowances.ts'
import { openAttempt, planRound, raisedAttempt } from './attempt.ts'
import { outgoing } from './outgoing.ts'
import { type Plan, type Policy, ProgramFault, type Situation } from './policy.ts'
import { uniformProgram } from './programs.ts'
import { addYield } from './rounds.ts'
import { newRun, withMessages } from './run-state.ts'
import { situationOf } from './situation.ts'
import { sourceKindsOf } from './source-kinds.ts'
import type { Attempt, Outgoing, PlannerState } from './state.ts'
import type { Store } from './store.ts'
import { uniformPromptProgram } from './uniform-prompt.ts'

/** What a planner reacts to. `id` is the message's id, `at` its time on the log. */
export type PlannerEvent = { id: string; at: string } & (
  | { kind: 'run-started'; payload: PayloadOf<typeof RunStarted> }
  | { kind: 'control'; payload: PayloadOf<typeof Control> }
  | { kind: 'verdict'; payload: PayloadOf<typeof Verdict> }
  | { kind: 'report'; payload: PayloadOf<typeof Report> }
  | { kind: 'opened'; payload: PayloadOf<typeof Opened> }
  | { kind: 'fault'; payload: PayloadOf<typeof Fault> }
)

export type StepDeps = { policy: Policy; store: Store; signal: AbortSignal }

/** One step in the making: the state so far and the messages decided. */
type Draft = { state: PlannerState; send: Outgoing[]; deps: StepDeps; event: PlannerEvent }

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

const taskOf = ({ publicTask, sealedTask, variants }: RunConfig) => ({ publicTask, sealedTask, variants })

function begin({ config }: PayloadOf<typeof RunStarted>, event: PlannerEvent): PlannerState {
  return withMessages(newRun(config, event.id), [
    outgoing.status({ status: 'running', reason: 'started' }, event.id),
    outgoing.job(config, { candidate: 'base', training: null, examples: false, ...taskOf(config) }),
  ])
}

async function react(draft: Draft): Promise<void> {
  const { event } = draft
  switch (event.kind) {
    case 'run-started':
      return
    case 'control':
      return control(draft, event.payload)
    case 'fault':
      return setStatus(draft, 'faulted', `${event.payload.message}: ${event.payload.reason}`, {
        mend: `mend the cause, then: syllabus dead redrive ${event.payload.deadLetter}`,
      })
    case 'verdict':
      recover(draft)
      return closeRound(draft, event.payload)
    case 'report':
      recover(draft)
      return scored(draft, event.payload)
    case 'opened':
      return finish(draft)
    default:
      return event satisfies never
  }
}

function setStatus(draft: Draft, status: PlannerState['status'], reason: string, extra: { mend?: string } = {}): void {
  draft.state = { ...draft.state, status, statusReason: reason }
  draft.send.push(outgoing.status({ status, reason, ...extra }, draft.event.id))
}

/** A message that arrives after a fault means that the dead letter was redriven. */
function recover(draft: Draft): void {
  if (draft.state.status === 'faulted') setStatus(draft, 'running', 'goes on after a fault')
}

async function control(draft: Draft, { action, reason }: PayloadOf<typeof Control>): Promise<void> {
  if (draft.state.phase === 'done') return
  switch (action) {
    case 'pause':
      return setStatus(draft, 'paused', reason ?? 'paused by a person')
    case 'stop':
      return setStatus(draft, 'stopped', reason ?? 'stopped by a person')
    case 'resume':
      return setStatus(draft, 'running', reason ?? 'resumed')
    case 'finish':
      if (draft.state.phase === 'searching') draft.state = { ...draft.state, stopReason: 'stopped-by-user' }
      return
    case 'veto':
      return veto(draft, reason ?? 'vetoed by a person')
    default:
      return action satisfies never
  }
}

/** Refuses the dataset whose training is held back; the search goes on with the next attempt. */
async function veto(draft: Draft, reason: string): Promise<void> {
  const last = draft.state.attempts.at(-1)
  const job = `job:attempt-${last?.attempt}`
  if (!last || !draft.state.held.some((message) => message.id === job)) return
  draft.state = { ...draft.state, held: draft.state.held.filter((message) => message.id !== job) }
  putAttempt(draft, { ...last, outcome: 'invalid', rows: 0, dataset: null, datasetHash: null, error: reason })
  await searchOn(draft)
}

function putAttempt(draft: Draft, attempt: Attempt): void {
  const { state } = draft
  if (attempt.attempt === 0) {
    draft.state = { ...state, control: attempt }
    return
  }
  const others = state.attempts.filter((each) => each.attempt !== attempt.attempt)
  draft.state = { ...state, attempts: [...others, attempt].sort((a, b) => a.attempt - b.attempt) }
}

async function closeRound(draft: Draft, verdict: PayloadOf<typeof Verdict>): Promise<void> {
  const { state } = draft
  const current =
    verdict.attempt === 0 ? state.control : state.attempts.find((each) => each.attempt === verdict.attempt)
  if (current?.outcome !== 'generating' || current.round !== verdict.round) return
  const bySource = { ...current.bySource }
  for (const [source, counts] of Object.entries(verdict.bySource)) bySource[source] = addYield(bySource[source], counts)
  const { rows, dataset, datasetHash } = verdict
  const spent = spentTogether([current.spent, verdict.spent])
  const closed = { ...current, bySource, rows, dataset, datasetHash, spent }
  putAttempt(draft, closed)
  const next = planRound(draft.state, closed)
  if (next.messages.length > 0) {
    putAttempt(draft, next.attempt)
    draft.send.push(...next.messages)
    return
  }
  if (rows < state.config.minimumRows) {
    const error = `${rows} rows were admitted of at least ${state.config.minimumRows}`
    putAttempt(draft, { ...next.attempt, outcome: 'invalid', error })
    // Without a control the final dataset is still worth its test; the report says that nothing can be claimed against it.
    return verdict.attempt === 0 ? train(draft, 'final', best(state)!, 'replay') : searchOn(draft)
  }
  putAttempt(draft, { ...next.attempt, outcome: 'training' })
  if (verdict.attempt > 0) return train(draft, `attempt-${verdict.attempt}`, next.attempt, 'search')
  train(draft, 'final', best(draft.state)!, 'replay')
  train(draft, 'control', next.attempt, 'replay')
}

/** Same recipe, same seed for all datasets of one purpose: a difference is the data's. */
function train(draft: Draft, candidate: string, attempt: Attempt, purpose: 'search' | 'replay'): void {
  const { config } = draft.state
  const training = {
    dataset: attempt.dataset!,
    datasetHash: attempt.datasetHash!,
    seed: deriveSeed(config.seed, purpose),
  }
  draft.send.push(outgoing.job(config, { candidate, training, examples: false, ...taskOf(config) }))
}

async function scored(draft: Draft, report: PayloadOf<typeof Report>): Promise<void> {
  const { candidate, validation, badCases } = report
  if (candidate.name === 'base') {
    if (draft.state.base) return
    draft.state = {
      ...draft.state,
      base: { candidate, validation },
      contamination: report.contamination,
      phase: 'searching',
    }
    return searchOn(draft)
  }
  if (candidate.name === 'final') draft.state = { ...draft.state, final: candidate }
  else if (candidate.name === 'control') draft.state = { ...draft.state, controlCandidate: candidate }
  else return attemptScored(draft, candidate, validation, badCases)
  open(draft)
}

async function attemptScored(
  draft: Draft,
  candidate: Attempt['candidate'] & object,
  validation: Attempt['validation'] & object,
  badCases: Attempt['badCases'],
): Promise<void> {
  const attempt = draft.state.attempts.find((each) => `attempt-${each.attempt}` === candidate.name)
  if (attempt?.outcome !== 'training') return
  putAttempt(draft, { ...attempt, outcome: 'scored', candidate, validation, badCases })
  const mode = draft.state.config.primary
  const before = best(draft.state)?.validation?.overall[mode].correct ?? -1
  const better = validation.overall[mode].correct > before
  draft.state = { ...draft.state, fixesInARow: 0, bestAttempt: better ? attempt.attempt : draft.state.bestAttempt }
  await searchOn(draft)
}

function best(state: PlannerState): Attempt | null {
  return state.attempts.find((each) => each.attempt === state.bestAttempt) ?? null
}

/** Draft first; Debug after a program that raised, Repair after too few rows, at most so many in a row, then Draft again. */
function nextOperation(state: PlannerState): Operation {
  const last = state.attempts.at(-1)
  const mayFix = state.fixesInARow < state.config.limits.maxFixesInARow
  if (last?.outcome === 'raised' && mayFix) return 'debug'
  if (last?.outcome === 'invalid' && last.dataset && mayFix) return 'repair'
  return best(state) ? 'improve' : 'draft'
}

function whySearchEnds(draft: Draft): StopReason | null {
  const { state, deps } = draft
  if (state.stopReason) return state.stopReason
  if (deps.policy.oneShot && best(state)) return 'first-valid'
  const { attempts, hours, teacherCalls } = left(draft)
  if (attempts <= 0) return 'attempts-used'
  if (hours <= 0) return 'hours-used'
  // The control costs about as much as the best attempt did: the search leaves enough for it, and does not begin what it cannot pay.
  const nextAndControl = 2 * (best(state)?.spent?.calls ?? 0)
  return teacherCalls !== null && teacherCalls < Math.max(1, nextAndControl) ? 'budget-used' : null
}

const prompts = ({ variants }: RunConfig) =>
  sourceKindsOf[variants.generator as VariantOf<'generator'>].includes('prompt')

function left({ state, event, deps }: Draft): Situation['left'] {
  const { attempts, limits, startedAt } = state.config
  const hours = (Date.parse(event.at) - Date.parse(startedAt)) / 3_600_000
  const allowed = Math.min(attempts, deps.policy.maxAttempts ?? attempts)
  const calls = callsLeft(state)
  const teacherCalls = prompts(state.config) && Number.isFinite(calls) ? calls : null
  return { attempts: allowed - state.attempts.length, hours: limits.maxHours - hours, teacherCalls }
}

/** The next attempt, or, when a limit is reached, the end of the search. */
async function searchOn(draft: Draft): Promise<void> {
  for (;;) {
    const reason = whySearchEnds(draft)
    if (reason) return replay(draft, reason)
    const operation = nextOperation(draft.state)
    const fixes = operation === 'debug' || operation === 'repair' ? draft.state.fixesInARow + 1 : 0
    draft.state = { ...draft.state, fixesInARow: fixes }
    if (await startAttempt(draft, operation)) return
  }
}

/** True when the attempt's first round is on its way; false when its program raised. */
async function startAttempt(draft: Draft, operation: Operation): Promise<boolean> {
  const { state, deps } = draft
  const attempt = (state.attempts.at(-1)?.attempt ?? 0) + 1
  const plan = await decide(draft, operation, attempt)
  if (plan instanceof ProgramFault) {
    const failed = raisedAttempt({ attempt, operation, ...plan.plan }, plan.message)
    putAttempt(draft, failed)
    draft.send.push(outgoing.decided(failed, plan.plan))
    return false
  }
  const opened = await openAttempt(
    state,
    { attempt, operation, diagnosis: plan.diagnosis, program: plan.program },
    deps.store,
  )
  const first = planRound(state, opened)
  const raised = first.messages.length === 0
  putAttempt(draft, raised ? { ...opened, outcome: 'raised', error: 'the program asks for no rows' } : first.attempt)
  draft.send.push(outgoing.decided(first.attempt, plan), ...first.messages)
  return !raised
}

/** What the policy plans, or how it failed to; any other error is the step's. */
async function decide(draft: Draft, operation: Operation, attempt: number): Promise<Plan | ProgramFault> {
  const { state, deps } = draft
  const known = { operation, attempt, best: best(state), left: left(draft) }
  const situation = await situationOf(state, known, deps.store)
  return deps.policy.decide(situation, deps.signal).catch((error: unknown) => {
    if (error instanceof ProgramFault) return error
    throw error
  })
}

/** The search is over: the uniform control is made, then the chosen dataset and the control are trained with a fresh seed. */
async function replay(draft: Draft, reason: StopReason): Promise<void> {
  const chosen = best(draft.state)
  if (!chosen) {
    const why = reason === 'budget-used' ? reason : 'no-valid-attempt'
    return fail(draft, why, 'no attempt gave enough admitted rows')
  }
  draft.state = { ...draft.state, stopReason: reason, phase: 'replaying' }
  const task = await draft.deps.store.task(draft.state.config.publicTask)
  const skills = task.skills.map((skill) => skill.name)
  const prompted = chosen.program?.sources.some(({ kind }) => kind === 'prompt')
  const diagnosis = 'Uniform control: no search, the same number of rows spread evenly.'
  const program = prompted
    ? uniformPromptProgram(task, chosen.rows, chosen.program?.verification ?? 'none')
    : uniformProgram(skills, chosen.rows)
  const opened = await openAttempt(
    draft.state,
    { attempt: 0, operation: 'draft', diagnosis, program },
    draft.deps.store,
  )
  const first = planRound(draft.state, opened)
  if (first.messages.length > 0) {
    putAttempt(draft, first.attempt)
    draft.send.push(outgoing.decided(first.attempt, { model: null }), ...first.messages)
    return
  }
  const unpaid: Attempt = { ...opened, outcome: 'invalid', error: 'no teacher calls are left for a control' }
  putAttempt(draft, unpaid)
  draft.send.push(outgoing.decided(unpaid, { model: null }))
  train(draft, 'final', chosen, 'replay')
}

/** Asks for the opening once everything on its list is trained. */
function open(draft: Draft): void {
  const { config, base, final, controlCandidate, control, phase } = draft.state
  const controlIsDue = control?.outcome !== 'invalid'
  if (phase !== 'replaying' || !base || !final || (controlIsDue && !controlCandidate)) return
  const examples = { ...base.candidate, name: 'base-examples', examples: true }
  draft.state = { ...draft.state, phase: 'opening' }
  draft.send.push(
    outgoing.openingRequest(config, {
      candidates: [base.candidate, examples, ...(controlCandidate ? [controlCandidate] : []), final],
      arms: [],
      datasets: [best(draft.state)!.dataset!, ...(controlCandidate ? [control!.dataset!] : [])],
      ...taskOf(config),
    }),
  )
}

function finish(draft: Draft): void {
  if (draft.state.phase !== 'opening') return
  conclude(draft, draft.state.stopReason ?? 'attempts-used')
  setStatus(draft, 'finished', `search ended: ${draft.state.stopReason}`)
}

function fail(draft: Draft, stopReason: StopReason, reason: string): void {
  conclude(draft, stopReason)
  setStatus(draft, 'failed', reason)
}

function conclude(draft: Draft, stopReason: StopReason): void {
  const { state } = draft
  const chosen = best(state)
  draft.state = { ...state, stopReason, phase: 'done' }
  draft.send.push(
    outgoing.finished({
      stopReason,
      chosenAttempt: chosen?.attempt ?? null,
      dataset: chosen?.dataset ?? null,
      datasetHash: chosen?.datasetHash ?? null,
      controlDatasetHash: state.control?.datasetHash ?? null,
      attempts: state.attempts.length,
      validAttempts: state.attempts.filter((each) => each.outcome === 'scored').length,
      seeds: {
        search: [deriveSeed(state.config.seed, 'search')],
        replay: deriveSeed(state.config.seed, 'replay'),
        replays: [deriveSeed(state.config.seed, 'replay')],
      },
    }),
  )
}
