import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Outgoing, PlannerState } from '../../../../agents/planner/state.ts'
import type { PlannerEvent } from '../../../../agents/planner/step-context.ts'
import { hashOf } from '../../../../schemas/hash.ts'
import type { PayloadOf } from '../../../../schemas/message.ts'
import type { Decision, Race, RunFinished } from '../../../../schemas/messages/run.ts'
import { SearchSettings, StrategyName } from '../../../../schemas/search.ts'
import { playDisturbed } from '../../../support/planner-disturbed.ts'
import { configOf } from '../../../support/planner-fixtures.ts'
import { type Behaviour, createWorld, play, type World } from '../../../support/planner-world.ts'
import { runLimits } from '../../../support/run-limits.ts'

type Decided = PayloadOf<typeof Decision>
type Searched = { search?: Partial<Record<keyof SearchSettings, unknown>>; attempts?: number }

const configWith = ({ search = {}, attempts = 8 }: Searched, teacherCalls: number | null = null) =>
  configOf({
    attempts,
    rows: 40,
    minimumRows: 20,
    search: SearchSettings.parse(search),
    limits: { ...runLimits, teacherCalls },
  })

/** A score that follows from the name. */
const scoreOf = (name: string) => 5 + (Number.parseInt(hashOf(name).slice(0, 4), 16) % 20)

/** Events are taken in any order, as bridges and critics that are faster or slower send them. */
async function playInAnyOrder(world: World, draw: () => number): Promise<PlannerState> {
  let state: PlannerState | null = null
  const waiting: PlannerEvent[] = [world.start()]
  while (waiting.length > 0) {
    const [event] = waiting.splice(Math.floor(draw() * waiting.length), 1)
    state = await world.step(state, event!)
    waiting.push(...world.publish(state.outbox))
    state = { ...state, outbox: [] }
  }
  return state!
}

const outcomeOf = (world: World, state: PlannerState) => ({
  status: state.status,
  chosen: state.bestAttempt,
  datasets: state.attempts.map(({ datasetHash, programHash }) => [programHash, datasetHash]),
  // A message and what it says, whenever it was sent.
  messages: [...world.sent.values()].map(({ id, payload }: Outgoing) => [id, hashOf(payload)]).toSorted(),
})

const behaviour: Behaviour = { scoreOf, yieldOf: (attempt) => (attempt % 7 === 3 ? 0.1 : 0.8) }

describe('attempts that are made at the same time', () => {
  test.each(
    StrategyName.options.flatMap((strategy) =>
      [
        {},
        { racing: { seeds: 2, lead: 0.5 } },
        { racing: { seeds: 2, lead: 0.5 }, trainings: 8, plateau: { attempts: 6 } },
      ].map((more) => ({ strategy, parallel: 4, ...more })),
    ),
  )('G1 %j: whoever is ready first, every message and the choice are the same', async (search) => {
    const config = configWith({ search })
    const calm = createWorld(config, behaviour)
    const expected = outcomeOf(calm, await play(calm))
    expect(expected.status).toBe('finished')
    await fc.assert(
      fc.asyncProperty(fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true })), async (draws) => {
        const world = createWorld(config, behaviour)
        const state = await playInAnyOrder(world, () => draws.next().value!)
        expect(outcomeOf(world, state)).toEqual(expected)
      }),
      { numRuns: 8 },
    )
  })

  test('P1 P2 repeated events and crashes before publishing change nothing', async () => {
    const config = configWith({ search: { parallel: 3, strategy: 'tree', racing: { seeds: 2, lead: 0.5 } } })
    await playDisturbed(config, { ...behaviour, most: 60 }, (disturbed, calm) => {
      expect(outcomeOf(disturbed.world, disturbed.state)).toEqual(outcomeOf(calm.world, calm.state))
    })
  })

  test('are planned from the same attempt, and differ', async () => {
    const world = createWorld(configWith({ search: { parallel: 4 } }), { scoreOf })
    const state = await play(world)
    const decisions = world.named<Decided>('decision').filter(({ attempt }) => attempt > 0)
    expect(decisions.map(({ place }) => place?.generation)).toEqual([1, 1, 1, 1, 2, 2, 2, 2])
    expect(new Set(decisions.map(({ programHash }) => programHash)).size).toBe(8)
    const second = decisions.filter(({ place }) => place?.generation === 2)
    expect(new Set(second.map(({ place }) => place?.from)).size).toBe(1)
    const first = state.attempts
      .slice(0, 4)
      .toSorted((a, b) => scoreOf(`attempt-${b.attempt}`) - scoreOf(`attempt-${a.attempt}`))
    expect(second[0]?.place?.from).toBe(first[0]!.attempt)
  })

  test('one at a time, every message is what it was before there were generations', async () => {
    const hashes = []
    for (const [attempts, rows, seed] of [
      [3, 60, 1],
      [8, 61, 7],
      [12, 90, 3],
    ] as const) {
      const world = createWorld(configOf({ attempts, rows, seed }), {
        scoreOf: (name) => Number.parseInt(hashOf(`${name} ${seed}`).slice(0, 4), 16) % 25,
        yieldOf: (attempt) => (attempt % 5 === 3 ? 0.1 : 0.7),
      })
      await play(world)
      hashes.push(hashOf([...world.sent.values()]).slice(0, 12))
    }
    // Computed with the planner as it was before.
    expect(hashes).toEqual(['04f58fce2705', 'b21cd0e52d32', '62e8d76c65a8'])
  })
})

describe('successive halving', () => {
  test('makes contenders with a part of the rows, and the best one again with all, its own among them', async () => {
    const world = createWorld(configWith({ search: { strategy: 'successive-halving' }, attempts: 4 }), { scoreOf })
    const state = await play(world)
    const decisions = world.named<Decided>('decision').filter(({ attempt }) => attempt > 0)
    expect(decisions.map(({ place }) => place?.share)).toEqual([0.25, 0.25, 0.25, 0.25, 1, 0.25, 0.25, 0.25, 0.25, 1])
    const promoted = decisions[4]!
    const best = [1, 2, 3, 4].toSorted((a, b) => scoreOf(`attempt-${b}`) - scoreOf(`attempt-${a}`))[0]
    expect(promoted).toMatchObject({ operation: 'promote', place: { promotes: best } })
    expect(state.attempts.map(({ rows }) => rows)).toEqual([10, 10, 10, 10, 40, 10, 10, 10, 10, 40])
    expect(state.attempts[4]!.carried).toBe(10)
    expect([5, 10]).toContain(state.bestAttempt)
  })
})

describe('racing', () => {
  test('a better attempt that does no better with a second seed is not kept; its trainings are counted', async () => {
    const scores: Record<string, number> = { 'attempt-1': 12, 'attempt-2': 22, 'attempt-2-s2': 8, 'attempt-1-s2': 13 }
    const search = { racing: { seeds: 2, lead: 0.5 }, trainings: 5 }
    const world = createWorld(configWith({ search }), { scoreOf: (name) => scores[name] ?? 10 })
    const state = await play(world)
    const races = world.named<PayloadOf<typeof Race>>('race')
    expect(races[0]).toMatchObject({ attempt: 2, against: 1, own: [22, 8], other: [12, 13], total: 30 })
    expect(state.bestAttempt).toBe(races[0]!.kept ? 2 : 1)
    expect(world.named<PayloadOf<typeof RunFinished>>('run-finished')[0]!.stopReason).toBe('trainings-used')
    const jobs = world.named<{ studentModel: string }>('job').map(({ studentModel }) => studentModel)
    expect(jobs.filter((name) => name.startsWith('attempt-')).length).toBeLessThanOrEqual(5)
  })

  test('one that leads with both seeds takes its place', async () => {
    const scores: Record<string, number> = { 'attempt-1': 8, 'attempt-1-s2': 8, 'attempt-2': 22, 'attempt-2-s2': 21 }
    const world = createWorld(configWith({ search: { racing: { seeds: 2 } }, attempts: 2 }), {
      scoreOf: (name) => scores[name] ?? 10,
    })
    expect((await play(world)).bestAttempt).toBe(2)
    expect(world.named<PayloadOf<typeof Race>>('race')).toMatchObject([{ attempt: 2, kept: true }])
  })
})

test('the plateau rule ends the search, and says why', async () => {
  const world = createWorld(configWith({ search: { plateau: { attempts: 2 } } }), {
    scoreOf: (name) => (name === 'attempt-1' ? 20 : 10),
  })
  const state = await play(world)
  expect(state.attempts).toHaveLength(3)
  const finished = world.named<PayloadOf<typeof RunFinished>>('run-finished')[0]!
  expect(finished).toMatchObject({ stopReason: 'plateau', chosenAttempt: 1 })
  expect(finished.stopDetail).toBe('2 attempts in a row did not lead attempt 1 by more than chance')
})

test('G2 the calls that are left are shared: no attempt asks for more than its part, whatever the others do', async () => {
  const config = configWith({ search: { parallel: 4 }, attempts: 4 }, 100)
  const world = createWorld({ ...config, variants: { ...config.variants, generator: 'llm' } }, { scoreOf })
  await play(world)
  const shards = world.named<{ round: { attempt: number; round: number }; maxCalls?: number }>('shard')
  const first = Map.groupBy(
    shards.filter(({ round }) => round.attempt > 0 && round.round === 1),
    ({ round }) => round.attempt,
  )
  for (const own of first.values())
    expect(own.reduce((sum, { maxCalls = 0 }) => sum + maxCalls, 0)).toBeLessThanOrEqual(25)
})
