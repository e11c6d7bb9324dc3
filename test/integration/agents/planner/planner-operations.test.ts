import { afterAll, beforeAll, expect, test } from 'vitest'
import { hostAgent } from '../../../../agents/kit/host.ts'
import { createLog } from '../../../../agents/kit/log.ts'
import { planner } from '../../../../agents/planner/agent.ts'
import type { PlannerArm } from '../../../../evidence/report/comparison/plan.ts'
import { analyse, collect, defaultResampling, type LogEntry, reportMarkdown } from '../../../../evidence/report/mod.ts'
import { topologyOfArm } from '../../../../experiments/compare/comparison.ts'
import { submitRun } from '../../../../experiments/run/submit-run.ts'
import { readTopology } from '../../../../launcher/topology/topology-file.ts'
import { withModel } from '../../../../launcher/topology/with-model.ts'
import { BusLimits } from '../../../../schemas/bus-limits.ts'
import type { PayloadOf } from '../../../../schemas/message.ts'
import { Decision, RunFinished } from '../../../../schemas/messages/run.ts'
import { Evidence } from '../../../../schemas/run.ts'
import type { BadCase } from '../../../../schemas/score.ts'
import type { Topology } from '../../../../schemas/topology.ts'
import { bundledTask } from '../../../../tasks/bundled-task.ts'
import { loadTask, publicView } from '../../../../tasks/load.ts'
import { type TestServer, withServer } from '../../../support/nats.ts'
import { openCast } from '../../../support/planner-cast.ts'
import { competentModel } from '../../../support/planner-script.ts'
import { type Asked, type ModelReply, openPlannerServer } from '../../../support/planner-server.ts'
import { openQueues } from '../../../support/queues.ts'

/** The real planner on a real bus, asking a real HTTP server; the graph of operations is read from the run's log. */

const task = await loadTask(bundledTask)
const topology = withModel(
  await readTopology(new URL('../../../../deploy/topologies/llm.yaml', import.meta.url).pathname),
  'scripted',
)
const skills = task.skills.map(({ name }) => name)
const competent = competentModel({ skills, weak: skills[0]!, kind: 'prompt' })
const isPlan = ({ messages }: Asked) => messages.length <= 2
const badCase: BadCase = {
  id: 'v-7',
  skill: skills[0]!,
  part: 'in-template',
  input: 'How much are three crates?',
  expected: '7.00',
  reply: 'It is 8.00.',
  reason: 'wrong',
}

let nats: TestServer
beforeAll(async () => {
  nats = await withServer()
})
afterAll(() => nats[Symbol.asyncDispose]())

/**
 * What each attempt meets: the model writes no program, one that is cut off or one that does not hold, its rows are too few, or the right
 * answers of 30 that its student gives.
 */
type Fate = 'raises' | 'truncated' | 'unsound' | 'short' | number

const written: Partial<Record<Fate, (attempt: number) => ModelReply>> = {
  raises: (attempt) => `No program today, attempt ${attempt}.`,
  truncated: () => ({ truncated: '{"version": 1, "sources": [{"id": "' }),
  unsound: () => '{"version": 1, "sources": []}',
}

async function play(fates: Fate[], arm: PlannerArm = 'llm-iterative', limits: Partial<Topology['run']> = {}) {
  const planned = topologyOfArm(topology, arm)
  const own = { ...planned, run: { ...planned.run, ...limits } }
  let attempt = 0
  await using server = await openPlannerServer((asked) => {
    if (isPlan(asked)) attempt += 1
    return (isPlan(asked) ? undefined : written[fates[attempt - 1]!]?.(attempt)) ?? competent(asked)
  })
  process.env.OPENAI_BASE_URL = server.endpoint.baseUrl
  const end = new AbortController()
  const queues = await openQueues(nats, own)
  const fateOf = (studentModel: string) => fates[Number(/^attempt-(\d+)$/.exec(studentModel)?.[1]) - 1]
  await openCast(
    nats,
    queues,
    {
      yieldOf: (of) => (fates[of - 1] === 'short' ? 0.2 : 1),
      scoreOf: (studentModel) => Number(fateOf(studentModel) ?? 3),
      badCases: [badCase],
    },
    end.signal,
  )
  const launch = {
    role: 'planner' as const,
    variant: arm,
    instance: 'planner-1',
    queue: queues.planner,
    slots: 1,
    options: { model: 'scripted', maxCorrections: 0 },
    credentials: nats.credentials.planner,
    servers: nats.url,
    sealed: true,
    contaminationKey: null,
    home: nats.storeDir,
    delivery: {},
    environment: {},
    drainMs: 1000,
    graceMs: 1000,
    bus: BusLimits.parse({}),
  }
  const hosted = hostAgent(planner, launch, createLog({ role: 'planner' }, { level: 'silent' }), end.signal)
  const operator = await nats.open('operator')
  const runId = await submitRun(operator, task, own, {
    runId: `played-${arm}-${fates.length}-${Object.keys(limits).length}`,
    seed: 1,
    attempts: fates.length,
    rows: 60,
    evidence: Evidence.parse({ arms: [] }),
  })
  const decisions: PayloadOf<typeof Decision>[] = []
  const reported: string[] = []
  const entries: LogEntry[] = []
  for await (const entry of operator.log({ runId, follow: true, signal: AbortSignal.timeout(40_000) })) {
    entries.push(entry)
    reported.push(`${entry.name} ${JSON.stringify(entry.payload).slice(0, 300)}`)
    if (entry.name === Decision.name) decisions.push(Decision.schema.parse(entry.payload))
    if (entry.name !== RunFinished.name) continue
    end.abort()
    await hosted
    const options = { ...defaultResampling, task: publicView(task), versions: {}, rows: new Map() }
    const report = analyse(collect(entries), options)
    return { decisions, finished: RunFinished.schema.parse(entry.payload), asked: server.asked, report }
  }
  throw new Error(`the run did not finish:\n${reported.slice(-5).join('\n')}`)
}

const operations = (decisions: { attempt: number; operation: string }[]) =>
  decisions.filter(({ attempt }) => attempt > 0).map(({ operation }) => operation)

test('Draft, Debug after a program that does not parse, Repair after an invalid yield, Draft after three in a row, Improve after a score', async () => {
  const { decisions, finished, asked, report } = await play([
    ...(['raises', 'raises', 'raises', 'raises'] as const),
    ...(['short', 'short', 'short', 'short'] as const),
    10,
    15,
    12,
    'raises',
    'short',
    14,
  ])
  expect(operations(decisions)).toEqual([
    'draft',
    ...['debug', 'debug', 'debug'],
    'draft',
    ...['repair', 'repair', 'repair'],
    'draft',
    ...['improve', 'improve', 'improve'],
    ...['debug', 'repair'],
  ])
  expect(finished).toMatchObject({ stopReason: 'attempts-used', chosenAttempt: 10, attempts: 14, validAttempts: 4 })

  // Every decision says its model and its prompts; one without a program says why.
  for (const { attempt, model, promptHashes, spent } of decisions.filter((each) => each.attempt > 0)) {
    expect({ attempt, model }).toEqual({ attempt, model: 'scripted' })
    expect(Object.keys(promptHashes!)).toContain('plan.md')
    expect(spent?.calls).toBe(2)
  }
  const raised = decisions.filter(({ program }) => program === null)
  expect(raised.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4, 12])
  for (const { error } of raised) expect(error).toContain('no JSON object')

  // What the model is shown follows from what went before.
  const shown = asked.filter(isPlan).map(({ messages }) => messages.at(-1)!.content)
  expect(shown).toHaveLength(14)
  expect(shown[1]).toContain('No program today, attempt 1.')
  expect(shown[5]).toMatch(/Attempt 5 \(draft\): invalid, \d+ rows.*wrong-answer \d+/s)
  expect(shown[9]).toMatch(/The best so far is attempt 9\..*@v-7/s)
  expect(shown[11]).toMatch(/The best so far is attempt 10\./)

  // Of 14 attempts each of the ten that gave no valid dataset has one cause, and four were valid.
  expect(report.failures.attempts).toEqual({ extraction: 5, 'insufficient-rows': 5 })
  expect(report.mats).toEqual({ attempts: 14, validAttempts: 4, value: 14 / 4 })
})

test('the paper’s categories of failures: each attempt that gave nothing has its own', async () => {
  const { report } = await play(['truncated', 'unsound', 'raises', 'short', 12])
  const failed = { truncated: 1, 'runtime-error': 1, extraction: 1, 'insufficient-rows': 1 }
  expect(report.failures.attempts).toEqual(failed)
  expect(report.mats).toEqual({ attempts: 5, validAttempts: 1, value: 5 })
  const page = reportMarkdown(report)
  for (const name of ['truncated', 'runtime error', 'extraction', 'insufficient valid rows'])
    expect(page).toContain(`| ${name} | 1 | 0 |`)
  expect(page).toContain('5.00 (5 attempts, 1 valid)')

  const late = await play(['short', 12], 'llm-iterative', { attemptHours: 1e-9 })
  expect(late.report.failures.attempts).toEqual({ 'time-out': 1 })
  const poor = await play([12, 10, 14], 'llm-iterative', { plannerCalls: 3, tokens: null })
  expect(poor.report.failures.attempts).toEqual({ other: 1 })
  expect(poor.report.mats).toEqual({ attempts: 2, validAttempts: 1, value: 2 })
})

test('three fixes in a row lead to a new Draft, also when there is a best dataset already', async () => {
  const { decisions, finished } = await play([20, 'raises', 'raises', 'short', 'raises', 25])
  expect(operations(decisions)).toEqual(['draft', 'improve', 'debug', 'debug', 'repair', 'draft'])
  expect(finished).toMatchObject({ chosenAttempt: 6, validAttempts: 2 })
})

test('blindfolded, every program is a draft and nothing measured is told; repeated, one program is asked for', async () => {
  const blind = await play([10, 20, 15], 'llm-blind')
  expect(operations(blind.decisions)).toEqual(['draft', 'draft', 'draft'])
  expect(blind.finished).toMatchObject({ chosenAttempt: 2, validAttempts: 3 })
  const reported = blind.asked.flatMap(({ messages }) => messages.map(({ content }) => content)).join('\n')
  for (const known of ['@v-7', '/30', 'best so far', 'Attempt 1']) expect(reported).not.toContain(known)

  const repeated = await play(['raises', 10, 15, 20], 'llm-repeat')
  expect(operations(repeated.decisions)).toEqual(['draft', 'debug', 'draft', 'draft'])
  const [, first, ...again] = repeated.decisions
  for (const { programHash, spent } of again) {
    expect(programHash).toBe(first!.programHash)
    expect(spent).toBeUndefined()
  }
  expect(repeated.finished.chosenAttempt).toBe(4)
})

test('with shuffled feedback the model is told scores and cases, of no attempt and no weakness in particular', async () => {
  const { decisions, finished, asked } = await play([10, 20, 15, 12], 'llm-shuffled-feedback')
  expect(operations(decisions)).toEqual(['draft', 'improve', 'improve', 'improve'])
  expect(finished).toMatchObject({ chosenAttempt: 2 })
  const last = asked.filter(isPlan).at(-1)!.messages.at(-1)!.content
  expect(last).toMatch(/Score: overall \d+\/30/)
  expect(last).toContain('Failed validation cases of the best')
  expect(last).not.toContain('@v-7')
})
