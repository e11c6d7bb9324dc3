import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { EvaluatorOptions } from '../../../agents/evaluator/options.ts'
import { limitsOf } from '../../../launcher/topology/limits.ts'
import { withPaperNames } from '../../../launcher/topology/paper-names.ts'
import { Topology } from '../../../schemas/topology.ts'
import { BridgeOptions } from '../../../trainer-bridge/options.ts'

const llm = fileURLToPath(new URL('../../../deploy/topologies/llm.yaml', import.meta.url))
const written = parse(await readFile(llm, 'utf8'))

function shown(changes: object, env: Record<string, string> = {}) {
  const printed = { ...written, ...changes }
  const limits = limitsOf(withPaperNames(Topology.parse(printed), env), printed, env)
  return new Map(limits.map(({ path, ...limit }) => [path, limit]))
}

test('each limit is shown once with its value, its default and who said it', () => {
  const limits = shown({ storage: { logMaxAgeDays: 7 } }, { TOTAL_API_LIMIT: '900', MAX_GENERATION_ATTEMPTS: '2' })
  expect(limits.get('run.teacherCalls')).toEqual({ value: 900, default: null, source: 'TOTAL_API_LIMIT' })
  // The name of one-shot planners says nothing of this one.
  expect(limits.get('run.attempts')).toEqual({ value: 3, default: 3, source: 'topology' })
  expect(limits.get('storage.logMaxAgeDays')).toEqual({ value: 7, default: 90, source: 'topology' })
  expect(limits.get('run.maxHours')).toEqual({ value: 12, default: 12, source: 'default' })
  expect(limits.get('delivery.shard.maxDeliver')).toEqual({ value: 8, default: 8, source: 'default' })
})

test('what may be left out is shown too: nothing that a topology may say is missing', () => {
  const limits = shown({})
  const none = { value: null, default: null, source: 'default' }
  for (const path of ['run.rows', 'run.roundCandidates', 'run.money']) {
    expect(limits.get(path), path).toEqual(none)
  }
  for (const path of [
    'prices',
    'run.modelCalls',
    'run.evidence.ladder',
    'localTeacher.silenceMs',
    'gateway.maxBacklog',
  ])
    expect(limits.has(path), path).toBe(true)
})

type Field = { properties?: Record<string, Field>; description?: string; readOnly?: boolean }

/** Everything that may be written in a document that is no section of others, with its description. */
function leaves(field: Field, path: string): [string, string | undefined][] {
  // What is read-only nobody writes.
  const inner = Object.entries(field.properties ?? {}).filter(([, one]) => !one.readOnly)
  return inner.length === 0
    ? [[path, field.description]]
    : inner.flatMap(([name, one]) => leaves(one, path ? `${path}.${name}` : name))
}

test.each([
  ['', Topology],
  ['agents.trainer-bridge.options', BridgeOptions],
  ['agents.evaluator.options', EvaluatorOptions],
] as const)('every limit of "%s" says what it bounds, and is shown', (prefix, schema) => {
  const limits = shown({})
  const all = leaves(z.toJSONSchema(schema, { io: 'input' }) as Field, prefix)
  expect(all.length).toBeGreaterThan(1)
  expect(all.filter(([, description]) => !description)).toEqual([])
  // Options and delivery policies are shown one by one, under these paths.
  const missing = all.filter(
    ([path]) => ![...limits.keys()].some((each) => each === path || each.startsWith(`${path}.`)),
  )
  expect(missing).toEqual([])
})

test('options of every agent are shown, the patience with a teacher as agents have it', () => {
  const limits = shown({ teacher: { maxTries: 2 }, delivery: { shard: { ackWaitMs: 5000 } } })
  expect(limits.get('agents.generator.options.maxTries')).toEqual({ value: 2, default: 6, source: 'topology' })
  expect(limits.get('agents.critic.options.maxTimeoutMs')).toEqual({
    value: 120_000,
    default: 120_000,
    source: 'default',
  })
  for (const [path, value] of Object.entries({
    'generator.options.maxRevisions': 2,
    'generator.options.breakerRequests': 40,
    'generator.options.reserveCalls': 16,
    'critic.options.judgeTries': 2,
    'critic.options.solutionTokens': 1024,
    'critic.options.firstAloneMs': 2000,
    'planner.options.maxCorrections': 3,
    'planner.options.shown.faults': 12,
    'planner.options.kept.wrote': 20_000,
  }))
    expect(limits.get(`agents.${path}`)?.value, path).toBe(value)
  expect(limits.get('agents.generator.options.sandbox.timeoutMs')?.value).toBe(2000)
  expect(limits.get('agents.evaluator.options.badCasesPerSkill')?.value).toBe(4)
  expect(limits.get('agents.trainer-bridge.options.progressEveryMs')?.value).toBe(2000)
  expect(limits.get('delivery.shard.ackWaitMs')).toEqual({ value: 5000, default: 30_000, source: 'topology' })
})
