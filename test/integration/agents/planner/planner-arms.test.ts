import { describe, expect, test } from 'vitest'
import type { Outgoing } from '../../../../agents/planner/state.ts'
import type { PlannerEvent } from '../../../../agents/planner/step-context.ts'
import { armSeedOf, BaselineKind } from '../../../../schemas/arm.ts'
import { deriveSeed } from '../../../../schemas/hash.ts'
import type { Row } from '../../../../schemas/row.ts'
import type { RunConfig } from '../../../../schemas/run.ts'
import { playDisturbed } from '../../../support/planner-disturbed.ts'
import { configOf } from '../../../support/planner-fixtures.ts'
import { createWorld, type FinalEvalPayload, play, type World } from '../../../support/planner-world.ts'
import { runLimits } from '../../../support/run-limits.ts'

type JobSent = { studentModel: string; training: { datasetHash: string; seed: number } | null }

const evidenceOf = (changes: Partial<RunConfig['evidence']> = {}): RunConfig['evidence'] => ({
  seeds: 1,
  arms: ['control', 'one-shot', 'random'],
  submissions: true,
  retention: false,
  ladder: 'off',
  swapValidationAt: null,
  references: [],
  ...changes,
})
/** The second attempt is the best, so the first valid one is another. */
const scoreOf = (studentModel: string) => ({ base: 3, 'attempt-1': 12, 'attempt-2': 18 })[studentModel] ?? 15

const request = (world: World) => world.named<FinalEvalPayload>('final-eval-request')[0]!
const namesOf = ({ studentModels }: FinalEvalPayload) => studentModels.map(({ name }) => name)
const armOf = ({ arms }: FinalEvalPayload, arm: string) => arms.find((each) => each.arm === arm)!
const trainings = (world: World) => world.named<JobSent>('job').filter(({ training }) => training !== null)

const human = (count: number): Row[] =>
  Array.from({ length: count }, (_, index) => {
    const id = `a0.r0.reference.${index}.0`
    return {
      id,
      skill: 'reference',
      source: 'reference',
      instruction: 'i',
      input: `by hand ${index}`,
      output: 'o',
      origin: { generator: 'reference' },
    }
  })

describe('the arms of a run', () => {
  test('every arm is trained with every fresh seed, and the frozen list says what the run is judged by', async () => {
    const world = createWorld(configOf({ evidence: evidenceOf({ seeds: 3 }) }), { scoreOf, yieldOf: () => 0.7 })
    const state = await play(world)
    expect(state.status).toBe('finished')
    const finalEvalNumber = request(world)
    const seeded = (arm: string) => [arm, `${arm}-s2`, `${arm}-s3`]
    expect(namesOf(finalEvalNumber)).toEqual([
      'base',
      'base-examples',
      ...['control', 'one-shot', 'random', 'final'].flatMap(seeded),
      'attempt-1',
      'attempt-2',
      'attempt-3',
    ])
    expect(finalEvalNumber.primary).toEqual({
      arm: 'final',
      against: 'control',
      part: 'heldout-phrasing',
      mode: 'strict',
      seedIndex: 1,
    })
    const jobs = trainings(world)
    const search = new Set(
      jobs.filter(({ studentModel }) => studentModel.startsWith('attempt-')).map((job) => job.training!.seed),
    )
    for (const seedIndex of [1, 2, 3]) {
      const seeds = new Set(
        jobs
          .filter(
            ({ studentModel }) =>
              !studentModel.startsWith('attempt-') && armSeedOf(studentModel).seedIndex === seedIndex,
          )
          .map((job) => job.training!.seed),
      )
      expect(seeds.size).toBe(1)
      expect(search.has([...seeds][0]!)).toBe(false)
    }
    expect(new Set(jobs.map((job) => job.training!.seed)).size).toBe(4)
    const hashes = finalEvalNumber.arms.map(({ datasetHash }) => datasetHash)
    expect(new Set(hashes).size).toBe(4)
    expect(armOf(finalEvalNumber, 'one-shot').datasetHash).toBe(state.attempts[0]!.datasetHash)
    expect(finalEvalNumber.arms.every(({ rows }) => rows === 60)).toBe(true)
    const names = [...world.sent.values()].map(({ name }) => name)
    expect(names.lastIndexOf('job')).toBeLessThan(names.indexOf('final-eval-request'))
    const [{ seeds }] = world.named<{ seeds: { replay: number; replays: number[] } }>('run-finished') as [never]
    expect(seeds).toMatchObject({ replay: deriveSeed(1, 'replay') })
    expect((seeds as { replays: number[] }).replays).toHaveLength(3)
  })

  test('random rows come from all that the attempts got through the checks, each problem once, at no further call', async () => {
    const config = configOf({ attempts: 2, rows: 30, evidence: evidenceOf({ arms: ['random'], submissions: false }) })
    // Every problem of the second attempt was in the first one already.
    const problemOf = (id: string) => id.replace(/^a2\./, 'a1.')
    const world = createWorld(config, { scoreOf, yieldOf: () => 1, problemOf })
    await play(world)
    const finalEvalNumber = request(world)
    expect(namesOf(finalEvalNumber)).toEqual(['base', 'base-examples', 'random', 'final'])
    expect(finalEvalNumber.primary!.against).toBe('base')
    const rows = await world.rowsOf(armOf(finalEvalNumber, 'random').dataset!)
    expect(rows).toHaveLength(30)
    expect(new Set(rows.map(({ input }) => input)).size).toBe(30)
    expect(world.named<{ attempt: number }>('decision').map(({ attempt }) => attempt)).toEqual([1, 2])
  })

  test('each verified row has the same chance to be drawn, surplus rows among them', async () => {
    const drawn = new Map<string, number>()
    const runs = 300
    let pool = 0
    for (let seed = 0; seed < runs; seed++) {
      const config = configOf({ seed, attempts: 1, rows: 30, evidence: evidenceOf({ arms: ['random'] }) })
      // More is asked for than the quota, and all of it is good.
      const world = createWorld(config, { yieldOf: () => 1 })
      const state = await play(world)
      pool = 30 + (await Promise.all(state.attempts[0]!.surplus.map(world.rowsOf))).flat().length
      const record = armOf(request(world), 'random')
      for (const { id } of await world.rowsOf(record.dataset!)) drawn.set(id, (drawn.get(id) ?? 0) + 1)
    }
    expect(pool).toBeGreaterThan(30)
    expect(drawn.size).toBe(pool)
    const share = 30 / pool
    const deviation = Math.sqrt(runs * share * (1 - share))
    for (const count of drawn.values()) expect(Math.abs(count - runs * share)).toBeLessThan(5 * deviation)
  })

  test('an arm with the dataset of another one is not trained again, and says whose it is', async () => {
    const world = createWorld(configOf({ attempts: 1, evidence: evidenceOf({ seeds: 2 }) }), {})
    const state = await play(world)
    expect(state.status).toBe('finished')
    const finalEvalNumber = request(world)
    expect(armOf(finalEvalNumber, 'one-shot')).toMatchObject({ sameAs: 'final', leftOut: null })
    expect(namesOf(finalEvalNumber)).not.toContain('one-shot')
    const pairs = trainings(world).map(({ training }) => `${training!.datasetHash} ${training!.seed}`)
    expect(new Set(pairs).size).toBe(pairs.length)
  })

  test('the reference is trained on as many rows as the chosen dataset has, or on all where there are fewer', async () => {
    for (const [count, rows] of [
      [200, 60],
      [40, 40],
    ] as const) {
      const given = createWorld(configOf())
      const reference = { arm: 'reference' as const, rows: given.putRows(human(count)), refused: 0 }
      const evidence = evidenceOf({ arms: ['reference'], references: [reference] })
      const world = createWorld(configOf({ attempts: 1, evidence }), {})
      world.putRows(human(count))
      await play(world)
      expect(armOf(request(world), 'reference')).toMatchObject({ rows, leftOut: null })
      expect(namesOf(request(world))).toContain('reference')
    }
  })

  test('several references are arms of their own, in the order of the task, each with rows of its own', async () => {
    const given = createWorld(configOf())
    const references = (['people', 'data-flow'] as const).map((name, index) => {
      return { arm: `reference-${name}` as const, rows: given.putRows(human(200 + index)), refused: 0 }
    })
    const arms = references.map(({ arm }) => arm)
    const evidence = evidenceOf({ seeds: 2, arms: [...arms, 'control'], references, submissions: false })
    const world = createWorld(configOf({ attempts: 1, evidence }), {})
    for (const count of [200, 201]) world.putRows(human(count))
    await play(world)
    const finalEvalNumber = request(world)
    expect(namesOf(finalEvalNumber)).toEqual([
      'base',
      'base-examples',
      ...['control', ...arms, 'final'].flatMap((arm) => [arm, `${arm}-s2`]),
    ])
    expect(arms.map((arm) => armOf(finalEvalNumber, arm).rows)).toEqual([60, 60])
    expect(armOf(finalEvalNumber, arms[0]!).datasetHash).not.toBe(armOf(finalEvalNumber, arms[1]!).datasetHash)
  })

  test('baselines that cannot be made are left out with their reasons, and hold nothing up', async () => {
    const evidence = evidenceOf({ seeds: 2, arms: [...BaselineKind.options], submissions: false })
    const world = createWorld(configOf({ attempts: 1, evidence }), { yieldOf: (attempt) => (attempt === 0 ? 0 : 1) })
    const state = await play(world)
    expect(state.status).toBe('finished')
    const finalEvalNumber = request(world)
    expect(armOf(finalEvalNumber, 'control')).toMatchObject({
      dataset: null,
      leftOut: '0 rows were admitted of at least 30',
    })
    expect(armOf(finalEvalNumber, 'reference').leftOut).toBe('the task has no reference')
    expect(namesOf(finalEvalNumber).slice(0, 2)).toEqual(['base', 'base-examples'])
    expect(namesOf(finalEvalNumber)).toEqual(expect.arrayContaining(['final', 'final-s2']))
    expect(namesOf(finalEvalNumber)).not.toContain('control')
  })

  test('R1 repeats and crashes change neither the arms nor the frozen list', async () => {
    const config = configOf({ attempts: 2, evidence: evidenceOf({ seeds: 3 }) })
    await playDisturbed(config, { scoreOf, yieldOf: () => 0.6, most: 80 }, (disturbed, calm) => {
      expect(request(disturbed.world)).toEqual(request(calm.world))
      expect(disturbed.state.arms).toEqual(calm.state.arms)
    })
  })

  // Without a bound: three arms by three seeds; the control's rows are still in the making.
  test.each([
    [1, 1],
    [4, 4],
    [null, 9],
  ])('R4 bounded by %s, %i trainings wait for their reports, and all are made', async (maxJobsInFlight, most) => {
    const seeds = 3
    const limits = { ...runLimits, maxJobsInFlight }
    const world = createWorld(configOf({ limits, evidence: evidenceOf({ seeds }) }), { scoreOf, yieldOf: () => 0.7 })
    const isArm = ({ name, payload }: Outgoing) =>
      name === 'job' && !/^(base|attempt-)/.test((payload as JobSent).studentModel)
    let state = await world.step(null, world.start())
    const queue: PlannerEvent[] = []
    let largest = 0
    for (;;) {
      queue.push(...world.publish(state.outbox))
      const inFlight = [...world.sent.values()].filter(isArm).length - state.trained.length
      largest = Math.max(largest, inFlight)
      // The last one asked for is reported first: trainings do not end in their order.
      const event = state.phase === 'replaying' ? queue.pop() : queue.shift()
      if (!event) break
      state = await world.step({ ...state, outbox: [] }, event)
    }
    expect(state.status).toBe('finished')
    expect(state.trained).toHaveLength(4 * seeds)
    expect(largest).toBe(most)
  })

  test('R1 a run that an earlier version left while its arms were trained goes on to its opening', async () => {
    const world = createWorld(configOf(), { scoreOf })
    let state = await world.step(null, world.start())
    const queue = world.publish(state.outbox)
    while (state.phase !== 'replaying') {
      state = await world.step({ ...state, outbox: [] }, queue.shift()!)
      queue.push(...world.publish(state.outbox))
    }
    const old = { ...state, arms: [], trained: [], outbox: [] }
    const end = await play(world, { state: old, events: queue })
    expect(end.status).toBe('finished')
    expect(namesOf(request(world))).toEqual(['base', 'base-examples', 'control', 'final'])
  })
})
