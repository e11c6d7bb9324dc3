import { describe, expect, test } from 'vitest'
import { composePrompts } from '../../../../agents/kit/compose-prompts.ts'
import { review } from '../../../../agents/planner/llm/review.ts'
import type { Situation } from '../../../../agents/planner/policy.ts'
import { copiedItems } from '../../../../agents/planner/program/copied-items.ts'
import { filtersFor, withinBounds } from '../../../../agents/planner/program/filter-bounds.ts'
import { uniformProgram } from '../../../../agents/planner/program/programs.ts'
import { uniformPromptProgram } from '../../../../agents/planner/program/uniform-prompt.ts'
import { promptedProgram } from '../../../../agents/planner/rules/prompted-program.ts'
import { hashOf } from '../../../../schemas/hash.ts'
import { Program, type PromptSource, usualFilters } from '../../../../schemas/program.ts'
import type { PublicTask } from '../../../../schemas/task.ts'
import { bundledTask } from '../../../../tasks/bundled-task.ts'
import { loadTask, publicView } from '../../../../tasks/load.ts'
import { promptProgram } from '../../../support/prompt-program.ts'

const task = publicView(await loadTask(bundledTask))
const [item] = task.validation

const situation = (own: PublicTask = task): Situation => ({
  ...{ runId: 'test-run', prices: {}, operation: 'draft', attempt: 1, rows: 60, seed: 1, task: own },
  ...{ base: null, history: [], best: null, sampleRows: [], sourceKinds: ['prompt'], meteredChecks: true },
  left: { attempts: 3, hours: 2, teacherCalls: 500, tokens: Infinity, money: Infinity, plannerCalls: Infinity },
})

/** What a planner's reply with these filters, or this source, comes to. */
const reviewed = (filters: Program['filters'], source: Partial<PromptSource> = {}, own = task) => {
  const program = promptProgram({ rows: 60, ...source })
  return review(
    { text: JSON.stringify({ ...program, filters }), truncated: false, thinking: false } as never,
    situation(own),
  )
}

describe('a planner’s program loosens nothing that the task fixes', () => {
  test.each<[Program['filters'], Program['filters']]>([
    [
      { nearDuplicateJaccard: 0.99, contaminationShare: 1 },
      { nearDuplicateJaccard: 0.8, contaminationShare: 0.6 },
    ],
    [
      { nearDuplicateJaccard: 0.81, contaminationShare: 0.3 },
      { nearDuplicateJaccard: 0.8, contaminationShare: 0.3 },
    ],
    [
      { nearDuplicateJaccard: 0.5, contaminationShare: 0.61 },
      { nearDuplicateJaccard: 0.5, contaminationShare: 0.6 },
    ],
  ])('%j is set to %j, and the planner is told why', async (asked, set) => {
    const made = await reviewed(asked)
    if (!made.ok) throw new Error(made.faults.join('\n'))
    expect(made.program.filters).toEqual(set)
    for (const name of ['nearDuplicateJaccard', 'contaminationShare'] as const) {
      const reported = made.notes.some((note) =>
        note.startsWith(`filters.${name} ${asked[name]} is looser than the task allows`),
      )
      expect(reported).toBe(asked[name] > set[name])
    }
  })

  test('the task may set its bounds, which hold for programs that nobody wrote by hand too', async () => {
    const strict = { ...task, filters: { near_duplicate_jaccard: 0.5, contamination_share: 0.4 } }
    const wanted = { nearDuplicateJaccard: 0.5, contaminationShare: 0.4 }
    const made = await reviewed(usualFilters, {}, strict)
    expect(made.ok && made.program.filters).toEqual(wanted)
    expect(filtersFor(strict)).toEqual(wanted)
    expect(uniformPromptProgram(strict, 60, { verification: 'none', judge: null }).filters).toEqual(wanted)
    const rows = new Map(strict.skills.map(({ name }) => [name, 10]))
    const manner = () => ({ phrasings: 4, wideShare: 0.5, difficulty: [1, 1, 1] as [number, number, number] })
    expect(promptedProgram(strict, rows, manner, null).filters).toEqual(wanted)
    const loose = { ...task, filters: { contamination_share: 0.9 } }
    expect(withinBounds({ nearDuplicateJaccard: 0.9, contaminationShare: 0.9 }, loose).filters).toEqual({
      nearDuplicateJaccard: 0.8,
      contaminationShare: 0.9,
    })
    expect(filtersFor(loose)).toEqual(usualFilters)
  })
})

describe('no text of a program holds a validation question', () => {
  const holding = (source: Partial<PromptSource>) =>
    copiedItems(
      Program.parse({
        ...promptProgram({ rows: 60 }),
        sources: [
          { ...promptProgram({ rows: 60 }).sources[0], parameters: {}, template: 'Write a problem.', ...source },
        ],
      }),
      task.validation,
    )

  test.each<[string, Partial<PromptSource>, string | null]>([
    ['in a template', { template: `Write one like this: ${item!.input}` }, 'template'],
    [
      'in other case and spacing',
      { template: `Such as ${item!.input.toUpperCase().replaceAll(' ', '  ')}` },
      'template',
    ],
    [
      'among the values of a parameter',
      { template: 'As {{x}}.', parameters: { x: ['a shop', item!.input] } },
      'parameters.x',
    ],
    [
      'in a hook that writes rows',
      { hooks: { expand: `() => [{ input: ${JSON.stringify(item!.input)}, output: "1" }]`, maxExpanded: 1 } },
      'hooks.expand',
    ],
    ['nowhere', { template: 'Write a problem about the price of three crates of apples.' }, null],
    [
      'as the seed of an error-driven source',
      { mode: 'error-driven', template: 'Like {{seed}}', seeds: [item!.input] },
      null,
    ],
  ])('%s', (_, source, place) => {
    const faults = holding(source)
    expect(faults).toHaveLength(place === null ? 0 : 1)
    if (place) expect(faults[0]).toContain(`sources[0].${place}: it holds the validation question ${item!.id}`)
  })

  test('a reply with one goes back to the planner', async () => {
    const made = await reviewed(usualFilters, { template: `Write one like this: ${item!.input}`, parameters: {} })
    expect(!made.ok && made.faults.join()).toContain('take it out, or name it as a seed')
  })

  test('a question of a word or two is held by no text', () => {
    const short = task.validation.map((each, at) => ({ ...each, input: `Refund ${'abc'[at % 3]}` }))
    expect(copiedItems(promptProgram({ rows: 60, template: 'About a refund a.', parameters: {} }), short)).toEqual([])
  })
})

describe('the control of a run that prompts a teacher', () => {
  const labels: PublicTask = {
    ...task,
    instruction: 'Name the queue: Billing, Shipping or {{Returns}}.',
    fewShot: ['Billing', 'Shipping', 'Returns'].map((output, at) => ({
      instruction: 'Name the queue.',
      input: `Ticket ${at} {{index}}`,
      output,
    })),
  }

  test('asks in the task’s own words, with its instruction and all its examples, and never for steps', () => {
    const program = Program.parse(uniformPromptProgram(labels, 60, { verification: 'none', judge: null }))
    for (const source of program.sources) {
      const shard = { round: { attempt: 0, round: 1 }, from: 7, count: 1, seed: '1' }
      const [prompt] = composePrompts(shard, source as PromptSource, labels)
      const text = prompt!.messages[0]!.content as string
      expect(text).toMatch(/^Write one new problem of this kind, number 7: /)
      expect(text).toContain(labels.instruction)
      for (const { output } of labels.fewShot) expect(text).toContain(`"output":"${output}"`)
      expect(text).toContain('Ticket 1 { {index}}')
      expect(text).not.toMatch(/step by step|work it out/i)
    }
  })

  test('has the filters of what it is compared with, so that the two differ in prompts and mix alone', () => {
    const filters = { nearDuplicateJaccard: 0.4, contaminationShare: 0.2 }
    expect(uniformPromptProgram(labels, 60, { verification: 'none', judge: null, filters }).filters).toEqual(filters)
  })

  test('of a procedure is the program that it was', () => {
    const skills = task.skills.map(({ name }) => name)
    expect(hashOf(uniformProgram(skills, 300, usualFilters))).toBe(hashOf(uniformProgram(skills, 300)))
    expect(hashOf(uniformProgram(skills, 300))).toBe('356c72d240b8048a52191e867ae5162107bb1ad07704bc6c4c16498ae1e945ec')
  })
})
