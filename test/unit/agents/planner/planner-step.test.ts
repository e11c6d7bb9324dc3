import { describe, expect, test } from 'vitest'
import { spentOnPlans } from '../../../../agents/planner/budget-left.ts'
import { PlannerBudgetExhausted, type Policy, ProgramFault } from '../../../../agents/planner/policy.ts'
import { uniformPromptProgram } from '../../../../agents/planner/program/uniform-prompt.ts'
import { rulesPolicy } from '../../../../agents/planner/rules/graph.ts'
import type { PlannerState } from '../../../../agents/planner/state.ts'
import type { PlannerEvent } from '../../../../agents/planner/step-context.ts'
import type { PayloadOf } from '../../../../schemas/message.ts'
import type { Shard } from '../../../../schemas/messages/generation.ts'
import { spentOn } from '../../../../schemas/spent.ts'
import { playDisturbed } from '../../../support/planner-disturbed.ts'
import { configOf } from '../../../support/planner-fixtures.ts'
import { createWorld, type FinalEvalPayload, play } from '../../../support/planner-world.ts'

type Decided = { attempt: number; operation: string }
type JobSent = { studentModel: string; training: { datasetHash: string; seed: number } | null }

const operations = (decisions: Decided[]) => decisions.map(({ attempt, operation }) => `${attempt} ${operation}`)

describe('the planner', () => {
  test('drafts, improves on the best, trains a control, opens the test once and finishes', async () => {
    const scores: Record<string, number> = { base: 3, 'attempt-1': 12, 'attempt-2': 18, 'attempt-3': 15 }
    const world = createWorld(configOf(), { scoreOf: (studentModel) => scores[studentModel] ?? 16 })
    const state = await play(world)
    expect(state.status).toBe('finished')
    expect(state.bestAttempt).toBe(2)
    expect(operations(world.named<Decided>('decision'))).toEqual(['1 draft', '2 improve', '3 improve', '0 draft'])
    expect(world.named<JobSent>('job').map(({ studentModel }) => studentModel)).toEqual([
      'base',
      'attempt-1',
      'attempt-2',
      'attempt-3',
      'final',
      'control',
    ])
    const rounds = world.named<PayloadOf<typeof Shard>>('shard').map(world.roundOf)
    expect(new Set(rounds.map(({ tokenLimit }) => tokenLimit?.name))).toEqual(new Set(['token-limit']))
    const [request] = world.named<FinalEvalPayload>('final-eval-request')
    expect(request!.studentModels.map(({ name }) => name)).toEqual(['base', 'base-examples', 'control', 'final'])
  })

  test('P4 every dataset has the same rows, and final and control share a seed that the search did not use', async () => {
    const world = createWorld(configOf({ rows: 61 }), { yieldOf: () => 0.7 })
    const state = await play(world)
    expect([...state.attempts, state.control!].map(({ rows }) => rows)).toEqual([61, 61, 61, 61])
    const jobs = world.named<JobSent>('job').filter(({ training }) => training)
    const seedOf = (name: string) => jobs.find(({ studentModel }) => studentModel === name)!.training!.seed
    expect(seedOf('final')).toBe(seedOf('control'))
    expect(seedOf('attempt-1')).toBe(seedOf('attempt-2'))
    expect(seedOf('final')).not.toBe(seedOf('attempt-1'))
    expect(jobs.find(({ studentModel }) => studentModel === 'final')!.training!.datasetHash).toBe(
      state.attempts.find(({ attempt }) => attempt === state.bestAttempt)!.datasetHash,
    )
  })

  test('P1 P2 repeated events and crashes before publishing change neither messages nor datasets', async () => {
    await playDisturbed(configOf({ attempts: 2 }), { yieldOf: () => 0.6, most: 60 }, (disturbed, calm) => {
      const datasets = ({ state }: typeof calm) => state.attempts.map(({ datasetHash }) => datasetHash)
      expect(datasets(disturbed)).toEqual(datasets(calm))
    })
  })

  test('P3 a stopped run sends no work, keeps what was decided, and goes on when resumed', async () => {
    const world = createWorld(configOf(), {})
    let state = await world.step(null, world.start())
    const answers = world.publish(state.outbox)
    state = await world.step({ ...state, outbox: [] }, world.control('stop'))
    world.publish(state.outbox)
    const before = world.sent.size
    for (const answer of answers) state = await world.step({ ...state, outbox: [] }, answer)
    expect(state.status).toBe('stopped')
    world.publish(state.outbox)
    expect([...world.sent.values()].slice(before).filter(({ variant }) => variant !== null)).toEqual([])
    expect(state.held.length).toBeGreaterThan(0)
    const end = await play(world, { state: { ...state, outbox: [] }, events: [world.control('resume')] })
    expect(end.status).toBe('finished')
    expect(end.held).toEqual([])
  })

  /** A run in calm: its events in order, and the state after each. */
  async function calmRun() {
    const world = createWorld(configOf({ attempts: 2 }), {})
    const steps: { event: PlannerEvent; state: PlannerState }[] = []
    const queue = [world.start()]
    let state: PlannerState | null = null
    for (let event = queue.shift(); event; event = queue.shift()) {
      state = { ...(await world.step(state, event)) }
      queue.push(...world.publish(state.outbox))
      state = { ...state, outbox: [] }
      steps.push({ event, state })
    }
    return { world, steps }
  }
  const fault = (message: string, id = `fault:${message}`): PlannerEvent => ({
    kind: 'fault',
    payload: { deadLetter: 'LAB-1', message, reason: 'gave up' },
    id,
    at: '2026-01-02T00:00:00.000Z',
  })

  test('P2 whatever comes again under another id, however late, changes nothing', async () => {
    const { world, steps } = await calmRun()
    for (const [now, { state }] of steps.entries()) {
      for (const { event } of steps.slice(0, now + 1)) {
        const { seen: _, ...after } = await world.step(state, { ...event, id: `${event.id}.redrive-LAB-1` })
        const { seen: __, ...before } = state
        expect(after).toEqual(before)
      }
    }
  })

  test('a dead letter faults a run that waits for it, and none that has ended or opens its test', async () => {
    const { world, steps } = await calmRun()
    const named = ['shard', 'batch', 'verdict', 'job', 'predictions', 'report']
    const finalEvalNumber = ['final-eval-request', 'sealed-eval-job', 'answers', 'final-eval-results']
    for (const { state } of steps) {
      for (const message of [...named, ...finalEvalNumber]) {
        const isOver = state.phase === 'done' || (state.phase === 'final-eval' && named.includes(message))
        const after = await world.step(state, fault(message))
        expect([message, after.status]).toEqual([message, isOver ? state.status : 'faulted'])
        expect(after.outbox).toHaveLength(isOver ? 0 : 1)
      }
    }
    expect(steps.at(-1)!.state).toMatchObject({ phase: 'done', status: 'finished' })
  })

  test('what comes late after a fault says nothing of the dead letter; what the run waits for lets it go on', async () => {
    const { world, steps } = await calmRun()
    for (const [now, { state }] of steps.entries()) {
      if (state.phase === 'done') continue
      const faulted = { ...(await world.step(state, fault('answers'))), outbox: [] }
      for (const { event } of steps.slice(0, now + 1)) {
        const late = await world.step(faulted, { ...event, id: `${event.id}.redrive-LAB-1` })
        expect([event.id, late.status]).toEqual([event.id, 'faulted'])
      }
      const next = await world.step(faulted, steps[now + 1]!.event)
      expect(['running', 'finished']).toContain(next.status)
    }
  })

  test.each(['pause', 'stop'])('P3 a dead letter sends none of the work that a %s holds back', async (action) => {
    const { world, steps } = await calmRun()
    const from = steps.findIndex(({ event }) => event.kind === 'verdict')
    const waiting = { ...(await world.step(steps[from - 1]!.state, world.control(action))), outbox: [] }
    const held = { ...(await world.step(waiting, steps[from]!.event)), outbox: [] }
    expect(held.held.length).toBeGreaterThan(0)
    const after = await world.step(held, fault('shard'))
    expect(after.status).toBe(held.status)
    expect(after.held).toEqual(held.held)
    expect(after.outbox.map(({ name }) => name)).toEqual(['status-changed'])
    expect(after.statusReason).toBe('shard: gave up')
    const again = await world.step({ ...after, outbox: [] }, world.control('resume'))
    expect(again).toMatchObject({ status: 'running', held: [] })
  })

  test('P5 the opening is asked for after the last decision of the search', async () => {
    const world = createWorld(configOf(), {})
    await play(world)
    const names = [...world.sent.values()].map(({ name }) => name)
    expect(names.lastIndexOf('decision')).toBeLessThan(names.indexOf('final-eval-request'))
    expect(names.lastIndexOf('job')).toBeLessThan(names.indexOf('final-eval-request'))
  })

  test('too few rows lead to Repair with the good rows kept, three in a row to a new Draft', async () => {
    const world = createWorld(configOf({ attempts: 6, rows: 60, minimumRows: 50 }), {
      yieldOf: (attempt) => (attempt >= 1 && attempt <= 4 ? 0.02 : 1),
    })
    const state = await play(world)
    expect(operations(world.named<Decided>('decision'))).toEqual([
      '1 draft',
      '2 repair',
      '3 repair',
      '4 repair',
      '5 draft',
      '6 improve',
      '0 draft',
    ])
    expect(state.attempts[1]!.carried).toBe(state.attempts[0]!.rows)
    expect(state.status).toBe('finished')
  })

  test('a run in which no attempt is valid fails and says so', async () => {
    const world = createWorld(configOf({ attempts: 2 }), { yieldOf: () => 0 })
    const state = await play(world)
    expect(state.status).toBe('failed')
    expect(world.named<{ stopReason: string }>('run-finished')[0]!.stopReason).toBe('no-valid-attempt')
    expect(world.named('final-eval-request')).toEqual([])
  })

  test('a control that comes out short is left out, and the test is opened without it', async () => {
    const world = createWorld(configOf({ attempts: 1 }), { yieldOf: (attempt) => (attempt === 0 ? 0 : 1) })
    const state = await play(world)
    expect(state.status).toBe('finished')
    const [request] = world.named<FinalEvalPayload>('final-eval-request')
    expect(request!.studentModels.map(({ name }) => name)).toEqual(['base', 'base-examples', 'final'])
  })

  test('a program that asks for nothing is a Debug', async () => {
    const policy: Policy = {
      decide: async (situation, signal) => {
        const plan = await rulesPolicy.decide(situation, signal)
        if (situation.attempt !== 1) return plan
        return {
          ...plan,
          program: { ...plan.program, sources: plan.program.sources.map((source) => ({ ...source, rows: 0 })) },
        }
      },
    }
    const world = createWorld(configOf(), { policy })
    await play(world)
    expect(operations(world.named<Decided>('decision')).slice(0, 3)).toEqual(['1 draft', '2 debug', '3 improve'])
  })

  test('a model that writes no program that holds leads to Debug with what it wrote, three in a row to a new Draft', async () => {
    const seen: (string | undefined)[] = []
    const policy: Policy = {
      decide: async (situation, signal) => {
        seen.push(situation.history.at(-1)?.wrote)
        if (situation.attempt > 4) return rulesPolicy.decide(situation, signal)
        const wrote = `{ broken ${situation.attempt}`
        throw new ProgramFault('it is not JSON', { diagnosis: 'tried', model: 'm', wrote })
      },
    }
    const world = createWorld(configOf({ attempts: 6 }), { policy })
    const state = await play(world)
    expect(operations(world.named<Decided>('decision'))).toEqual([
      '1 draft',
      '2 debug',
      '3 debug',
      '4 debug',
      '5 draft',
      '6 improve',
      '0 draft',
    ])
    expect(seen.slice(0, 3)).toEqual([undefined, '{ broken 1', '{ broken 2'])
    expect(world.named<{ error?: string; program: unknown }>('decision')[0]).toMatchObject({
      error: 'it is not JSON',
      program: null,
    })
    expect(state.attempts[0]).toMatchObject({ outcome: 'raised', rows: 0, dataset: null })
    expect(state.status).toBe('finished')
  })

  test('a hook that fails on every reply of a source raises the program, and Debug follows with its words', async () => {
    const world = createWorld(configOf(), { hookFails: (attempt, source) => attempt === 1 && source === 'south' })
    const state = await play(world)
    const decisions = world.named<Decided & { error?: string }>('decision')
    expect(operations(decisions)).toEqual(['1 draft', '1 draft', '2 debug', '3 improve', '0 draft'])
    expect(decisions[1]!.error).toContain('source "south" made no row of 22: hook: accept: TypeError')
    expect(state.attempts[0]).toMatchObject({ outcome: 'raised', error: decisions[1]!.error })
    expect(world.named<JobSent>('job').map(({ studentModel }) => studentModel)).not.toContain('attempt-1')
    expect(state.status).toBe('finished')
  })

  test('any other failure of a policy is not swallowed', async () => {
    const policy: Policy = { decide: () => Promise.reject(new Error('no answer from the model')) }
    await expect(play(createWorld(configOf(), { policy }))).rejects.toThrow('no answer from the model')
  })

  test('one-shot stops at its first valid dataset, and never makes more attempts than it may', async () => {
    const policy: Policy = { ...rulesPolicy, oneShot: true, maxAttempts: 4 }
    const config = configOf({ attempts: 30, minimumRows: 50 })
    const world = createWorld(config, { policy, yieldOf: (attempt) => (attempt === 1 ? 0.02 : 1) })
    const state = await play(world)
    expect(operations(world.named<Decided>('decision'))).toEqual(['1 draft', '2 repair', '0 draft'])
    expect(state.stopReason).toBe('first-valid')
    const poor = await play(createWorld(config, { policy, yieldOf: () => 0 }))
    expect(poor.attempts.length).toBe(4)
    expect(poor.status).toBe('failed')
  })

  describe('with a limit on teacher calls', () => {
    const prompted: Policy = {
      decide: async ({ task, rows }) => ({
        program: uniformPromptProgram(task, rows, { verification: 'none', judge: null }),
        diagnosis: 'even',
        model: 'm',
      }),
    }
    const limited = (teacherCalls: number) => {
      const config = configOf({ attempts: 30 })
      return configOf({
        attempts: 30,
        variants: { ...config.variants, generator: 'llm' },
        limits: { ...config.limits, teacherCalls },
      })
    }
    const callsOf = () => 60

    test('the search leaves enough for the control', async () => {
      const world = createWorld(limited(300), { policy: prompted, callsOf })
      const state = await play(world)
      expect(state.stopReason).toBe('budget-used')
      expect(state.attempts.length).toBe(4)
      expect(state.control).toMatchObject({ outcome: 'training', rows: 60 })
      expect(state.control!.program!.sources.every(({ kind }) => kind === 'prompt')).toBe(true)
      expect(state.status).toBe('finished')
    })

    test('a run whose control cannot be paid opens its test without one', async () => {
      const world = createWorld(limited(60), { policy: prompted, callsOf })
      const state = await play(world)
      expect(state.status).toBe('finished')
      expect(state.control).toMatchObject({ outcome: 'invalid', error: 'no teacher calls are left for a control' })
      const [request] = world.named<FinalEvalPayload>('final-eval-request')
      expect(request!.studentModels.map(({ name }) => name)).toEqual(['base', 'base-examples', 'final'])
    })

    test('a run whose calls are gone before any dataset is valid says so', async () => {
      const world = createWorld(limited(100), { policy: prompted, callsOf, yieldOf: () => 0 })
      const state = await play(world)
      expect(state).toMatchObject({ status: 'failed', stopReason: 'budget-used' })
    })
  })

  test('a planner whose model cannot be paid ends the search, and what it spent counts', async () => {
    const spent = spentOn([{ role: 'planner', model: 'm', stage: 'plan', calls: 2, inputTokens: 10, outputTokens: 5 }])
    const broke = { diagnosis: 'none', model: 'm', spent, wrote: '' }
    let decisions = 0
    const policy: Policy = {
      decide: async (situation, signal) => {
        decisions += 1
        if (decisions > 1) throw new PlannerBudgetExhausted('no call is left', broke)
        return { ...(await rulesPolicy.decide(situation, signal)), spent }
      },
    }
    const limits = { ...configOf().limits, plannerCalls: 4 }
    const world = createWorld(configOf({ attempts: 9, models: { planner: 'm' }, limits }), { policy })
    const state = await play(world)
    expect(state).toMatchObject({ status: 'finished', stopReason: 'budget-used' })
    expect(state.attempts.map(({ outcome }) => outcome)).toEqual(['scored', 'raised'])
    expect(spentOnPlans(state)).toMatchObject({ calls: 4 })
  })

  test('an attempt of which not one row can be paid ends the search', async () => {
    const limits = { ...configOf().limits, tokens: 100 }
    const prompted: Policy = {
      decide: async ({ task, rows }) => ({
        program: uniformPromptProgram(task, rows, { verification: 'none', judge: null }),
        diagnosis: 'even',
        model: 'm',
      }),
    }
    const variants = { ...configOf().variants, generator: 'llm' }
    const world = createWorld(configOf({ attempts: 9, variants, limits }), { policy: prompted })
    const state = await play(world)
    expect(state).toMatchObject({ status: 'failed', stopReason: 'budget-used' })
    expect(state.attempts).toHaveLength(1)
    expect(state.attempts[0]!.error).toContain('pays for none of its rows')
  })

  test('the hours of an attempt end its rounds', async () => {
    const limits = { ...configOf().limits, attemptHours: 1 / 3600 }
    const world = createWorld(configOf({ attempts: 1, limits }), { yieldOf: () => 0.7 })
    const state = await play(world)
    expect(state.attempts[0]!.round).toBe(1)
  })

  test('the hours of a run end its search, not its report', async () => {
    const config = configOf({ attempts: 30, limits: { ...configOf().limits, maxHours: 12 / 3600 } })
    const world = createWorld(config, {})
    const state = await play(world)
    expect(state.stopReason).toBe('hours-used')
    expect(state.status).toBe('finished')
    expect(state.attempts.length).toBeLessThan(30)
  })

  test('a vetoed dataset is not trained, and the search goes on', async () => {
    const world = createWorld(configOf(), {})
    let state = await world.step(null, world.start())
    let events = world.publish(state.outbox)
    // Base scored: shards go out; then the run is paused before the verdict, so the job is held back.
    state = await world.step({ ...state, outbox: [] }, events[0]!)
    events = world.publish(state.outbox)
    state = await world.step({ ...state, outbox: [] }, world.control('pause'))
    state = await world.step({ ...state, outbox: [] }, events[0]!)
    expect(state.held.map(({ id }) => id)).toEqual(['job:attempt-1'])
    state = await world.step({ ...state, outbox: [] }, world.control('veto'))
    world.publish(state.outbox)
    const end = await play(world, { state: { ...state, outbox: [] }, events: [world.control('resume')] })
    expect(world.named<JobSent>('job').map(({ studentModel }) => studentModel)).not.toContain('attempt-1')
    expect(end.status).toBe('finished')
    expect(operations(world.named<Decided>('decision')).slice(0, 3)).toEqual(['1 draft', '2 draft', '3 improve'])
  })
})
