import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createFinalEval } from '../../../../agents/evaluator/final-eval.ts'
import type { Bus, Cause } from '../../../../bus/mod.ts'
import { armSeedOf } from '../../../../schemas/arm.ts'
import type { PayloadOf } from '../../../../schemas/message.ts'
import type { FinalEvalRequest, FinalEvalResults, SealedEvalJob } from '../../../../schemas/messages/evaluation.ts'
import { unpackResults } from '../../../../schemas/sealed-results.ts'
import { Question } from '../../../../schemas/task.ts'
import type { StudentModel } from '../../../../schemas/training.ts'
import { bundledTask } from '../../../../tasks/bundled-task.ts'
import { loadTask, publicView } from '../../../../tasks/load.ts'
import { bundledRetention } from '../../../../tasks/read-retention.ts'
import { type TestServer, until, withServer } from '../../../support/nats.ts'
import { configOf } from '../../../support/planner-fixtures.ts'
import { plannerHandlers } from '../../../support/planner-handlers.ts'

const primary = { arm: 'final', against: 'control', part: 'all', mode: 'strict', seedIndex: 1 } as const

const { variants } = configOf()
const whole = await loadTask(bundledTask)
const retentionSet = await bundledRetention()
const task = { ...whole, test: whole.test.slice(0, 12) }
const names = ['base', 'base-examples', 'control', 'control-s2', 'final', 'final-s2', 'attempt-1']
const studentModels: StudentModel[] = names.map((name) => ({
  name,
  ...armSeedOf(name),
  student: 'student',
  jobHash: null,
  adapter: null,
  examples: name === 'base-examples',
}))
const auditCounts = { 'in-template': 3, 'heldout-phrasing': 3 }
const cause: Cause = { id: 'one.final-eval-request:test', traceparent: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01` }

/** Evaluators that die and come back, on a real server: each `createOpening` is a process's own. */
describe('an opening', () => {
  let stop: AbortController
  const evaluations: PayloadOf<typeof SealedEvalJob>[] = []
  const finalEvals: { runId: string; finalEval: PayloadOf<typeof FinalEvalResults> }[] = []
  let server: TestServer
  let evaluator: Bus
  let bridge: Bus
  let request: PayloadOf<typeof FinalEvalRequest>

  beforeEach(async () => {
    stop = new AbortController()
    evaluations.length = 0
    finalEvals.length = 0
    server = await withServer()
    const operator = await server.open('operator')
    evaluator = await server.open('evaluator')
    bridge = await server.open('trainer-bridge')
    const planner = await server.open('planner')
    const collect = plannerHandlers({
      'final-eval-results': async (finalEval, { runId }) => void finalEvals.push({ runId, finalEval }),
    })
    planner.work(collect, { role: 'planner', variant: variants.planner, slots: 1, signal: stop.signal })
    const handlers = {
      job: async () => {},
      'sealed-eval-job': async (sealedEvalJob: PayloadOf<typeof SealedEvalJob>) => void evaluations.push(sealedEvalJob),
    }
    const variant = variants['trainer-bridge']
    bridge.work(handlers, { role: 'trainer-bridge', variant, slots: 1, signal: stop.signal })
    const publicTask = await operator.objects.putJson('LAB', 'task/public', publicView(task))
    const sealedTask = await operator.objects.putJson('VAULT', 'task/sealed', task)
    request = { studentModels, datasets: [], arms: [], primary, publicTask, sealedTask, variants }
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

  const nameOf = ({ studentModel, evalSet }: PayloadOf<typeof SealedEvalJob>) => `${studentModel.name} ${evalSet}`
  const all = names.flatMap((name) => (name === 'attempt-1' ? [`${name} test`] : [`${name} test`, `${name} audit`]))

  async function answersTo({ studentModel, evalSet, questions, publicTask }: PayloadOf<typeof SealedEvalJob>) {
    const asked = await bridge.objects.getLines(questions, Question)
    const replies = asked.map(({ id }) => ({ id, text: 'no idea', finish: 'stop', tokens: 3 }))
    const predictions = await bridge.objects.putLines('EXAM', 'one/predictions', replies)
    return { studentModel: studentModel.name, evalSet, predictions, publicTask }
  }

  test('O1 O3 goes on wherever its evaluator was killed: the same sets, each evaluated once, one result', async () => {
    for (let last = 0; last < all.length; last++) {
      await expect(createFinalEval(dyingAt(last), auditCounts).open(task, request, 'one', cause)).rejects.toThrow(
        'killed',
      )
      await until('what was sent before', () => evaluations.length === last)
    }
    await createFinalEval(evaluator, auditCounts).open(task, request, 'one', cause)
    await until('every evaluation', () => evaluations.length === all.length)
    expect(evaluations.map(nameOf).toSorted()).toEqual(all.toSorted())
    expect(new Set(evaluations.map(({ evalSet, questions }) => `${evalSet} ${questions.sha256}`)).size).toBe(2)
    // The marking evaluator dies before it can say that the opening is complete; the last answer comes again.
    for (const sealedEvalJob of evaluations) {
      const answers = await answersTo(sealedEvalJob)
      await createFinalEval(dyingAt(0), auditCounts)
        .mark(answers, 'one', cause)
        .catch(() => {})
    }
    expect(finalEvals).toEqual([])
    await createFinalEval(evaluator, auditCounts).mark(await answersTo(evaluations.at(-1)!), 'one', cause)
    await createFinalEval(evaluator, auditCounts).mark(await answersTo(evaluations[0]!), 'one', cause)
    await until('the opening', () => finalEvals.length > 0)
    expect(finalEvals).toHaveLength(1)
    const { finalEvalNumber: evaluation } = finalEvals[0]!.finalEval
    const results = unpackResults(finalEvals[0]!.finalEval)
    expect(evaluation).toBe(1)
    expect(results.map(({ studentModel, evalSet }) => `${studentModel.name} ${evalSet}`)).toEqual(all)
    expect(results.every(({ evalSet, items }) => items.length === (evalSet === 'test' ? 12 : 6))).toBe(true)
  })

  test('a request that comes again after its answers asks nobody again, and changes nothing on the list', async () => {
    const evaluation = createFinalEval(evaluator, auditCounts)
    await evaluation.open(task, request, 'one', cause)
    await until('every evaluation', () => evaluations.length === all.length)
    for (const sealedEvalJob of evaluations) await evaluation.mark(await answersTo(sealedEvalJob), 'one', cause)
    await until('the opening', () => finalEvals.length === 1)
    const silent = dyingAt(1)
    const other = { ...request, studentModels: studentModels.slice(0, 1) }
    // One publication is left to it: that of the result, which is the same message.
    await createFinalEval(silent, auditCounts).open(task, other, 'one', cause)
    expect((await evaluation.record('one'))!.studentModels).toHaveLength(names.length)
    expect(evaluations).toHaveLength(all.length)
    const stranger = { ...(await answersTo(evaluations[0]!)), studentModel: 'final-s9' }
    await expect(evaluation.mark(stranger, 'one', cause)).rejects.toThrow('not on the list')
  })

  test('base, control and final sit the retention paper too, with its own reply length and scorer; no other candidate does', async () => {
    const items = retentionSet.items.slice(0, 5)
    const evaluation = createFinalEval(evaluator, auditCounts)
    await evaluation.open({ ...task, retentionSet: { ...retentionSet, items } }, request, 'one', cause)
    const remembering = ['base', 'control', 'control-s2', 'final', 'final-s2']
    const wanted = [...all, ...remembering.map((name) => `${name} retention`)]
    await until('every evaluation', () => evaluations.length === wanted.length)
    expect(evaluations.map(nameOf).toSorted()).toEqual(wanted.toSorted())
    for (const sealedEvalJob of evaluations) {
      expect(sealedEvalJob.maxNewTokens).toBe(
        sealedEvalJob.evalSet === 'retention' ? retentionSet.max_new_tokens : undefined,
      )
      const answers = await answersTo(sealedEvalJob)
      if (sealedEvalJob.evalSet === 'retention') {
        const asked = new TextDecoder().decode(await bridge.objects.get(sealedEvalJob.questions))
        expect(asked).not.toMatch(/"answer"|cold/)
        // Everybody knows the first two; the base alone the third.
        const known = sealedEvalJob.studentModel.arm === 'base' ? 3 : 2
        const replies = items.map(({ id, answer }, index) => {
          const text = index < known ? `It is ${answer.split('|')[0]!.toUpperCase()}.` : 'No idea.'
          return { id, text, finish: 'stop', tokens: 4 }
        })
        answers.predictions = await bridge.objects.putLines('EXAM', 'one/predictions', replies)
      }
      await evaluation.mark(answers, 'one', cause)
    }
    await until('the opening', () => finalEvals.length === 1)
    const { finalEval } = finalEvals[0]!
    expect(finalEval.retention).toEqual({ sha256: retentionSet.sha256, mode: 'lenient' })
    const right = unpackResults(finalEval).flatMap(({ studentModel, evalSet, sheet }) =>
      evalSet === 'retention' ? [`${studentModel.name} ${sheet.overall.lenient.correct}`] : [],
    )
    expect(right).toEqual(['base 3', 'control 2', 'control-s2 2', 'final 2', 'final-s2 2'])
  })

  test('counts openings of one test over the runs of a bus, each run once', async () => {
    for (const runId of ['one', 'two', 'one', 'three']) {
      await createFinalEval(evaluator, auditCounts).open(task, request, runId, cause)
    }
    const counted = await Promise.all(
      ['one', 'two', 'three'].map((runId) => createFinalEval(evaluator, auditCounts).record(runId)),
    )
    expect(counted.map((record) => record!.finalEvalNumber)).toEqual([1, 2, 3])
    const seeds = new Set(counted.map((record) => record!.auditSeed))
    expect(seeds.size).toBe(3)
    const renamed = { ...task, test: task.test.slice(1) }
    await createFinalEval(evaluator, auditCounts).open(renamed, request, 'four', cause)
    expect((await createFinalEval(evaluator, auditCounts).record('four'))!.finalEvalNumber).toBe(1)
  })
})
