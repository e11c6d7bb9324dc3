import type { PayloadOf } from '../../schemas/message.ts'
import type { MessageName, Registry } from '../../schemas/registry.ts'
import type { RunConfig } from '../../schemas/run.ts'
import type { ScoreSheet } from '../../schemas/score.ts'
import { armOf, seedOf, shownKindOf, shownKinds } from './arms.ts'
import { type Entry, lengthOf } from './store.ts'
import { createUsage, noteBatch, noteDecision, noteVerdict, type UsageByPart } from './usage.ts'

/** A message's payload; where it was long, the gateway may have left out lists of it. */
type Payload<N extends MessageName> = PayloadOf<Registry[N]>

/** What is known of an attempt's dataset; 0 is the uniform control. */
export type AttemptState = {
  number: number
  decision: Payload<'decision'> | null
  /** Rows by skill. */
  mix: Map<string, number>
  carried: number
  asked: number
  made: number
  rounds: number
  rows: number | null
  yield: { asked: number; generated: number; admitted: number; rejected: Record<string, number> }
}
export type StudentModelState = {
  name: string
  /** Loss by step. */
  losses: [step: number, loss: number][]
  steps: number
  sheet: ScoreSheet | null
  training: Payload<'report'>['training']
}
export type RunState = {
  config: RunConfig | null
  status: Payload<'status-changed'> | null
  startedAt: number | null
  lastAt: number | null
  finished: Payload<'run-finished'> | null
  attempts: Map<number, AttemptState>
  /** By name. */
  studentModels: Map<string, StudentModelState>
  /** Work in progress by agent instance and phase. */
  work: Map<string, Payload<'progress'> & { since: number; time: number }>
  /** Attempts that led the best one and did not hold against it. */
  notKept: Set<number>
  finalEvalAsked: boolean
  finalEval: Payload<'final-eval-results'> | null
  usage: UsageByPart
}

/** What the messages so far say about a run. `apply` is the only thing that changes it. */
export function createRunState(): RunState {
  return {
    config: null,
    status: null,
    startedAt: null,
    lastAt: null,
    finished: null,
    attempts: new Map(),
    studentModels: new Map(),
    work: new Map(),
    notKept: new Set(),
    finalEvalAsked: false,
    finalEval: null,
    usage: createUsage(),
  }
}

function attemptOf(state: RunState, number: number): AttemptState {
  const known = state.attempts.get(number)
  if (known) return known
  const attempt: AttemptState = {
    number,
    decision: null,
    mix: new Map(),
    carried: 0,
    asked: 0,
    made: 0,
    rounds: 0,
    rows: null,
    yield: { asked: 0, generated: 0, admitted: 0, rejected: {} },
  }
  state.attempts.set(number, attempt)
  return attempt
}

function studentModelOf(state: RunState, name: string): StudentModelState {
  const known = state.studentModels.get(name) ?? { name, losses: [], steps: 0, sheet: null, training: null }
  state.studentModels.set(name, known)
  return known
}

type Handlers = { [N in MessageName]?: (state: RunState, payload: Payload<N>, entry: Entry) => void }
const handlers: Handlers = {
  'run-started'(state, { config }, entry) {
    state.config = config
    state.startedAt = entry.time
  },
  'status-changed'(state, payload) {
    state.status = payload
  },
  'run-finished'(state, payload) {
    state.finished = payload
  },
  race(state, { attempt, kept }) {
    if (!kept) state.notKept.add(attempt)
  },
  decision(state, payload) {
    const attempt = attemptOf(state, payload.attempt)
    attempt.decision = payload
    noteDecision(state.usage, payload)
    attempt.mix = new Map()
    const mix = attempt.mix
    const add = (skill: string, rows: number) => mix.set(skill, (mix.get(skill) ?? 0) + rows)
    const { sources, carryOver } = payload.program ?? {}
    if (Array.isArray(sources))
      for (const source of sources) add(('skill' in source && source.skill) || source.id, source.rows)
    const carried = Object.entries(carryOver?.rows ?? {})
    for (const [skill, rows] of carried) add(skill, rows)
    attempt.carried = carried.reduce((sum, [, rows]) => sum + rows, 0)
  },
  shard(state, { round, count }) {
    attemptOf(state, round.attempt).asked += count
  },
  batch(state, payload) {
    attemptOf(state, payload.round.attempt).made += lengthOf(payload.candidates)
    noteBatch(state.usage, payload)
  },
  verdict(state, payload) {
    const { attempt: number, round, rows, bySource } = payload
    noteVerdict(state.usage, payload)
    const attempt = attemptOf(state, number)
    attempt.rounds = Math.max(attempt.rounds, round)
    attempt.rows = rows
    for (const part of Object.values(bySource)) {
      attempt.yield.asked += part.asked
      attempt.yield.generated += part.generated
      attempt.yield.admitted += part.admitted
      for (const [reason, rejected] of Object.entries(part.rejected))
        attempt.yield.rejected[reason] = (attempt.yield.rejected[reason] ?? 0) + rejected
    }
  },
  progress(state, payload, entry) {
    const key = `${payload.instance} ${payload.phase} ${payload.studentModel ?? ''}`
    const known = state.work.get(key)
    // The same work begins again after a crash or for another shard: then its bar begins again too.
    const restarted = !known || payload.done < known.done
    state.work.set(key, { ...payload, since: restarted ? entry.time : known.since, time: entry.time })
    if (payload.loss !== undefined && payload.studentModel) {
      const studentModel = studentModelOf(state, payload.studentModel)
      while (studentModel.losses.length > 0 && studentModel.losses.at(-1)![0] >= payload.done) studentModel.losses.pop()
      studentModel.losses.push([payload.done, payload.loss])
      studentModel.steps = payload.total
    }
  },
  report(state, { studentModel: { name }, training, validation }) {
    const studentModel = studentModelOf(state, name)
    studentModel.sheet = validation
    studentModel.training = training
    if (training && studentModel.losses.length === 0 && Array.isArray(training.lossCurve)) {
      studentModel.losses = training.lossCurve
      studentModel.steps = training.steps
    }
  },
  'final-eval-request'(state) {
    state.finalEvalAsked = true
  },
  'final-eval-results'(state, payload) {
    state.finalEval = payload
  },
}

/** Takes one message into the state. A message that its reader could not parse changes nothing but the time. */
export function apply(state: RunState, entry: Entry): void {
  state.startedAt ??= entry.time
  state.lastAt = entry.time
  if (entry.parseError) return
  const handle = handlers[entry.name as MessageName] as
    | ((state: RunState, payload: unknown, entry: Entry) => void)
    | undefined
  handle?.(state, entry.payload, entry)
}

/** The status to show: the last one announced, else what the messages imply. */
export function statusOf(state: RunState) {
  if (state.finished && state.status?.status !== 'failed') return 'finished'
  return state.status?.status ?? (state.config ? 'running' : 'waiting')
}

/** The score that steers the run: 'strict' or 'lenient'. */
export const modeOf = (state: RunState) => state.config?.primary ?? 'strict'

/** Share of right answers of a student model on validation; null while it is not scored. */
export function scoreShare(studentModel: StudentModelState | undefined, state: RunState): number | null {
  const tally = studentModel?.sheet?.overall[modeOf(state)]
  return tally && tally.total > 0 ? tally.correct / tally.total : null
}

const rowShare = (state: RunState, attempt: number) => state.attempts.get(attempt)?.decision?.place?.share ?? 1

/** The attempt with the best validation score so far, as [number, studentModel]; null before the first. */
export function bestAttempt(state: RunState): [number: number, studentModel: StudentModelState] | null {
  const score = (studentModel: StudentModelState) => scoreShare(studentModel, state) ?? 0
  return [...state.studentModels.values()].reduce<[number, StudentModelState] | null>((best, studentModel) => {
    const number = Number(/^attempt-(\d+)$/.exec(studentModel.name)?.[1] ?? 0)
    if (!number || !studentModel.sheet || state.notKept.has(number)) return best
    const more = best ? rowShare(state, number) - rowShare(state, best[0]) : 1
    return more > 0 || (more === 0 && score(studentModel) > score(best![1])) ? [number, studentModel] : best
  }, null)
}

/** The attempt that runs or ran last, 0 before the first. */
export const latestAttempt = (state: RunState) => Math.max(0, ...state.attempts.keys())

/** Student models in reading order: base, base with examples, attempts, control, other arms, final; the seeds of an arm together. */
export function inReadingOrder(state: RunState): StudentModelState[] {
  const rank = ({ name }: StudentModelState) => shownKinds.indexOf(shownKindOf(armOf(name)))
  const number = ({ name }: StudentModelState) => Number(/^attempt-(\d+)/.exec(name)?.[1] ?? 0)
  return [...state.studentModels.values()].sort(
    (a, b) =>
      rank(a) - rank(b) ||
      number(a) - number(b) ||
      armOf(a.name).localeCompare(armOf(b.name)) ||
      seedOf(a.name) - seedOf(b.name),
  )
}
