import type { Policy } from '../../agents/planner/policy.ts'
import { rulesPolicy } from '../../agents/planner/rules/graph.ts'
import type { Outgoing, PlannerState } from '../../agents/planner/state.ts'
import { step } from '../../agents/planner/step.ts'
import type { PlannerEvent } from '../../agents/planner/step-context.ts'
import type { PlannerStore } from '../../agents/planner/store.ts'
import { armSeedOf } from '../../schemas/arm.ts'
import type { Guide } from '../../schemas/guidance.ts'
import { hashOf } from '../../schemas/hash.ts'
import type { ObjectRef } from '../../schemas/ids.ts'
import type { PayloadOf } from '../../schemas/message.ts'
import { type FinalEvalRequest, Job } from '../../schemas/messages/evaluation.ts'
import { type Round, Shard, Verdict } from '../../schemas/messages/generation.ts'
import type { Program } from '../../schemas/program.ts'
import type { Row, Yield } from '../../schemas/row.ts'
import type { RunConfig } from '../../schemas/run.ts'
import type { ScoreSheet } from '../../schemas/score.ts'
import type { PublicTask } from '../../schemas/task.ts'
import { refTo } from './planner-fixtures.ts'

const skills = ['north', 'south', 'east']

const task = {
  id: 'test-task',
  headline: 'heldout-phrasing',
  scorer: { name: 'boxed-number', primary: 'strict', options: {} },
  skills: skills.map((name) => ({ name, description: name })),
  validation: [],
  fewShot: [],
} as unknown as PublicTask

/** How the other four roles behave in a simulated run. */
export type Behaviour = {
  /** Share of a source's candidates that are admitted. */
  yieldOf?: (attempt: number, source: string) => number
  /** Right answers out of 30 on validation. */
  scoreOf?: (studentModel: string) => number
  /** Right answers out of 30 by half of validation, in a run that swaps them. */
  halvesOf?: (studentModel: string) => { a: number; b: number }
  /** What a row asks, by its id: rows of one problem are duplicates of each other. Each its own where it is left out. */
  problemOf?: (id: string) => string
  /** Whether a source's hook fails on every reply. */
  hookFails?: (attempt: number, source: string) => boolean
  /** Teacher calls that a round spends. */
  callsOf?: (attempt: number) => number
  policy?: Policy
}

/** The other roles in memory: they answer the planner's messages as the real ones do, thousands of runs in a second. */
export function createWorld(config: RunConfig, behaviour: Behaviour = {}) {
  const blobs = new Map<string, Row[]>()
  const programs = new Map<string, Program>()
  const opened = new Map<string, Round>()
  const store: PlannerStore = {
    task: async () => task,
    putProgram: async (program) => {
      const ref = refTo(hashOf(program))
      programs.set(ref.name, program)
      return ref
    },
    putRound: async (round) => {
      const ref = refTo(hashOf(round))
      opened.set(ref.name, round)
      return ref
    },
    getRows: async (ref) => blobs.get(ref.name) ?? [],
    putRows: async (rows) => keep([...rows]),
  }
  const keep = (rows: Row[]): ObjectRef => {
    const ref = refTo(hashOf(rows.map(({ id }) => id)))
    blobs.set(ref.name, rows)
    return ref
  }
  const deps = { policy: behaviour.policy ?? rulesPolicy, store, signal: new AbortController().signal }
  const sent = new Map<string, Outgoing>()
  const rounds = new Map<string, PayloadOf<typeof Shard>[]>()
  let clock = Date.parse(config.startedAt)

  const eventOf = (kind: PlannerEvent['kind'], payload: unknown, id: string) => {
    clock += 1000
    return { kind, payload, id, at: new Date(clock).toISOString() } as PlannerEvent
  }

  function verdict(shards: PayloadOf<typeof Shard>[]): PlannerEvent {
    const round = opened.get(shards[0]!.round.object.name)!
    const { sources } = programs.get(round.program.name)!
    const rows = round.admitted ? [...(blobs.get(round.admitted.name) ?? [])] : []
    const surplus: Row[] = []
    const bySource: Record<string, Yield> = {}
    const failures: Record<string, { hook: string }> = {}
    for (const shard of shards) {
      const { source } = shard
      const { skill } = sources.find(({ id }) => id === source)!
      const counts: Yield = bySource[source] ?? { asked: 0, generated: 0, admitted: 0, rejected: {} }
      bySource[source] = counts
      if (behaviour.hookFails?.(round.attempt, source)) {
        counts.asked += shard.count
        counts.failed = { hook: (counts.failed?.hook ?? 0) + shard.count }
        failures[source] = { hook: 'hook: accept: TypeError' }
        continue
      }
      const good = Math.floor(shard.count * (behaviour.yieldOf?.(round.attempt, source) ?? 1))
      const admitted = Math.min(good, (round.quotas[source] ?? 0) - counts.admitted)
      for (let i = 0; i < good; i++) {
        const id = `a${round.attempt}.r${round.round}.${source}.${shard.from + i}.0`
        const input = `problem ${hashOf(behaviour.problemOf?.(id) ?? id)}`
        const row = { id, skill, source, instruction: 'i', input, output: 'o', origin: { generator: 'world' } }
        if (i < admitted) rows.push(row)
        else surplus.push(row)
      }
      counts.asked += shard.count
      counts.generated += shard.count
      counts.admitted += admitted
      if (shard.count > good)
        counts.rejected['wrong-answer'] = (counts.rejected['wrong-answer'] ?? 0) + shard.count - good
      if (good > admitted) counts.rejected.surplus = (counts.rejected.surplus ?? 0) + good - admitted
    }
    const dataset = keep(rows)
    const { attempt } = round
    const payload = Verdict.schema.parse({
      attempt,
      round: round.round,
      bySource,
      failures,
      rows: rows.length,
      dataset,
      datasetHash: dataset.sha256,
      spent: { calls: behaviour.callsOf?.(round.attempt) ?? 0, inputTokens: 0, outputTokens: 0 },
      ...(surplus.length > 0 && { surplus: keep(surplus) }),
    })
    return eventOf('verdict', payload, `verdict:a${attempt}.r${round.round}`)
  }

  /** A sheet with this many right of 30. */
  function sheetOf(correct: number): ScoreSheet {
    const tally = (right: number, total: number) => ({
      strict: { correct: right, total },
      lenient: { correct: right, total },
    })
    const third = tally(Math.floor(correct / 3), 10)
    return {
      overall: tally(correct, 30),
      byPart: { 'in-template': third, 'heldout-phrasing': third, 'heldout-range': third },
      bySkill: Object.fromEntries(skills.map((skill) => [skill, third])),
      truncated: 0,
    }
  }

  /** The guide by one half of validation; its bad case names the half. */
  function guideOf(studentModel: string, half: 'a' | 'b'): Guide {
    const wrong = {
      id: `${studentModel}-${half}`,
      skill: skills[0]!,
      part: 'p',
      input: 'i',
      expected: '1',
      reply: '',
      reason: '',
    }
    return { validation: sheetOf(behaviour.halvesOf?.(studentModel)[half] ?? 10), badCases: [wrong] }
  }

  function report(job: PayloadOf<typeof Job>): PlannerEvent {
    const jobHash = job.training && hashOf([job.training.datasetHash, job.training.seed])
    const studentModel = {
      name: job.studentModel,
      ...armSeedOf(job.studentModel),
      student: 's',
      jobHash,
      adapter: null,
      examples: false,
    }
    const payload = {
      studentModel,
      training: null,
      reusedTraining: false,
      validation: sheetOf(behaviour.scoreOf?.(job.studentModel) ?? 10),
      items: [],
      badCases: [],
      ...(job.guidance?.halves && { halves: { a: guideOf(job.studentModel, 'a'), b: guideOf(job.studentModel, 'b') } }),
      contamination: refTo('index'),
      tokenLimit: refTo('token-limit'),
    }
    return eventOf('report', payload, `report:${job.studentModel}`)
  }

  /** What the other roles say to a message; a round answers when its last shard is there. */
  function answer(message: Outgoing): PlannerEvent[] {
    switch (message.name) {
      case 'shard': {
        const shard = Shard.schema.parse(message.payload)
        const key = `${shard.round.attempt}.${shard.round.round}`
        const shards = [...(rounds.get(key) ?? []), shard]
        rounds.set(key, shards)
        return shards.length === opened.get(shard.round.object.name)!.shards ? [verdict(shards)] : []
      }
      case 'job':
        return [report(Job.schema.parse(message.payload))]
      case 'final-eval-request':
        return [
          eventOf(
            'final-eval-results',
            { finalEvalNumber: 1, testHash: hashOf('t'), auditSeed: 's', results: [] },
            'final-eval-results',
          ),
        ]
      default:
        return []
    }
  }

  return {
    /** The rows of a dataset. */
    rowsOf: (ref: ObjectRef) => store.getRows(ref),
    putRows: keep,
    roundOf: ({ round }: PayloadOf<typeof Shard>) => opened.get(round.object.name)!,
    /** Every message sent, each once, in order. */
    sent,
    named: <T = unknown>(name: string) =>
      [...sent.values()].filter((message) => message.name === name).map(({ payload }) => payload as T),
    start: () => eventOf('run-started', { config }, 'run-started'),
    control: (action: string) => eventOf('operator-command', { action }, `control:${action}:${clock}`),
    step: (state: PlannerState | null, event: PlannerEvent) => step(state, event, deps),
    /** Publishes an outbox: a message id counts once, as on the bus. */
    publish(outbox: readonly Outgoing[]): PlannerEvent[] {
      const fresh = outbox.filter(({ id }) => !sent.has(id))
      for (const message of fresh) sent.set(message.id, message)
      return fresh.flatMap(answer)
    },
  }
}

export type World = ReturnType<typeof createWorld>
export type FinalEvalPayload = PayloadOf<typeof FinalEvalRequest>

/** Runs until nothing is left to react to. `disturb` may repeat events or lose a step's publishing, as crashes do. */
export async function play(
  world: World,
  options: { state?: PlannerState | null; events?: PlannerEvent[]; disturb?: () => 'repeat' | 'crash' | 'none' } = {},
): Promise<PlannerState> {
  let state = options.state ?? null
  const queue = options.events ?? [world.start()]
  for (;;) {
    const event = queue.shift()
    if (!event) return state!
    const disturbance = options.disturb?.() ?? 'none'
    state = await world.step(state, event)
    // A crash between saving the state and publishing: the event comes again, the outbox is still there.
    if (disturbance === 'crash') {
      queue.unshift(event)
      continue
    }
    queue.push(...world.publish(state.outbox))
    state = { ...state, outbox: [] }
    if (disturbance === 'repeat') queue.push(event)
  }
}
