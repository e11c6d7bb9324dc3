import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openStudentLength } from '../../agents/critic/row-checks.ts'
import type { Bus } from '../../bus/mod.ts'
import type { PayloadOf } from '../../schemas/message.ts'
import { Job, type Predictions } from '../../schemas/messages/evaluation.ts'
import type { Row } from '../../schemas/row.ts'
import { Prediction, runtimeRevision } from '../../schemas/runtime-protocol.ts'
import { variantsOf } from '../../schemas/variants.ts'
import { bundledTask } from '../../tasks/bundled-task.ts'
import * as everydayNumbers from '../../tasks/everyday-numbers/procedure/mod.ts'
import { loadTask, publicView } from '../../tasks/load.ts'
import { trainerBridge } from '../../trainer-bridge/agent.ts'
import { type EmbeddingsServer, startEmbeddingsServer } from '../support/embeddings-server.ts'
import { memoryLog, type TestServer, until, withServer } from '../support/nats.ts'
import { configOf } from '../support/planner-fixtures.ts'
import { testHome } from '../support/provision.ts'
import { makeTinyStudent, runtimePython } from '../support/python.ts'
import { testedTrainers } from '../support/runtimes.ts'

const { variants } = configOf()
const whole = await loadTask(bundledTask)
/** Every byte is a token of the tiny student. */
const task = {
  ...whole,
  recipe: { ...whole.recipe, cutoff_len: 300 },
  validation: whole.validation.slice(0, 4),
  inference: { ...whole.inference, max_new_tokens: 4 },
}

/** Every third row is far longer than the others. */
function rowsOf(count: number): Row[] {
  return Array.from({ length: count }, (_, index) => {
    const made = everydayNumbers.sampleRow({
      skill: 'order-total',
      difficulty: 1,
      range: 'narrow',
      phrasings: 2,
      seed: String(index),
    })
    const { skill, instruction, input, output } = made
    return {
      id: `a1.r1.order-total.${index}.0`,
      skill,
      source: 'order-total',
      instruction,
      input: index % 3 === 0 ? input + ' '.repeat(200) : input,
      output,
      origin: { generator: 'test' },
    }
  })
}

const cases = variantsOf['trainer-bridge'].flatMap((variant) =>
  testedTrainers.map(({ name }) => ({ variant, train: name })),
)

describe.each(cases)('trainer-bridge $variant, trained by $train', ({ variant, train }) => {
  /** A runtime of its own environment loads for a minute on a small machine. */
  const patienceMs = train === 'peft' ? 180_000 : 900_000
  const stop = new AbortController()
  let server: TestServer
  let embeddings: EmbeddingsServer
  let operator: Bus
  let planner: Bus
  let release: (() => Promise<void>) | undefined
  const got: PayloadOf<typeof Predictions>[] = []

  beforeEach(async () => {
    server = await withServer()
    embeddings = await startEmbeddingsServer()
    operator = await server.open('operator')
    planner = await server.open('planner')
    const evaluator = await server.open('evaluator')
    const bus = await server.open('trainer-bridge', variant)
    const student = await makeTinyStudent(await runtimePython(), `${server.storeDir}/tiny`)
    const started = await trainerBridge.variants[variant]({
      bus,
      identity: { role: 'trainer-bridge', variant, instance: 'trainer-bridge-1' },
      options: { student, train, embedder: { baseUrl: embeddings.url, model: 'words-64' } },
      home: testHome,
      contaminationKey: null,
      log: memoryLog() as never,
      setWaiting: () => {},
      signal: stop.signal,
    })
    release = started.release
    bus.work(started.handlers, { role: 'trainer-bridge', variant, slots: 1, signal: stop.signal })
    const handlers = {
      predictions: async (message: PayloadOf<typeof Predictions>) => void got.push(message),
      'final-eval-request': async () => {},
      answers: async () => {},
    }
    evaluator.work(handlers, { role: 'evaluator', variant: variants.evaluator, slots: 1, signal: stop.signal })
  }, patienceMs)

  afterEach(async () => {
    stop.abort()
    await release?.()
    await server[Symbol.asyncDispose]()
    await embeddings[Symbol.asyncDispose]()
  })

  test(
    'trains a dataset once, answers every question, and finds the training again when another run asks; the base says how long a row may be',
    async () => {
      const publicTask = await operator.objects.putJson('LAB', 'task/public', publicView(task))
      const sealedTask = await operator.objects.putJson('VAULT', 'task/sealed', task)
      const dataset = await planner.objects.putLines('LAB', 'one/rows', rowsOf(8))
      const ask = (runId: string, studentModel = 'attempt-1', begunWith?: string) =>
        planner.publish(
          Job,
          { runId, variant, id: `job:${studentModel}` },
          {
            studentModel,
            training: studentModel === 'base' ? null : { dataset, datasetHash: dataset.sha256, seed: 7 },
            examples: false,
            student: begunWith,
            runtimes: got[0]?.studentModel.runtimes,
            publicTask,
            sealedTask,
            variants,
          },
        )
      await ask('one')
      await until('the first predictions', () => got.length === 1, patienceMs)
      await ask('two')
      await until('the second predictions', () => got.length === 2, patienceMs)
      const [first, second] = got
      expect(first!.reusedTraining).toBe(false)
      expect(second!.reusedTraining).toBe(true)
      expect(second!.studentModel).toEqual(first!.studentModel)
      // The project's own runtime is not recorded, as when there was no other.
      const named = {
        name: train,
        version: first!.training!.runtime!.version,
        device: first!.training!.runtime!.device,
      }
      expect(first!.training!.runtime).toEqual(named)
      expect(first!.studentModel.runtimes).toEqual(train === 'peft' ? undefined : { train: named })
      const { rows, leftOut } = first!.training!
      expect({ rows, leftOut }).toEqual({ rows: 5, leftOut: 3 })
      expect(first!.training!.perplexity!.rows).toBe(rows)
      expect(first!.training!.perplexity!.nll).toBeGreaterThan(0)
      expect(first!.training!.embedding).toMatchObject({ rows: 8, requests: 1, tokens: 80, failure: null })
      expect(embeddings.requests).toBe(1)
      const replies = await operator.objects.getLines(first!.predictions, Prediction)
      expect(replies.map(({ id }) => id).toSorted()).toEqual(task.validation.map(({ id }) => id).toSorted())

      await ask('one', 'base')
      await until("the base's predictions", () => got.length === 3, patienceMs)
      const fits = await openStudentLength(planner)(got[2]!.tokenLimit)
      expect(got[2]!.tokensUncounted).toBeUndefined()
      // Its 512 tokens are bytes.
      expect(got[2]!.examplesLeftOut).toMatch(
        /^the \d+ worked examples and a question take \d+ tokens, .* the student's 512$/,
      )
      expect(first!.examplesLeftOut).toBeUndefined()
      expect(first!.studentModel).toMatchObject({ chat: { template_date: '2025-01-01' }, runtime: runtimeRevision })
      const fitting = await Promise.all(rowsOf(8).map(fits))
      expect(fitting).toEqual(rowsOf(8).map((_, index) => index % 3 !== 0))

      // A run has one student: one that was begun with other weights is not gone on with, and says why.
      await ask('one', 'attempt-2', `moved@${first!.studentModel.studentHash!.slice(0, 12)}`)
      await until("the same student's predictions", () => got.length === 4, patienceMs)
      await ask('one', 'attempt-3', 'other@0123456789ab')
      let refused: { reason: string } | undefined
      await until('the dead letter', async () => {
        refused = (await operator.dead.list())[0]
        return refused !== undefined
      })
      expect(refused!.reason).toMatch(/begun with the student other@0123456789ab, and this trainer-bridge has tiny@/)
      expect(got).toHaveLength(4)
    },
    patienceMs,
  )
})
