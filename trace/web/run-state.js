import { armOf, kindOf, kinds, seedOf } from './arms.js'
import { lengthOf } from './store.js'
import { createUsage, noteBatch, noteDecision, noteVerdict } from './usage.js'

/** What the messages so far say about a run. `apply` is the only thing that changes it. */
export function createRunState() {
  return {
    config: null,
    status: null,
    startedAt: null,
    lastAt: null,
    finished: null,
    /** By attempt number; 0 is the uniform control. */
    attempts: new Map(),
    /** By candidate's name: score, training loss, sheet. */
    studentModels: new Map(),
    /** Work in progress by agent instance and phase. */
    work: new Map(),
    finalEvalAsked: false,
    finalEval: null,
    usage: createUsage(),
  }
}

function attemptOf(state, number) {
  if (!state.attempts.has(number)) {
    state.attempts.set(number, {
      number,
      decision: null,
      mix: new Map(),
      carried: 0,
      asked: 0,
      made: 0,
      rounds: 0,
      rows: null,
      yield: { asked: 0, generated: 0, admitted: 0, rejected: {} },
    })
  }
  return state.attempts.get(number)
}

function candidateOf(state, name) {
  if (!state.studentModels.has(name))
    state.studentModels.set(name, { name, losses: [], steps: 0, sheet: null, training: null })
  return state.studentModels.get(name)
}

const handlers = {
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
  decision(state, payload) {
    const attempt = attemptOf(state, payload.attempt)
    attempt.decision = payload
    noteDecision(state.usage, payload)
    attempt.mix = new Map()
    const add = (skill, rows) => attempt.mix.set(skill, (attempt.mix.get(skill) ?? 0) + rows)
    const { sources, carryOver } = payload.program ?? {}
    if (Array.isArray(sources)) for (const source of sources) add(source.skill ?? source.id, source.rows)
    const carried = Object.entries(carryOver?.rows ?? {})
    for (const [skill, rows] of carried) add(skill, rows)
    attempt.carried = carried.reduce((sum, [, rows]) => sum + rows, 0)
  },
  shard(state, { round, count }) {
    attemptOf(state, round.attempt).asked += count
  },
  batch(state, payload) {
    attemptOf(state, payload.round.attempt).made += lengthOf(payload.studentModels)
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
      for (const [reason, rejected] of Object.entries(part.rejected)) {
        attempt.yield.rejected[reason] = (attempt.yield.rejected[reason] ?? 0) + rejected
      }
    }
  },
  progress(state, payload, entry) {
    const key = `${payload.instance} ${payload.phase} ${payload.studentModel ?? ''}`
    const known = state.work.get(key)
    // The same work begins again after a crash or for another shard: then its bar begins again too.
    const restarted = !known || payload.done < known.done
    state.work.set(key, { ...payload, since: restarted ? entry.time : known.since, time: entry.time })
    if (payload.loss !== undefined && payload.studentModel) {
      const studentModel = candidateOf(state, payload.studentModel)
      while (studentModel.losses.length > 0 && studentModel.losses.at(-1)[0] >= payload.done) studentModel.losses.pop()
      studentModel.losses.push([payload.done, payload.loss])
      studentModel.steps = payload.total
    }
  },
  report(state, { studentModel: { name }, training, validation }) {
    const studentModel = candidateOf(state, name)
    studentModel.sheet = validation
    studentModel.training = training
    const curve = training?.lossCurve
    if (studentModel.losses.length === 0 && Array.isArray(curve)) {
      studentModel.losses = curve
      studentModel.steps = training.steps
    }
  },
  'final-eval-request'(state) {
    state.finalEvalAsked = true
  },
  finalEval(state, payload) {
    state.finalEval = payload
  },
}

/** Takes one message into the state. A message that its reader could not parse changes nothing but the time. */
export function apply(state, entry) {
  state.startedAt ??= entry.time
  state.lastAt = entry.time
  if (!entry.parseError) handlers[entry.name]?.(state, entry.payload, entry)
}

/** The status to show: the last one told, else what the messages imply. */
export function statusOf(state) {
  if (state.finished && state.status?.status !== 'failed') return 'finished'
  return state.status?.status ?? (state.config ? 'running' : 'waiting')
}

/** The score that steers the run: 'strict' or 'lenient'. */
export const modeOf = (state) => state.config?.primary ?? 'strict'

/** Share of right answers of a candidate on validation; null while it is not scored. */
export function shareOf(studentModel, state) {
  const tally = studentModel?.sheet?.overall[modeOf(state)]
  return tally && tally.total > 0 ? tally.correct / tally.total : null
}

/** The attempt with the best validation score so far, as [number, candidate]; null before the first. */
export function bestAttempt(state) {
  let best = null
  for (const studentModel of state.studentModels.values()) {
    const number = /^attempt-(\d+)$/.exec(studentModel.name)?.[1]
    if (number && studentModel.sheet && (!best || shareOf(studentModel, state) > shareOf(best[1], state)))
      best = [Number(number), studentModel]
  }
  return best
}

/** The attempt that runs or ran last, 0 before the first. */
export const latestAttempt = (state) => Math.max(0, ...state.attempts.keys())

/** Candidates in the order they are read: base, base with examples, attempts, control, other arms, final; the seeds of an arm together. */
export function inOrder(state) {
  const rank = ({ name }) => kinds.indexOf(kindOf(armOf(name)))
  const number = ({ name }) => Number(/^attempt-(\d+)/.exec(name)?.[1] ?? 0)
  return [...state.studentModels.values()].sort(
    (a, b) =>
      rank(a) - rank(b) ||
      number(a) - number(b) ||
      armOf(a.name).localeCompare(armOf(b.name)) ||
      seedOf(a.name) - seedOf(b.name),
  )
}
