import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createOpening } from '../../agents/evaluator/opening.ts'
import type { Bus, Cause } from '../../bus/mod.ts'
import { armSeedOf } from '../../schemas/arm.ts'
import type { PayloadOf } from '../../schemas/message.ts'
import type { Opened, OpeningRequest, Sitting } from '../../schemas/messages/evaluation.ts'
import { unpackResults } from '../../schemas/sealed-results.ts'
import { Question } from '../../schemas/task.ts'
import type { Candidate } from '../../schemas/training.ts'
import { bundledTask } from '../../tasks/bundled-task.ts'
import { loadTask, publicView } from '../../tasks/load.ts'
import { bundledRetention } from '../../tasks/read-retention.ts'
import { type TestServer, until, withServer } from '../support/nats.ts'
import { configOf } from '../support/planner-fixtures.ts'
import { plannerHandlers } from '../support/planner-handlers.ts'

const { variants } = configOf()
const whole = await loadTask(bundledTask)
const retentionSet = await bundledRetention()
const task = { ...whole, test: whole.test.slice(0, 12) }
const names = ['base', 'base-examples', 'control', 'control-s2', 'final', 'final-s2', 'attempt-1']
const candidates: Candidate[] = names.map((name) => ({
  name,
  ...armSeedOf(name),
  student: 'student',
  jobHash: null,
  adapter: null,
  examples: name === 'base-examples',
}))
const auditCounts = { 'in-template': 3, 'heldout-phrasing': 3 }
const cause: Cause = { id: 'one.opening-request:test', traceparent: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01` }

/** Evaluators that die and come back, on a real server: each `createOpening` is a process's own. */
describe('an opening', () => {
  let stop: AbortController
  const sittings: PayloadOf<typeof Sitting>[] = []
  const openings: { runId: string; opened: PayloadOf<typeof Opened> }[] = []
  let server: TestServer
  let evaluator: Bus
  let bridge: Bus
  let request: PayloadOf<typeof OpeningRequest>

  beforeEach(async () => {
    stop = new AbortController()
    sittings.length = 0
    openings.length = 0
    server = await withServer()
    const operator = await server.open('operator')
    evaluator = await server.open('evaluator')
    bridge = await server.open('trainer-bridge')
    const planner = await server.open('planner')
    const collect = plannerHandlers({ opened: async (opened, { runId }) => void openings.push({ runId, opened }) })
    planner.work(collect, { role: 'planner', variant: variants.planner, slots: 1, signal: stop.signal })
    const handlers = {
      job: async () => {},
      sitting: async (sitting: PayloadOf<typeof Sitting>) => void sittings.push(sitting),
    }
    const variant = variants['trainer-bridge']
    bridge.work(handlers, { role: 'trainer-bridge', variant, slots: 1, signal: stop.signal })
    const publicTask = await operator.objects.putJson('LAB', 'task/public', publicView(task))
    const sealedTask = await operator.objects.putJson('VAULT', 'task/sealed', task)
    request = { candidates, datasets: [], arms: [], publicTask, sealedTask, variants }
  })

  afterEach(async () => {
    stop.abort()
    await server[Symbol.asyncDispose]()
  })

  /** The evaluator's bus, dead at its n-th publication: nothing of what follows reaches anybody. */
  const dyingAt = (last: number): Bus => {
    let published = 0
    const publish = (...given: Parameters<Bus['publish']>) => {
      published += 1
      return published > last ? Promise.reject(new Error('killed')) : evaluator.publish(...given)
    }
    return new Proxy(evaluator, { get: (bus, key) => (key === 'publish' ? publish : Reflect.get(bus, key)) })
  }

  const nameOf = ({ candidate, paper }: PayloadOf<typeof Sitting>) => `${candidate.name} ${paper}`
  const all = names.flatMap((name) => (name === 'attempt-1' ? [`${name} test`] : [`${name} test`, `${name} audit`]))

  async function answersTo({ candidate, paper, questions, publicTask }: PayloadOf<typeof Sitting>) {
    const asked = await bridge.objects.getLines(questions, Question)
    const replies = asked.map(({ id }) => ({ id, text: 'no idea', finish: 'stop', tokens: 3 }))
    const predictions = await bridge.objects.putLines('EXAM', 'one/predictions', replies)
    return { candidate: candidate.name, paper, predictions, publicTask }
  }

  test('O1 O3 goes on wherever its evaluator was killed: the same papers, each sitting once, one result', async () => {
    for (let last = 0; last < all.length; last++) {
      await expect(createOpening(dyingAt(last), auditCounts).open(task, request, 'one', cause)).rejects.toThrow(
        'killed',
      )
      await until('what was sent before', () => sittings.length === last)
    }
    await createOpening(evaluator, auditCounts).open(task, request, 'one', cause)
    await until('every sitting', () => sittings.length === all.length)
    expect(sittings.map(nameOf).toSorted()).toEqual(all.toSorted())
    expect(new Set(sittings.map(({ paper, questions }) => `${paper} ${questions.sha256}`)).size).toBe(2)
    // The marking evaluator dies before it can say that the opening is complete; the last answer comes again.
    for (const sitting of sittings) {
      const answers = await answersTo(sitting)
      await createOpening(dyingAt(0), auditCounts)
        .mark(answers, 'one', cause)
        .catch(() => {})
    }
    expect(openings).toEqual([])
    await createOpening(evaluator, auditCounts).mark(await answersTo(sittings.at(-1)!), 'one', cause)
    await createOpening(evaluator, auditCounts).mark(await answersTo(sittings[0]!), 'one', cause)
    await until('the opening', () => openings.length > 0)
    expect(openings).toHaveLength(1)
    const { opening } = openings[0]!.opened
    const results = unpackResults(openings[0]!.opened)
    expect(opening).toBe(1)
    expect(results.map(({ candidate, paper }) => `${candidate.name} ${paper}`)).toEqual(all)
    expect(results.every(({ paper, items }) => items.length === (paper === 'test' ? 12 : 6))).toBe(true)
  })

  test('a request that comes again after its answers asks nobody again, and changes nothing on the list', async () => {
    const opening = createOpening(evaluator, auditCounts)
    await opening.open(task, request, 'one', cause)
    await until('every sitting', () => sittings.length === all.length)
    for (const sitting of sittings) await opening.mark(await answersTo(sitting), 'one', cause)
    await until('the opening', () => openings.length === 1)
    const silent = dyingAt(1)
    const other = { ...request, candidates: candidates.slice(0, 1) }
    // One publication is left to it: that of the result, which is the same message.
    await createOpening(silent, auditCounts).open(task, other, 'one', cause)
    expect((await opening.record('one'))!.candidates).toHaveLength(names.length)
    expect(sittings).toHaveLength(all.length)
    const stranger = { ...(await answersTo(sittings[0]!)), candidate: 'final-s9' }
    await expect(opening.mark(stranger, 'one', cause)).rejects.toThrow('not on the list')
  })

  test('base, control and final sit the retention paper too, with its own reply length and scorer; no other candidate does', async () => {
    const items = retentionSet.items.slice(0, 5)
    const opening = createOpening(evaluator, auditCounts)
    await opening.open({ ...task, retentionSet: { ...retentionSet, items } }, request, 'one', cause)
    const remembering = ['base', 'control', 'control-s2', 'final', 'final-s2']
    const wanted = [...all, ...remembering.map((name) => `${name} retention`)]
    await until('every sitting', () => sittings.length === wanted.length)
    expect(sittings.map(nameOf).toSorted()).toEqual(wanted.toSorted())
    for (const sitting of sittings) {
      expect(sitting.maxNewTokens).toBe(sitting.paper === 'retention' ? retentionSet.max_new_tokens : undefined)
      const answers = await answersTo(sitting)
      if (sitting.paper === 'retention') {
        const asked = new TextDecoder().decode(await bridge.objects.get(sitting.questions))
        expect(asked).not.toMatch(/"answer"|cold/)
        // Everybody knows the first two; the base alone the third.
        const known = sitting.candidate.arm === 'base' ? 3 : 2
        const replies = items.map(({ id, answer }, index) => {
          const text = index < known ? `It is ${answer.split('|')[0]!.toUpperCase()}.` : 'No idea.'
          return { id, text, finish: 'stop', tokens: 4 }
        })
        answers.predictions = await bridge.objects.putLines('EXAM', 'one/predictions', replies)
      }
      await opening.mark(answers, 'one', cause)
    }
    await until('the opening', () => openings.length === 1)
    const { opened } = openings[0]!
    expect(opened.retention).toEqual({ sha256: retentionSet.sha256, mode: 'lenient' })
    const right = unpackResults(opened).flatMap(({ candidate, paper, sheet }) =>
      paper === 'retention' ? [`${candidate.name} ${sheet.overall.lenient.correct}`] : [],
    )
    expect(right).toEqual(['base 3', 'control 2', 'control-s2 2', 'final 2', 'final-s2 2'])
  })

  test('counts openings of one test over the runs of a bus, each run once', async () => {
    for (const runId of ['one', 'two', 'one', 'three']) {
      await createOpening(evaluator, auditCounts).open(task, request, runId, cause)
    }
    const counted = await Promise.all(
      ['one', 'two', 'three'].map((runId) => createOpening(evaluator, auditCounts).record(runId)),
    )
    expect(counted.map((record) => record!.opening)).toEqual([1, 2, 3])
    const seeds = new Set(counted.map((record) => record!.auditSeed))
    expect(seeds.size).toBe(3)
    const renamed = { ...task, test: task.test.slice(1) }
    await createOpening(evaluator, auditCounts).open(renamed, request, 'four', cause)
    expect((await createOpening(evaluator, auditCounts).record('four'))!.opening).toBe(1)
  })
})
