import { afterAll, beforeAll, expect, test } from 'vitest'
import { openLlmPolicy } from '../../../../agents/planner/llm/open.ts'
import { PlannerBudgetExhausted, type Situation } from '../../../../agents/planner/policy.ts'
import { type Bus, StoppingError, TerminalError } from '../../../../bus/mod.ts'
import { bundledTask } from '../../../../tasks/bundled-task.ts'
import { loadTask, publicView } from '../../../../tasks/load.ts'
import { memoryLog, type TestServer, withServer } from '../../../support/nats.ts'
import { competentModel } from '../../../support/planner-script.ts'
import { type ModelReply, openPlannerServer } from '../../../support/planner-server.ts'

let nats: TestServer
let bus: Bus
const environment = { ...process.env }
beforeAll(async () => {
  nats = await withServer()
  bus = await nats.open('planner')
})
afterAll(async () => {
  process.env = environment
  await nats[Symbol.asyncDispose]()
})

const task = publicView(await loadTask(bundledTask))
const skills = task.skills.map(({ name }) => name)
const competent = competentModel({ skills, weak: skills[0]!, kind: 'prompt' })
const unlimited = { tokens: Infinity, money: Infinity, plannerCalls: Infinity }
const tally = { strict: { correct: 1, total: 4 }, lenient: { correct: 2, total: 4 } }

const situation = (runId: string, left: Partial<Situation['left']> = {}): Situation => ({
  runId,
  prices: { scripted: { inputPerMillion: 1, outputPerMillion: 10 } },
  operation: 'draft',
  attempt: 1,
  rows: 60,
  seed: 1,
  task,
  base: { overall: tally, byPart: {}, bySkill: {}, truncated: 0 },
  history: [],
  best: null,
  sampleRows: [],
  sourceKinds: ['prompt'],
  meteredChecks: true,
  left: { attempts: 3, hours: 2, teacherCalls: 500, ...unlimited, ...left },
})

/** A planner process: its policy, and the signals that stand for its stop and its end. */
async function planner(
  instance: string,
  endpoint: { baseUrl: string; apiKey: string },
  setWaiting: (reason: string | null) => void = () => {},
) {
  process.env.OPENAI_API_KEY = 'of-another'
  process.env.PLANNERS_OWN_KEY = endpoint.apiKey
  const [end, stop] = [new AbortController(), new AbortController()]
  const policy = await openLlmPolicy('iterative', {
    bus,
    identity: { role: 'planner', variant: 'llm-iterative', instance },
    options: {
      model: 'scripted',
      baseUrl: endpoint.baseUrl,
      apiKeyEnv: 'PLANNERS_OWN_KEY',
      maxRetries: 2,
      maxCorrections: 1,
      maxTokens: 1000,
    },
    home: '',
    contaminationKey: null,
    log: memoryLog() as never,
    setWaiting,
    signal: AbortSignal.any([stop.signal, end.signal]),
  })
  return { end, stop, decide: (of: Situation) => policy.decide(of, end.signal) }
}

test('a planner that dies while it decides pays for the call in flight again, and for nothing before it', async () => {
  const reached = Promise.withResolvers<void>()
  let answer = (asked: Parameters<typeof competent>[0], call: number): ModelReply => {
    if (call < 2) return competent(asked)
    reached.resolve()
    return { hang: true }
  }
  await using server = await openPlannerServer((asked, call) => answer(asked, call))
  const first = await planner('one', server.endpoint)
  const dies = first.decide(situation('dies')).catch((error: unknown) => error)
  await reached.promise
  first.end.abort()
  await dies
  expect(server.asked).toHaveLength(2)

  answer = competent
  const plan = await (await planner('two', server.endpoint)).decide(situation('dies'))
  expect(server.asked).toHaveLength(3)
  // The program's call was sent twice; the plan came from the journal.
  expect(plan.spent).toMatchObject({ calls: 3 })
  const calls = Object.fromEntries(plan.spent!.lines!.map((line) => [line.stage, line.calls]))
  expect(calls).toEqual({ plan: 1, program: 1, unanswered: 1 })
  const { host } = new URL(server.endpoint.baseUrl)
  const hosts = plan.spent!.lines!.filter(({ stage }) => stage !== 'unanswered').map(({ endpoint }) => endpoint)
  expect(hosts).toEqual([host, host])
  expect(new Set(server.asked.map(({ authorization }) => authorization))).toEqual(new Set(['Bearer test-key']))

  const again = await (await planner('three', server.endpoint)).decide(situation('dies'))
  expect(server.asked).toHaveLength(3)
  expect(again.program).toEqual(plan.program)
})

test('a planner that is stopped while it decides has the reply in flight, and asks no more; the next one goes on from it', async () => {
  const [reached, answers] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  await using server = await openPlannerServer(async (asked, call) => {
    if (call === 1) reached.resolve()
    if (call === 1) await answers.promise
    return competent(asked)
  })
  const first = await planner('one', server.endpoint)
  const stops = first.decide(situation('stops')).catch((error: unknown) => error)
  await reached.promise
  first.stop.abort()
  answers.resolve()
  expect(await stops).toBeInstanceOf(StoppingError)
  expect(server.asked).toHaveLength(1)

  const plan = await (await planner('two', server.endpoint)).decide(situation('stops'))
  expect(server.asked).toHaveLength(2)
  const calls = Object.fromEntries(plan.spent!.lines!.map((line) => [line.stage, line.calls]))
  expect(calls).toEqual({ plan: 1, program: 1 })
})

test("every repetition of the client counts, and the planner's limit holds", async () => {
  await using server = await openPlannerServer(() => ({ status: 500, body: '{"error": {"message": "planted"}}' }))
  const one = await planner('one', server.endpoint)
  const broke = await one.decide(situation('limited', { plannerCalls: 2 })).catch((error: unknown) => error)
  expect(broke).toBeInstanceOf(PlannerBudgetExhausted)
  expect((broke as PlannerBudgetExhausted).plan.spent).toMatchObject({ calls: 2 })
  expect(server.asked).toHaveLength(2)
})

test('a model that fails is waited for where a person sees it', async () => {
  let isDown = true
  await using server = await openPlannerServer((asked) =>
    isDown ? { status: 503, body: JSON.stringify({ error: { message: 'we are\nbusy' } }) } : competent(asked),
  )
  const waiting: (string | null)[] = []
  const { decide } = await planner('one', server.endpoint, (reason) => waiting.push(reason))
  await expect(decide(situation('waits'))).rejects.toMatchObject({ name: 'ModelFailed', lasting: false })
  isDown = false
  await decide(situation('waits'))
  expect(waiting).toEqual([
    null,
    expect.stringMatching(/^the planner's model scripted: .*HTTP 503: .*we are.*busy/),
    null,
  ])
  const reported: unknown[] = []
  const reader = await nats.open('gateway')
  for await (const { payload } of reader.log({ runId: 'waits', follow: false, signal: AbortSignal.timeout(5000) }))
    reported.push(payload)
  expect(reported).toMatchObject([
    { phase: 'plan', detail: expect.stringMatching(/HTTP 503: .*busy.*; it is asked again/) },
  ])
})

test.each([
  [
    'a prompt that is too long',
    400,
    'maximum context length is 4096 tokens, and yours has 9000',
    /9000.* Lower agents\.planner\.options\.contextChars/,
  ],
  ['a model that is not there', 404, 'no such model', /scripted: HTTP 404: .*no such model/],
])('what no repetition fixes ends the decision at once: %s', async (_, status, message, printed) => {
  await using server = await openPlannerServer(() => ({ status, body: JSON.stringify({ error: { message } }) }))
  const { decide } = await planner('one', server.endpoint)
  const fault = await decide(situation(`lasts-${status}`)).catch((error: unknown) => error)
  expect(fault).toBeInstanceOf(TerminalError)
  expect((fault as Error).message).toMatch(printed)
  expect(server.asked).toHaveLength(1)
})

test('of a connection that fails it is told why', async () => {
  const waiting: (string | null)[] = []
  const nowhere = { baseUrl: 'http://127.0.0.1:9/v1', apiKey: 'k' }
  const { decide } = await planner('one', nowhere, (reason) => waiting.push(reason))
  await expect(decide(situation('nowhere'))).rejects.toThrow('ECONNREFUSED')
  expect(waiting.at(-1)).toMatch(/scripted: 3 tries, the last: no answer: connect ECONNREFUSED 127\.0\.0\.1:9/)
})

test('nothing is asked whose longest reply would not fit in the tokens or the money that are left', async () => {
  await using server = await openPlannerServer(competent)
  const { decide } = await planner('one', server.endpoint)
  await expect(decide(situation('few-tokens', { tokens: 1500 }))).rejects.toBeInstanceOf(PlannerBudgetExhausted)
  // 1000 tokens at 10 dollars a million are a cent.
  await expect(decide(situation('little-money', { money: 0.01 }))).rejects.toBeInstanceOf(PlannerBudgetExhausted)
  expect(server.asked).toHaveLength(0)
})
