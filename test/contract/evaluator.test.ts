import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { evaluator } from '../../agents/evaluator/agent.ts'
import { createLadder } from '../../agents/evaluator/ladder.ts'
import { openContaminationIndex } from '../../agents/kit/dedup/contamination.ts'
import type { Bus } from '../../bus/mod.ts'
import { armSeedOf } from '../../schemas/arm.ts'
import type { Guidance, Guide } from '../../schemas/guidance.ts'
import type { PayloadOf } from '../../schemas/message.ts'
import {
  Answers,
  FinalEvalRequest,
  type FinalEvalResults,
  Predictions,
  type Report,
  type SealedEvalJob,
} from '../../schemas/messages/evaluation.ts'
import { unpackResults } from '../../schemas/sealed-results.ts'
import { Question } from '../../schemas/task.ts'
import type { StudentModel } from '../../schemas/training.ts'
import { variantsOf } from '../../schemas/variants.ts'
import { bundledTask } from '../../tasks/bundled-task.ts'
import { loadTask, publicView } from '../../tasks/load.ts'
import { bundledRetention } from '../../tasks/read-retention.ts'
import { memoryLog, type TestServer, until, withServer } from '../support/nats.ts'
import { configOf } from '../support/planner-fixtures.ts'
import { plannerHandlers } from '../support/planner-handlers.ts'

const primary = { arm: 'final', against: 'control', part: 'all', mode: 'strict', seedIndex: 1 } as const

const { variants } = configOf()
const contaminationKey = Buffer.alloc(32, 7)
const retentionSet = await bundledRetention()
const task = await loadTask(bundledTask)
const base: StudentModel = {
  name: 'base',
  arm: 'base',
  seedIndex: 1,
  student: 'student',
  jobHash: null,
  adapter: null,
  examples: false,
}

describe.each(variantsOf.evaluator)('evaluator %s', (variant) => {
  let stop: AbortController
  let server: TestServer
  let operator: Bus
  let bridge: Bus
  let planner: Bus
  const reports: PayloadOf<typeof Report>[] = []
  const finalEvals: PayloadOf<typeof FinalEvalResults>[] = []
  const evaluations: PayloadOf<typeof SealedEvalJob>[] = []

  beforeEach(async () => {
    stop = new AbortController()
    for (const reported of [reports, finalEvals, evaluations]) reported.length = 0
    stop = new AbortController()
    server = await withServer()
    operator = await server.open('operator')
    bridge = await server.open('trainer-bridge')
    planner = await server.open('planner')
    const bus = await server.open('evaluator', variant)
    const context = {
      bus,
      identity: { role: 'evaluator' as const, variant, instance: 'evaluator-1' },
      options: {
        audit: { 'in-template': 3, 'heldout-phrasing': 3 },
        // Never asked here: no job allows it a call.
        ...(variant === 'scorer-and-analyst' && { model: 'm', baseUrl: 'http://127.0.0.1:9/v1' }),
      },
      home: server.storeDir,
      contaminationKey,
      log: memoryLog() as never,
      setWaiting: () => {},
      signal: stop.signal,
    }
    const { handlers } = await evaluator.variants[variant](context)
    bus.work(handlers, { role: 'evaluator', variant, slots: 1, signal: stop.signal })
    const collect = plannerHandlers({
      report: async (report) => void reports.push(report),
      'final-eval-results': async (finalEval) => void finalEvals.push(finalEval),
    })
    planner.work(collect, { role: 'planner', variant: variants.planner, slots: 1, signal: stop.signal })
    const bridgeHandlers = {
      job: async () => {},
      'sealed-eval-job': async (sealedEvalJob: PayloadOf<typeof SealedEvalJob>) => void evaluations.push(sealedEvalJob),
    }
    bridge.work(bridgeHandlers, {
      role: 'trainer-bridge',
      variant: variants['trainer-bridge'],
      slots: 1,
      signal: stop.signal,
    })
  })

  afterEach(async () => {
    stop.abort()
    await server[Symbol.asyncDispose]()
  })

  const replies = (items: readonly { id: string }[], text: string) =>
    items.map(({ id }) => ({ id, text, finish: 'stop', tokens: 3 }))

  test('publishes what rows are checked against: validation, test and retention set, as hashes alone', async () => {
    const predictions = await bridge.objects.putLines('LAB', 'one/predictions', replies(task.validation, 'No.'))
    const publicTask = await operator.objects.putJson('LAB', 'task/public', publicView(task))
    const sealedTask = await operator.objects.putJson('VAULT', 'task/sealed', { ...task, retentionSet })
    await bridge.publish(
      Predictions,
      { runId: 'one', variant, id: 'predictions:base' },
      { studentModel: base, predictions, training: null, reusedTraining: false, publicTask, sealedTask, variants },
    )
    await until('the report', () => reports.length === 1)
    const bytes = await planner.objects.get(reports[0]!.contamination)
    const index = openContaminationIndex(bytes, contaminationKey, { share: 0.6 })
    const [remembered] = retentionSet.items
    const splitOf = (text: string) => index.check({ text })?.split
    expect(splitOf(task.validation[0]!.input)).toBe('validation')
    expect(splitOf(task.test[0]!.input)).toBe('sealed')
    expect(splitOf(`Tell me. ${remembered!.input}`)).toBe('retention')
    expect(Buffer.from(bytes).toString('latin1')).not.toContain(remembered!.input)
  })

  test('scores validation; opens the test once, through EXAM, with answers nowhere but in VAULT; then scores no more', async () => {
    const publicTask = await operator.objects.putJson('LAB', 'task/public', publicView(task))
    const sealedTask = await operator.objects.putJson('VAULT', 'task/sealed', task)
    const right = task.validation.map(({ id, answer }) => ({
      id,
      text: `\\boxed{${answer}}`,
      finish: 'stop',
      tokens: 3,
    }))
    const predict = async (id: string, runId = 'one') =>
      bridge.publish(
        Predictions,
        { runId, variant, id },
        {
          studentModel: base,
          predictions: await bridge.objects.putLines('LAB', 'one/predictions', right),
          training: null,
          reusedTraining: false,
          publicTask,
          sealedTask,
          variants,
        },
      )
    await predict('predictions:base')
    await until('the report', () => reports.length === 1)
    expect(reports[0]!.validation.overall.strict).toEqual({
      correct: task.validation.length,
      total: task.validation.length,
    })
    expect(reports[0]!.badCases).toEqual([])

    const request = {
      studentModels: [base, { ...base, name: 'base-examples', arm: 'base-examples' as const, examples: true }],
      datasets: [],
      arms: [],
      primary,
      publicTask,
      sealedTask,
      variants,
    }
    await planner.publish(FinalEvalRequest, { runId: 'one', variant, id: 'final-eval' }, request)
    await planner.publish(FinalEvalRequest, { runId: 'one', variant, id: 'opening-again' }, request)
    await until('four evaluations', () => evaluations.length >= 4)
    for (const { studentModel, evalSet, questions } of evaluations) {
      expect(questions.account).toBe('EXAM')
      const asked = new TextDecoder().decode(await bridge.objects.get(questions))
      expect(asked).not.toMatch(/"answer"|"coreKey"/)
      const items = asked
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { id: string })
      const predictions = await bridge.objects.putLines('EXAM', 'one/predictions', replies(items, 'no idea'))
      await bridge.publish(
        Answers,
        { runId: 'one', variant, id: `answers:${studentModel.name}:${evalSet}` },
        { studentModel: studentModel.name, evalSet, predictions, publicTask },
      )
    }
    await until('the opening', () => finalEvals.length === 1)
    const [finalEval] = finalEvals
    expect(finalEval!.finalEvalNumber).toBe(1)
    expect(
      unpackResults(finalEval!)
        .map(({ studentModel, evalSet, items }) => `${studentModel.name} ${evalSet} ${items.length}`)
        .toSorted(),
    ).toEqual(['base audit 6', 'base test 280', 'base-examples audit 6', 'base-examples test 280'])
    expect(JSON.stringify(finalEval)).not.toContain(task.test[0]!.input)

    // What is opened cannot steer: a later prediction of the run is passed over, and no dead letter. One of another run comes behind it.
    await predict('predictions:late')
    await predict('predictions:other', 'other')
    await until('the report of the other run', () => reports.length === 2)
    expect(await operator.dead.list()).toEqual([])
    expect(reports).toHaveLength(2)
    expect(finalEvals).toHaveLength(1)
  })

  test('opens the audit file of a task without a procedure beside its test', async () => {
    const { procedureSha256: _code, ...plain } = task
    const audit = plain.test.slice(-5).map((item) => ({ ...item, id: `audit-${item.id}` }))
    const own = { ...plain, test: plain.test.slice(0, 10), audit }
    const publicTask = await operator.objects.putJson('LAB', 'task/public', publicView(own))
    expect(JSON.stringify(publicView(own))).not.toContain(audit[0]!.input)
    const sealedTask = await operator.objects.putJson('VAULT', 'task/sealed', own)
    const request = { studentModels: [base], datasets: [], arms: [], primary, publicTask, sealedTask, variants }
    await planner.publish(FinalEvalRequest, { runId: 'two', variant, id: 'final-eval' }, request)
    const mine = () => evaluations.filter(({ publicTask: ref }) => ref.sha256 === publicTask.sha256)
    await until('two evaluations', () => mine().length === 2)
    const { questions } = mine().find(({ evalSet }) => evalSet === 'audit')!
    const asked = await bridge.objects.getLines(questions, Question)
    expect(asked.map(({ id }) => id)).toEqual(audit.map(({ id }) => id))
  })

  describe('guidance', () => {
    /** Scores a candidate that has the first `right` validation items right. */
    async function scored(name: string, right: number, guidance: Guidance) {
      const sealedTask = await operator.objects.putJson('VAULT', 'task/sealed', task)
      const publicTask = await operator.objects.putJson('LAB', 'task/public', publicView(task))
      const lines = task.validation.map(({ id: item, answer }, index) => ({
        id: item,
        text: index < right ? `\\boxed{${answer}}` : 'no idea',
        finish: 'stop',
        tokens: 3,
      }))
      const predictions = await bridge.objects.putLines('LAB', 'guided/predictions', lines)
      const studentModel = { ...base, name, ...armSeedOf(name) }
      const rest = { training: null, reusedTraining: false, publicTask, sealedTask, variants }
      const before = reports.length
      await bridge.publish(
        Predictions,
        { runId: 'guided', variant, id: `predictions:${name}` },
        { studentModel, predictions, guidance, ...rest },
      )
      await until('the report', () => reports.length > before)
      return reports.at(-1)!
    }

    test('the ladder shows the best before in place of what is not above it by more than chance', async () => {
      const ladder = { ladder: 'on' as const, halves: false }
      const first = await scored('base', 30, ladder)
      expect(first.shownAs).toBeUndefined()
      expect(first.validation.overall.strict.correct).toBe(30)
      const alike = await scored('attempt-1', 31, ladder)
      const { validation, items, badCases } = first
      expect(alike).toMatchObject({ shownAs: 'base', validation, items, badCases })
      const better = await scored('attempt-2', 90, ladder)
      expect(better.shownAs).toBeUndefined()
      expect(better.validation.overall.strict.correct).toBe(90)
      const worse = await scored('attempt-3', 40, ladder)
      expect(worse).toMatchObject({ shownAs: 'attempt-2', validation: better.validation, badCases: better.badCases })
      // What is trained for the test, after the search, is told as it is.
      expect((await scored('final', 50, ladder)).validation.overall.strict.correct).toBe(50)
    })

    test('G1 what was decided for a candidate stays, in whatever process it is asked again', async () => {
      const bus = await server.open('evaluator', variant)
      const shown = (right: number) => ({
        validation: { overall: { strict: { correct: right, total: 60 }, lenient: { correct: right, total: 60 } } },
        items: Array.from({ length: 60 }, (_, index) => ({
          id: `i${index}`,
          part: 'p',
          skill: 's',
          strict: index < right,
        })),
        badCases: [],
      })
      const pass = async (name: string, right: number) => {
        const sheet = { byPart: {}, bySkill: {}, truncated: 0 }
        const { validation, items, badCases } = shown(right)
        const reported = items.map((item) => ({ ...item, lenient: item.strict, truncated: false }))
        return createLadder(bus).pass(
          'again',
          name,
          { validation: { ...validation, ...sheet }, items: reported, trivial: [], badCases },
          'strict',
        )
      }
      expect((await pass('base', 10)).shownAs).toBe('base')
      expect((await pass('attempt-1', 11)).shownAs).toBe('base')
      expect((await pass('attempt-2', 40)).shownAs).toBe('attempt-2')
      // Above base, but it was decided before attempt-2 was there; and base was shown as it is.
      expect((await pass('attempt-1', 11)).shown.validation.overall.strict.correct).toBe(10)
      expect((await pass('base', 10)).shownAs).toBe('base')
      expect((await pass('attempt-2', 40)).shown.validation.overall.strict.correct).toBe(40)
    })

    test('halves are told apart where a run asks for them', async () => {
      const { halves, validation } = await scored('base', 60, { ladder: 'off', halves: true })
      const total = ({ validation: sheet }: Guide) => sheet.overall.strict
      expect(total(halves!.a).total + total(halves!.b).total).toBe(task.validation.length)
      expect(total(halves!.a).correct + total(halves!.b).correct).toBe(validation.overall.strict.correct)
      const ids = (guide: Guide) => guide.badCases.map(({ id }) => id)
      expect(ids(halves!.a).some((id) => ids(halves!.b).includes(id))).toBe(false)
    })
  })
})
