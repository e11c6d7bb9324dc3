import { afterAll, describe, expect, test } from 'vitest'
import { blind } from '../../agents/planner/ablations/blind.ts'
import { repeated } from '../../agents/planner/ablations/repeat.ts'
import { shuffled } from '../../agents/planner/ablations/shuffled.ts'
import { llmPolicy } from '../../agents/planner/llm/graph.ts'
import { LlmPlannerOptions } from '../../agents/planner/llm/options.ts'
import type { Policy, Situation } from '../../agents/planner/policy.ts'
import { randomPolicy } from '../../agents/planner/random.ts'
import { rulesPolicy } from '../../agents/planner/rules/graph.ts'
import type { Attempt } from '../../agents/planner/state.ts'
import { Program } from '../../schemas/program.ts'
import type { ScoreSheet } from '../../schemas/score.ts'
import { type VariantOf, variantsOf } from '../../schemas/variants.ts'
import { bundledTask } from '../../tasks/bundled-task.ts'
import { loadTask, publicView } from '../../tasks/load.ts'
import { unjournalledChat } from '../support/planner-chat.ts'
import { attemptOf, refTo } from '../support/planner-fixtures.ts'
import { competentModel } from '../support/planner-script.ts'
import { openPlannerServer } from '../support/planner-server.ts'

const task = publicView(await loadTask(bundledTask))
/** The model of the variants that ask one, over real HTTP. */
const server = await openPlannerServer(
  competentModel({ skills: task.skills.map(({ name }) => name), weak: 'days-between', kind: 'procedure' }),
)
afterAll(() => server[Symbol.asyncDispose]())
const options = LlmPlannerOptions.parse({ model: 'scripted' })

/** `generate` follows a given program and has no policy. */
const policies = variantsOf.planner.filter((name) => name !== 'generate')
const iterative = llmPolicy('iterative', unjournalledChat(server.endpoint, options), options)
const variants: { [V in Exclude<VariantOf<'planner'>, 'generate'>]: Policy } = {
  rules: rulesPolicy,
  'llm-one-shot': llmPolicy('one-shot', unjournalledChat(server.endpoint, options), options),
  'llm-iterative': iterative,
  'llm-blind': blind(iterative),
  'llm-shuffled-feedback': shuffled(iterative),
  'llm-repeat': repeated(iterative),
  random: randomPolicy,
}
/** They are told no score, so none improves on one. */
const blindfolded: readonly string[] = ['llm-blind', 'llm-repeat', 'random']
const signal = new AbortController().signal

/** A sheet with one weak skill. */
function sheet(weak: string): ScoreSheet {
  const tally = (correct: number, total: number) => ({ strict: { correct, total }, lenient: { correct, total } })
  return {
    overall: tally(80, 120),
    byPart: { 'in-template': tally(50, 60), 'heldout-phrasing': tally(15, 30), 'heldout-range': tally(15, 30) },
    bySkill: Object.fromEntries(task.skills.map(({ name }) => [name, tally(name === weak ? 2 : 16, 20)])),
    truncated: 0,
  }
}

const unlimited = { tokens: Infinity, money: Infinity, plannerCalls: Infinity }
const situation = (more: Partial<Situation>): Situation => ({
  runId: 'test-run',
  prices: {},
  operation: 'draft',
  attempt: 1,
  rows: 300,
  seed: 1,
  task,
  base: sheet('none'),
  history: [],
  best: null,
  sampleRows: [],
  sourceKinds: ['procedure'],
  meteredChecks: false,
  left: { attempts: 3, hours: 12, teacherCalls: null, ...unlimited },
  ...more,
})

const rowsOf = (program: Program) =>
  program.sources.reduce((sum, { rows }) => sum + rows, 0) +
  Object.values(program.carryOver?.rows ?? {}).reduce((a, b) => a + b, 0)

async function scoredDraft(policy: Policy, weak: string): Promise<Attempt> {
  const { program } = await policy.decide(situation({}), signal)
  const bySource = Object.fromEntries(
    program.sources.map(({ id, rows }) => [id, { asked: rows, generated: rows, admitted: rows, rejected: {} }]),
  )
  return {
    ...attemptOf(program),
    bySource,
    rows: 300,
    dataset: refTo('rows'),
    outcome: 'scored',
    validation: sheet(weak),
  }
}

describe.each(policies)('planner %s', (name) => {
  const policy = variants[name]

  test('drafts a valid program with the rows wanted, and the same one again', async () => {
    const plan = await policy.decide(situation({}), signal)
    expect(Program.parse(plan.program)).toEqual(plan.program)
    expect(rowsOf(plan.program)).toBe(300)
    expect(plan.diagnosis).not.toBe('')
    if (plan.model === null) expect(await policy.decide(situation({}), signal)).toEqual(plan)
  })

  test.skipIf(blindfolded.includes(name))('improves with carried-over rows inside the number', async () => {
    const best = await scoredDraft(policy, 'days-between')
    const plan = await policy.decide(situation({ operation: 'improve', attempt: 2, best, history: [best] }), signal)
    expect(rowsOf(plan.program)).toBe(300)
    expect(plan.program.carryOver?.attempt).toBe(1)
    const total = (skill: string) =>
      (plan.program.sources.find((source) => source.skill === skill)?.rows ?? 0) +
      (plan.program.carryOver?.rows[skill] ?? 0)
    expect(total('days-between')).toBeGreaterThan(total('order-total'))
  })

  test.runIf(blindfolded.includes(name))('plans the same whatever was scored', async () => {
    const drafted = await scoredDraft(policy, 'days-between')
    const planned = (weak: string) => {
      const best = { ...drafted, validation: sheet(weak) }
      return policy.decide(situation({ attempt: 2, base: sheet(weak), best, history: [best] }), signal)
    }
    expect(policy.draftsOnly).toBe(true)
    const { diagnosis, program } = await planned('days-between')
    expect(await planned('order-total')).toMatchObject({ diagnosis, program })
    expect(rowsOf(program)).toBe(300)
    expect(program.carryOver).toBeNull()
  })

  test('repairs by keeping what was admitted', async () => {
    const draft = await scoredDraft(policy, 'none')
    const bySource = Object.fromEntries(
      Object.entries(draft.bySource).map(([id, counts]) => [id, { ...counts, admitted: Math.min(10, counts.asked) }]),
    )
    const rows = Object.values(bySource).reduce((sum, { admitted }) => sum + admitted, 0)
    const invalid: Attempt = { ...draft, bySource, rows, outcome: 'invalid', validation: null }
    const plan = await policy.decide(situation({ operation: 'repair', attempt: 2, history: [invalid] }), signal)
    expect(rowsOf(plan.program)).toBe(300)
    expect(Object.values(plan.program.carryOver?.rows ?? {}).reduce((a, b) => a + b, 0)).toBe(rows)
  })
})

test('planner rules prompts a teacher where the generator follows prompts, and improves on what it wrote', async () => {
  const given = { sourceKinds: ['prompt' as const] }
  const { program } = await rulesPolicy.decide(situation(given), signal)
  expect(new Set(program.sources.map(({ kind }) => kind))).toEqual(new Set(['prompt']))
  expect(rowsOf(program)).toBe(300)
  const bySource = Object.fromEntries(
    program.sources.map(({ id, rows }) => [id, { asked: rows, generated: rows, admitted: rows, rejected: {} }]),
  )
  const scored = { outcome: 'scored' as const, rows: 300, dataset: refTo('rows'), validation: sheet('days-between') }
  const best: Attempt = { ...attemptOf(program), ...scored, bySource }
  const next = await rulesPolicy.decide(
    situation({ ...given, operation: 'improve', attempt: 2, best, history: [best] }),
    signal,
  )
  expect(Program.parse(next.program)).toEqual(next.program)
  expect(next.program.sources).not.toEqual(program.sources)
  expect(rowsOf(next.program)).toBe(300)
})
