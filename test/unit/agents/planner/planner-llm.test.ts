import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { describeCases, describeSituation } from '../../../../agents/planner/llm/context.ts'
import { llmPolicy } from '../../../../agents/planner/llm/graph.ts'
import { isLasting } from '../../../../agents/planner/llm/model.ts'
import { LlmPlannerOptions } from '../../../../agents/planner/llm/options.ts'
import { promptHashes } from '../../../../agents/planner/llm/prompts.ts'
import { ProgramFault, type Situation } from '../../../../agents/planner/policy.ts'
import { uniformPromptProgram } from '../../../../agents/planner/program/uniform-prompt.ts'
import { sha256 } from '../../../../schemas/hash.ts'
import { Program } from '../../../../schemas/program.ts'
import type { BadCase, ScoreSheet } from '../../../../schemas/score.ts'
import { bundledTask } from '../../../../tasks/bundled-task.ts'
import { loadTask, publicView } from '../../../../tasks/load.ts'
import { unjournalledChat } from '../../../support/planner-chat.ts'
import { attemptOf } from '../../../support/planner-fixtures.ts'
import { competentModel } from '../../../support/planner-script.ts'
import { openPlannerServer } from '../../../support/planner-server.ts'

const task = publicView(await loadTask(bundledTask))
const skills = task.skills.map(({ name }) => name)
const signal = new AbortController().signal
const tally = { strict: { correct: 1, total: 4 }, lenient: { correct: 2, total: 4 } }
const sheet: ScoreSheet = { overall: tally, byPart: {}, bySkill: {}, truncated: 0 }

const unlimited = { tokens: Infinity, money: Infinity, plannerCalls: Infinity }
const situation = (more: Partial<Situation> = {}): Situation => ({
  runId: 'test-run',
  prices: {},
  operation: 'draft',
  attempt: 1,
  rows: 60,
  seed: 1,
  task,
  base: sheet,
  history: [],
  best: null,
  sampleRows: [],
  sourceKinds: ['prompt'],
  meteredChecks: true,
  left: { attempts: 3, hours: 2, teacherCalls: 500, ...unlimited },
  ...more,
})
const options = LlmPlannerOptions.parse({ model: 'scripted', maxRetries: 0, maxCorrections: 2 })
const competent = competentModel({ skills, weak: skills[0]!, kind: 'prompt' })

const badCase = (id: string, skill: string, input = `question ${id}`): BadCase => ({
  id,
  skill,
  part: 'in-template',
  input,
  expected: '7',
  reply: 'It is 8.',
  reason: 'wrong',
})

describe('faults of a program', () => {
  test('go back to the model with their places, and the corrected program is taken', async () => {
    await using server = await openPlannerServer((asked, call) => {
      if (call === 3) return competent(server.asked[1]!)
      if (call === 1) return competent(asked)
      const program = JSON.parse(competent(asked) as string)
      program.sources[1].template = 'About {{thing}} in {{place}}.'
      return `Here it is: ${JSON.stringify(program)}`
    })
    const policy = llmPolicy('iterative', unjournalledChat(server.endpoint, options), options)
    const plan = await policy.decide(situation(), signal)
    expect(server.asked[2]!.messages.at(-1)!.content).toContain('sources[1].template: {{thing}} has no parameter')
    expect(plan.program.sources.length).toBe(skills.length)
    expect(plan.spent).toMatchObject({ calls: 3 })
  })

  test.each([0, 2, 10])(
    'that are not fixed in time raise with what was written, and cost no more than the %i corrections allowed',
    async (maxCorrections) => {
      const allowed = { ...options, maxCorrections, kept: { ...options.kept, wrote: 'Sorry, no program'.length } }
      await using server = await openPlannerServer((asked) =>
        asked.messages.length <= 2 ? competent(asked) : 'Sorry, no program today.',
      )
      const policy = llmPolicy('iterative', unjournalledChat(server.endpoint, allowed), allowed)
      const fault = await policy.decide(situation(), signal).catch((error: unknown) => error)
      expect(fault).toBeInstanceOf(ProgramFault)
      const { message, plan } = fault as ProgramFault
      expect(message).toContain('no JSON object')
      expect(plan).toMatchObject({ wrote: 'Sorry, no program', model: 'scripted' })
      expect(plan.spent).toMatchObject({ calls: 2 + maxCorrections })
    },
  )

  test.each([
    ['{"version": 1, "sources": ['],
    ['{"version": 1, "sources": [{"id": "a", "kind": "prompt", "rows": 60}, {"id": "b", '],
  ])('a reply cut off at its token limit is told to be shorter, whatever parts of it parse: %s', async (truncate) => {
    await using server = await openPlannerServer((asked, call) =>
      call === 2 ? { truncated: truncate } : competent(call === 3 ? server.asked[1]! : asked),
    )
    const policy = llmPolicy('iterative', unjournalledChat(server.endpoint, options), options)
    const plan = await policy.decide(situation(), signal)
    expect(server.asked[2]!.messages.at(-1)!.content).toContain('write a shorter program')
    expect(plan.program.sources.reduce((sum, { rows }) => sum + rows, 0)).toBe(60)
  })

  test.each([
    ['another one stands before it', (text: string) => `At first: ${text} Better: ${text.slice(0, 200)}`, 3],
    ['nothing but blanks was cut off', (text: string) => `${text}\n\n\n`, 2],
  ])('a reply cut off at its token limit where %s', async (_, written, calls) => {
    await using server = await openPlannerServer((asked, call) => {
      const printed = competent(call === 3 ? server.asked[1]! : asked) as string
      return call === 2 ? { truncated: written(printed) } : printed
    })
    await llmPolicy('iterative', unjournalledChat(server.endpoint, options), options).decide(situation(), signal)
    expect(server.asked).toHaveLength(calls)
  })

  test('that say much are cut before they are kept or shown again: a plan, and a reply without end', async () => {
    const long = 'very '.repeat(300_000)
    await using server = await openPlannerServer((_, call) =>
      call <= 2 ? JSON.stringify({ diagnosis: long, plan: long }) : call === 3 ? long : competent(server.asked[2]!),
    )
    const policy = llmPolicy('iterative', unjournalledChat(server.endpoint, options), options)
    const plan = await policy.decide(situation(), signal)
    expect(plan.diagnosis.length).toBeLessThanOrEqual(options.kept.plan)
    const shown = server.asked[3]!.messages.filter(({ role }) => role === 'assistant')
    for (const { content } of shown) expect(content.length).toBeLessThanOrEqual(options.shown.reply)
    expect(server.asked[3]!.messages.at(-1)!.content).toContain('cut off')
  })

  test('with characters of two places are cut between them, and half ones that were sent are replaced', async () => {
    const sample = { id: 'a1.r1.a.0.0', skill: 'a', source: 'a', instruction: 'Solve.', origin: { generator: 'llm' } }
    const ducks = '\u{1f986}'.repeat(9000)
    await using server = await openPlannerServer((asked, call) =>
      call === 1 ? `half a \ud83d ${ducks}` : call < 4 ? `${'x'.repeat(call)}${ducks}` : competent(asked),
    )
    const policy = llmPolicy('iterative', unjournalledChat(server.endpoint, options), options)
    const plan = await policy.decide(
      situation({ sampleRows: [{ ...sample, input: ducks, output: `x${ducks}` }] }),
      signal,
    )
    expect(plan.diagnosis).toMatch(/^half a \ufffd \u{1f986}/u)
    for (const { messages } of server.asked)
      for (const { content } of messages) expect(content.isWellFormed()).toBe(true)
  })

  test('an answer that does not end is given up at its limit of bytes', async () => {
    const few = { ...options, maxReplyBytes: 10_000 }
    await using server = await openPlannerServer(() => 'x'.repeat(20_000))
    const policy = llmPolicy('iterative', unjournalledChat(server.endpoint, few), few)
    await expect(policy.decide(situation(), signal)).rejects.toMatchObject({
      message: 'no answer: the answer is longer than 10000 bytes',
      lasting: false,
    })
  })
})

describe('a plan that is cut off', () => {
  const cutPlan = { truncated: '{"diagnosis": "All is weak, and for reasons that take' }

  test('is asked for once more, shorter, and the second is the plan', async () => {
    await using server = await openPlannerServer((asked, call) =>
      call === 1 ? cutPlan : competent(call === 2 ? server.asked[0]! : asked),
    )
    const policy = llmPolicy('iterative', unjournalledChat(server.endpoint, options), options)
    const plan = await policy.decide(situation(), signal)
    expect(server.asked[1]!.messages.at(-1)!.content).toContain(`cut off at its limit of ${options.maxTokens} tokens`)
    expect(plan.diagnosis).toBe(`${skills[0]} is weak. Plan: More rows of ${skills[0]}.`)
    expect(plan.spent).toMatchObject({ calls: 3 })
    expect(server.asked[2]!.messages).toHaveLength(4)
  })

  test('twice is said to be so', async () => {
    await using server = await openPlannerServer((asked, call) => (call <= 2 ? cutPlan : competent(asked)))
    const policy = llmPolicy('iterative', unjournalledChat(server.endpoint, options), options)
    const plan = await policy.decide(situation(), signal)
    expect(plan.diagnosis).toMatch(/^\(Cut off at 8192 tokens, agents\.planner\.options\.maxTokens\.\) \{"diagnosis"/)
    expect(server.asked).toHaveLength(3)
  })
})

test('rows that do not add up are set right in proportion and noted', async () => {
  await using server = await openPlannerServer((asked) =>
    (competent(asked) as string).replaceAll(/"rows":(\d+)/g, (_, rows) => `"rows":${Number(rows) * 3}`),
  )
  const plan = await llmPolicy('iterative', unjournalledChat(server.endpoint, options), options).decide(
    situation(),
    signal,
  )
  expect(plan.program.sources.reduce((sum, { rows }) => sum + rows, 0)).toBe(60)
  expect(plan.diagnosis).toContain('were set to 60 in proportion')
})

test.each([
  ['json_schema', ['json_schema']],
  ['json_object', ['json_schema', 'json_object']],
  ['text', ['json_schema', 'json_object', 'text']],
])('an endpoint that takes %s at most is asked for it, once found, at once', async (strictest, tried) => {
  const refused = tried.slice(0, -1)
  await using server = await openPlannerServer((asked) =>
    refused.includes(asked.format)
      ? { status: 400, body: JSON.stringify({ error: { message: `${asked.format} is not supported` } }) }
      : competent(asked),
  )
  const policy = llmPolicy('iterative', unjournalledChat(server.endpoint, options), options)
  await policy.decide(situation(), signal)
  await policy.decide(situation(), signal)
  expect(server.asked.map(({ format }) => format)).toEqual(['text', ...tried, 'text', strictest])
})

test('a field that the endpoint refuses costs the planner one call, and every request is paid', async () => {
  const refusal = (field: string) => ({
    status: 400,
    body: JSON.stringify({ error: { message: `Unsupported parameter: '${field}' is not supported with this model.` } }),
  })
  await using server = await openPlannerServer((asked) =>
    'max_tokens' in asked.body
      ? refusal('max_tokens')
      : 'temperature' in asked.body
        ? refusal('temperature')
        : competent(asked),
  )
  let paid = 0
  const callBudget = { take: async () => ++paid > 0 }
  const policy = llmPolicy('iterative', unjournalledChat(server.endpoint, options, callBudget), options)
  await policy.decide(situation(), signal)
  const plan = await policy.decide(situation(), signal)
  expect(server.asked).toHaveLength(2 + 4)
  expect(paid).toBe(2 + 4)
  expect(plan.spent?.calls).toBe(2)
  expect(server.asked.at(-1)!.body).toMatchObject({ max_completion_tokens: options.maxTokens })
})

test.each([
  ['a key that is refused', { code: 401 }, true],
  ['a rate limit', { code: 'rate_limit_exceeded' }, false],
  ['something without a name', {}, false],
])('an error that comes to the planner as a success is the error that it names: %s', async (_, error, lasting) => {
  const body = JSON.stringify({ error: { message: 'planted', ...error } })
  await using server = await openPlannerServer(() => ({ status: 200, body }))
  const policy = llmPolicy('iterative', unjournalledChat(server.endpoint, options), options)
  const fault = await policy.decide(situation(), signal).catch((reason: unknown) => reason)
  expect(String(fault)).toContain('planted')
  expect(isLasting(fault)).toBe(lasting)
  expect(server.asked).toHaveLength(1)
})

test('an API of the planner that has moved is told with its new address, and not followed', async () => {
  await using elsewhere = await openPlannerServer(competent)
  const location = `${elsewhere.endpoint.baseUrl}/chat/completions`
  await using server = await openPlannerServer(() => ({ status: 307, body: '', headers: { location } }))
  const policy = llmPolicy('iterative', unjournalledChat(server.endpoint, options), options)
  const fault = await policy.decide(situation(), signal).catch((reason: unknown) => reason)
  expect(String(fault)).toContain(`the API has moved to ${location}`)
  expect(isLasting(fault)).toBe(true)
  expect(elsewhere.asked).toEqual([])
})

test.each([
  ['no choices', '{"id":"r","object":"chat.completion","choices":[]}'],
  ['a choice without a message', '{"id":"r","choices":[{"index":0}]}'],
  ['a page', '<html>Welcome to the portal</html>'],
  ['nothing', ''],
])('a success that is no completion is shown, and asked for a few times in all: %s', async (_, body) => {
  await using server = await openPlannerServer(() => ({ status: 200, body }))
  const often = { ...options, maxRetries: 4, backoffMs: 1 }
  const policy = llmPolicy('iterative', unjournalledChat(server.endpoint, often), often)
  const fault = await policy.decide(situation(), signal).catch((reason: unknown) => reason)
  expect(String(fault)).toContain(`HTTP 200: ${body || 'an empty body'}`)
  expect(isLasting(fault)).toBe(true)
  expect(server.asked).toHaveLength(often.unreadAnswers)
})

test('error-driven seeds are failed validation cases, named by their id, and nothing else', async () => {
  const best = {
    ...attemptOf(uniformPromptProgram(task, 60, { verification: 'none', judge: null })),
    badCases: [badCase('v-1', skills[0]!)],
  }
  const seedProgram = (seeds: string[]) => (asked: Parameters<typeof competent>[0]) => {
    if (asked.messages.at(-1)!.content.includes('"diagnosis"')) return competent(asked)
    const program = JSON.parse(competent(server.asked[1]!) as string)
    Object.assign(program.sources[0], { mode: 'error-driven', seeds, template: 'Like {{seed}} in {{place}}.' })
    return JSON.stringify(program)
  }
  let script = seedProgram(['@v-1'])
  await using server = await openPlannerServer((asked) => script(asked))
  const policy = llmPolicy('iterative', unjournalledChat(server.endpoint, options), options)
  const improving = situation({ best: { ...best, outcome: 'scored' }, history: [best] })
  const { program } = await policy.decide(improving, signal)
  expect(program.sources[0]).toMatchObject({ mode: 'error-driven', seeds: ['question v-1'] })
  script = seedProgram(['a problem of my own'])
  await expect(policy.decide(improving, signal)).rejects.toThrow('no such failed case')
})

describe('what the model is shown', () => {
  test('failed cases come from each skill in turn, shortened, and those left out are counted', () => {
    const cases = [
      ...Array.from({ length: 30 }, (_, index) => badCase(`n-${index}`, 'north', 'long '.repeat(300))),
      badCase('s-0', 'south'),
    ]
    const text = describeCases(cases, 70, { maxChars: 3000, shown: options.shown })
    expect(text.length).toBeLessThan(3300)
    expect(text).toContain('of 70 wrong answers 31 known: north 30, south 1')
    expect(text).toContain('@s-0')
    expect(text).toMatch(/@n-0 .* characters cut\]/)
    const shown = text.split('\n').length - 1
    expect(text).toContain(`${31 - shown} are left out`)
  })

  test('however long the history, the best program, its failed cases and the last attempt are there, and the rest is counted', () => {
    const program = uniformPromptProgram(task, 60, { verification: 'none', judge: null })
    const attempt = (number: number) => ({
      ...attemptOf(program),
      attempt: number,
      diagnosis: `Diagnosis ${number}. ${'It is long. '.repeat(40)}`,
      outcome: 'scored' as const,
      validation: sheet,
    })
    const history = Array.from({ length: 29 }, (_, at) => attempt(at + 1))
    const best = { ...history[3]!, badCases: [badCase('v-1', skills[0]!), badCase('v-2', skills[1]!)] }
    const text = describeSituation(situation({ operation: 'improve', history, best }), {
      ...options,
      contextChars: 6000,
    })
    expect(text.length).toBeLessThan(6500)
    for (const part of [
      'The best so far is attempt 4',
      '@v-1',
      '@v-2',
      'Diagnosis 29.',
      `of ${4 - tally[task.scorer.primary].correct} wrong answers 2 known`,
    ]) {
      expect(text).toContain(part)
    }
    const reported = new Set([...text.matchAll(/^Attempt (\d+) /gm)].map((match) => Number(match[1])))
    const left = Number(/\((\d+) earlier attempts are left out/.exec(text)?.[1] ?? 0)
    expect(left).toBeGreaterThan(0)
    expect(reported.size + left).toBe(29)
    expect(reported.has(28)).toBe(true)
  })

  test('a Debug is shown the error and what was written', () => {
    const raised = {
      ...attemptOf(uniformPromptProgram(task, 60, { verification: 'none', judge: null })),
      outcome: 'raised' as const,
    }
    const last = { ...raised, program: null, wrote: '{ broken', error: 'it does not parse' }
    const text = describeSituation(situation({ operation: 'debug', history: [last] }), {
      ...options,
      contextChars: 10_000,
    })
    expect(text).toContain('{ broken')
    expect(text).toContain('it does not parse')
  })

  test('a score that the guard kept back is said to be so, and whose it was not above', () => {
    const kept = {
      ...attemptOf(uniformPromptProgram(task, 60, { verification: 'none', judge: null })),
      validation: situation().base,
      shownAs: 'base',
    }
    const text = describeSituation(situation({ history: [kept] }), { ...options, contextChars: 10_000 })
    expect(text).toContain('kept back, since it is not above that of base by more than chance')
  })
})

test('a decision says its model, its prompts and what it cost', async () => {
  await using server = await openPlannerServer(competent)
  const plan = await llmPolicy('one-shot', unjournalledChat(server.endpoint, options), options).decide(
    situation(),
    signal,
  )
  expect(plan).toMatchObject({ model: 'scripted', promptHashes, spent: { calls: 2 } })
  expect(Object.keys(promptHashes)).toEqual(
    expect.arrayContaining(['system.md', 'plan.md', 'draft.md', 'program.md', 'correct.md']),
  )
  const folder = new URL('../../../../agents/planner/llm/prompts/', import.meta.url)
  const text = (name: string) => readFileSync(new URL(name, folder), 'utf8')
  const files = readdirSync(folder).map((name) => [name, sha256(text(name))])
  expect(promptHashes, 'every prompt file counts').toEqual(Object.fromEntries(files))
  const asked = server.asked[1]!.messages.at(-1)!.content
  for (const rules of ['kind-prompt.md', 'hooks.md', 'paid-checks.md']) expect(asked).toContain(text(rules).trim())
  expect(server.asked[0]!.authorization).toBe('Bearer test-key')
})

test('a 403 costs its own decision once the model has answered, and every one where it goes on', async () => {
  const blocked = { status: 403, body: '{"error": {"message": "Request blocked."}}' }
  let isBlocked = (call: number): boolean => call === 4
  await using server = await openPlannerServer((asked, call) => (isBlocked(call) ? blocked : competent(asked)))
  const policy = llmPolicy('iterative', unjournalledChat(server.endpoint, options), options)
  const decide = () => policy.decide(situation(), signal).catch((error: unknown) => error)
  expect(await decide()).toMatchObject({ diagnosis: expect.stringContaining('is weak') })
  const fault = await decide()
  expect(fault).toBeInstanceOf(ProgramFault)
  expect(fault).toMatchObject({
    message: expect.stringMatching(/prompt was forbidden: HTTP 403: .*Request blocked/),
    plan: { spent: { calls: 2 } },
  })
  expect(await decide()).toMatchObject({ model: 'scripted', spent: { calls: 2 } })
  isBlocked = () => true
  expect(await decide()).toBeInstanceOf(ProgramFault)
  const refused = { name: 'TeacherRefused', message: expect.stringMatching(/HTTP 403.*Request blocked/) }
  expect(await decide()).toMatchObject(refused)
  const first = llmPolicy('iterative', unjournalledChat(server.endpoint, options), options)
  await expect(first.decide(situation(), signal)).rejects.toMatchObject(refused)
})

test('a refused key is an error that stays, never a program fault', async () => {
  await using server = await openPlannerServer(() => ({ status: 401, body: '{"error": {"message": "bad key"}}' }))
  const policy = llmPolicy('iterative', unjournalledChat(server.endpoint, options), options)
  await expect(policy.decide(situation(), signal)).rejects.toMatchObject({
    name: 'TeacherRefused',
    message: expect.stringMatching(/HTTP 401.*bad key/),
  })
})

test('the uniform control of a prompted run is a program of one plain prompt a skill', () => {
  const program = uniformPromptProgram(task, 61, {
    verification: { kind: 'vote', k: 3, temperature: 0 },
    judge: { minScore: 4, temperature: 0 },
  })
  expect(Program.parse(program)).toEqual(program)
  expect(program.sources.reduce((sum, { rows }) => sum + rows, 0)).toBe(61)
  expect(program.sources.map(({ skill }) => skill)).toEqual(skills)
})
