import { describe, expect, test } from 'vitest'
import { llmPolicy } from '../../../../agents/planner/llm/graph.ts'
import { LlmPlannerOptions } from '../../../../agents/planner/llm/options.ts'
import type { Situation } from '../../../../agents/planner/policy.ts'
import type { ScoreSheet } from '../../../../schemas/score.ts'
import { bundledTask } from '../../../../tasks/bundled-task.ts'
import { loadTask, publicView } from '../../../../tasks/load.ts'
import { unjournalledChat } from '../../../support/planner-chat.ts'
import { competentModel } from '../../../support/planner-script.ts'
import { type Asked, openPlannerServer } from '../../../support/planner-server.ts'

const task = publicView(await loadTask(bundledTask))
const skills = task.skills.map(({ name }) => name)
const tally = { strict: { correct: 1, total: 4 }, lenient: { correct: 2, total: 4 } }
const base: ScoreSheet = { overall: tally, byPart: {}, bySkill: {}, truncated: 0 }
const options = LlmPlannerOptions.parse({ model: 'scripted', maxRetries: 0, maxCorrections: 2 })
const competent = competentModel({ skills, weak: skills[0]!, kind: 'prompt' })

/** One decision about a first program, in which the model changes its first source as told, once for each change. */
async function decide(changes: readonly object[], more: Partial<Situation> = {}) {
  let written = 0
  const asked: Asked[] = []
  await using server = await openPlannerServer((outcome) => {
    asked.push(outcome)
    if (outcome.messages.at(-1)!.content.includes('"diagnosis"')) return competent(outcome)
    const program = JSON.parse(competent(asked[1]!) as string)
    Object.assign(program.sources[0], changes[Math.min(written++, changes.length - 1)])
    return JSON.stringify(program)
  })
  const situation: Situation = {
    runId: 'test-run',
    operation: 'draft',
    attempt: 1,
    rows: 60,
    seed: 1,
    task,
    base,
    history: [],
    best: null,
    sampleRows: [],
    sourceKinds: ['prompt'],
    meteredChecks: true,
    left: { attempts: 3, hours: 2, teacherCalls: 500, tokens: Infinity, money: Infinity, plannerCalls: Infinity },
    prices: {},
    ...more,
  }
  const policy = llmPolicy('iterative', unjournalledChat(server.endpoint, options), options)
  const plan = await policy.decide(situation, new AbortController().signal)
  return {
    plan,
    asked,
    last: asked
      .at(-1)!
      .messages.map(({ content }) => content)
      .join('\n'),
  }
}

const pooled = { mode: 'seed', seeds: 'pool', template: 'Like {{seed}} in {{place}}.' }
const seeds = Array.from({ length: 30 }, (_, at) => ({ text: `Raw question ${at}?`, skill: skills[at % 2]! }))

describe('the seed pool', () => {
  test('is told with its size and a few of its questions, and a source may build on it', async () => {
    const { plan, last } = await decide([pooled], { task: { ...task, seeds } })
    expect(last).toContain(`30 raw questions (${skills[0]} 15, ${skills[1]} 15)`)
    expect(last.match(/Raw question/g)!.length).toBeLessThan(6)
    expect(last).toContain('`seeds` is "pool"')
    expect(plan.program.sources[0]).toMatchObject({ mode: 'seed', seeds: 'pool' })
  })

  test('is not spoken of where there is none, and a source that names it goes back', async () => {
    const { asked, last } = await decide([pooled, {}])
    expect(asked[1]!.messages.map(({ content }) => content).join('\n')).not.toContain('`seeds` is "pool"')
    expect(last).toContain('sources[0].seeds: there is no seed pool')
  })

  test('is the only source of seeds in mode seed', async () => {
    const own = { ...pooled, seeds: ['A question of my own?'] }
    const { last } = await decide([own, pooled], { task: { ...task, seeds } })
    expect(last).toContain('sources[0].seeds: write "pool"')
  })
})

describe('hooks', () => {
  test('that are no functions go back with their place and what the interpreter says', async () => {
    const { plan, last } = await decide([{ hooks: { accept: '(row) => {' } }, { hooks: { accept: '(row) => true' } }])
    expect(last).toContain('sources[0].hooks.accept: SyntaxError')
    expect(plan.program.sources[0]).toMatchObject({ hooks: { accept: '(row) => true' } })
  })

  test('that fail on a row that holds go back', async () => {
    const { last } = await decide([{ hooks: { expand: '(row) => row.question' } }, {}])
    expect(last).toContain('sources[0].hooks: on a sample: expand returned something else')
  })

  test('that are never fixed make the attempt raise', async () => {
    await expect(decide([{ hooks: { accept: 'no function' } }])).rejects.toThrow('sources[0].hooks.accept: SyntaxError')
  })
})

test('a program that costs more than is left goes back with what it costs', async () => {
  const left = { attempts: 3, hours: 2, teacherCalls: 59, tokens: Infinity, money: Infinity, plannerCalls: Infinity }
  await expect(decide([{}], { left })).rejects.toThrow('cost at least 60 teacher calls, and 59 are left')
})
