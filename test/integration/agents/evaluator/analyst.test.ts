import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { evaluator } from '../../../../agents/evaluator/agent.ts'
import type { PayloadOf } from '../../../../schemas/message.ts'
import { Predictions, type Report } from '../../../../schemas/messages/evaluation.ts'
import type { StudentModel } from '../../../../schemas/training.ts'
import { bundledTask } from '../../../../tasks/bundled-task.ts'
import { loadTask, publicView } from '../../../../tasks/load.ts'
import { memoryLog, until, withServer } from '../../../support/nats.ts'
import { configOf } from '../../../support/planner-fixtures.ts'
import { plannerHandlers } from '../../../support/planner-handlers.ts'

const variant = 'scorer-and-analyst'
const { variants } = configOf()
const task = await loadTask(bundledTask)
const studentModel: StudentModel = {
  name: 'attempt-1',
  arm: 'submission',
  seedIndex: 1,
  student: 'student',
  jobHash: null,
  adapter: null,
  examples: false,
}
/** A student model that gets every question wrong that is longer than the middle one. */
const lengths = task.validation.map(({ input }) => input.length).toSorted((a, b) => a - b)
const middle = lengths[Math.floor(lengths.length / 2)]!
const replies = task.validation.map(({ id, input, answer }) => ({
  id,
  text: input.length > middle ? 'no idea' : `\\boxed{${answer}}`,
  finish: 'stop',
  tokens: 3,
}))

const hypotheses = [
  { statement: 'The question is long.', test: `({ input }) => input.length > ${middle}` },
  { statement: 'The question has a digit.', test: '({ input }) => /[0-9]/.test(input)' },
]

/** An endpoint whose model names these hypotheses, or refuses everything; gives what it was asked. */
async function startModel(status = 200) {
  const asked: string[] = []
  const server = createServer(async (request, response) => {
    const body = (await request.toArray()).join('')
    if (request.method === 'POST') asked.push(body)
    const content = JSON.stringify({ hypotheses })
    const answer = {
      choices: [{ message: { content }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 900, completion_tokens: 80 },
    }
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(JSON.stringify(status === 200 ? answer : { error: { message: 'Invalid key' } }))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, asked }
}

/** The reports of an evaluator whose planner allows it so many calls; each prediction is published under an id of its own. */
async function reportsOf(
  url: string,
  predictions: readonly { id: string; analysisCalls?: number; halves?: boolean }[],
) {
  const stop = new AbortController()
  const server = await withServer()
  onTestFinished(async () => {
    stop.abort()
    await server[Symbol.asyncDispose]()
  })
  const [operator, bridge, planner] = await Promise.all(
    (['operator', 'trainer-bridge', 'planner'] as const).map((role) => server.open(role)),
  )
  const bus = await server.open('evaluator', variant)
  const { handlers } = await evaluator.variants[variant]({
    bus,
    identity: { role: 'evaluator', variant, instance: 'evaluator-1' },
    options: { model: 'analyst', baseUrl: url, apiKeyEnv: null },
    home: server.storeDir,
    contaminationKey: Buffer.alloc(32, 7),
    log: memoryLog() as never,
    setWaiting: () => {},
    signal: stop.signal,
  })
  bus.work(handlers, { role: 'evaluator', variant, slots: 1, signal: stop.signal })
  const reports: PayloadOf<typeof Report>[] = []
  planner!.work(plannerHandlers({ report: async (report) => void reports.push(report) }), {
    role: 'planner',
    variant: variants.planner,
    slots: 1,
    signal: stop.signal,
  })
  const publicTask = await operator!.objects.putJson('LAB', 'task/public', publicView(task))
  const sealedTask = await operator!.objects.putJson('VAULT', 'task/sealed', task)
  const object = await bridge!.objects.putLines('LAB', 'one/predictions', replies)
  for (const [index, { id, analysisCalls, halves = false }] of predictions.entries()) {
    await bridge!.publish(
      Predictions,
      { runId: 'one', variant, id },
      {
        studentModel: { ...studentModel, name: id },
        predictions: object,
        training: null,
        reusedTraining: false,
        publicTask,
        sealedTask,
        variants,
        guidance: { ladder: 'off', halves, ...(analysisCalls !== undefined && { analysisCalls }) },
      },
    )
    await until('its report', () => reports.length === index + 1)
  }
  expect(await operator!.dead.list()).toEqual([])
  return reports
}

test('the causes that hold go to the planner with their counts; what was paid is reported, and sealed items are never shown', async () => {
  const { url, asked } = await startModel()
  const [first, plain, none, halves] = await reportsOf(url, [
    { id: 'attempt-1', analysisCalls: 5 },
    { id: 'attempt-2' },
    { id: 'attempt-3', analysisCalls: 0 },
    { id: 'attempt-4', analysisCalls: 5, halves: true },
  ])
  expect(first!.causes).toMatchObject([{ ...hypotheses[0], without: { wrong: 0 } }])
  const { with: having, without } = first!.causes![0]!
  expect(having.wrong).toBe(having.total)
  expect(having.total + without.total).toBe(task.validation.length - first!.analysis!.shown.all!.length)
  expect(first!.analysis).toMatchObject({ hypotheses: 2, spent: { calls: 1, inputTokens: 900, outputTokens: 80 } })
  expect(first!.analysis!.spent.lines).toMatchObject([{ role: 'evaluator', model: 'analyst', stage: 'analyse' }])
  expect([plain!.causes, plain!.analysis]).toEqual([undefined, undefined])
  expect(none).toMatchObject({ causes: [], analysis: { fault: 'no call of the analyst is left', spent: { calls: 0 } } })
  expect(halves!.halves).toMatchObject({ a: { causes: [hypotheses[0]] }, b: { causes: [hypotheses[0]] } })
  expect(asked).toHaveLength(3)
  for (const { input } of task.test) expect(asked.join('\n')).not.toContain(JSON.stringify(input).slice(1, -1))
})

test('an endpoint that refuses leaves the report without causes, and says why', async () => {
  const { url, asked } = await startModel(401)
  const [report] = await reportsOf(url, [{ id: 'attempt-1', analysisCalls: 5 }])
  expect(report).toMatchObject({ causes: [], analysis: { fault: expect.stringContaining('Invalid key') } })
  expect(asked.length).toBeLessThanOrEqual(2)
})
