import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { checkSeeds } from '../../../experiments/checks/check-seeds.ts'
import { settingOf } from '../../../experiments/run/plan-run.ts'
import { readTopology } from '../../../launcher/topology/topology-file.ts'
import { Program } from '../../../schemas/program.ts'
import { bundledTask } from '../../../tasks/bundled-task.ts'
import { loadTask } from '../../../tasks/load.ts'
import { readSeedPool } from '../../../tasks/seed-pool.ts'
import { promptProgram } from '../../support/prompt-program.ts'

let dir: string
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'syllabus-seeds-'))
})
afterAll(() => rm(dir, { recursive: true, force: true }))

const task = await loadTask(bundledTask)

async function read(written: string) {
  await writeFile(join(dir, 'seed.json'), written)
  return (await readSeedPool(dir, 'seed.json')).seeds
}

describe('a seed file', () => {
  test('is an array or lines, of texts or records', async () => {
    const texts = [{ text: 'How many?' }, { text: 'How far?', skill: 'north' }]
    expect(await read('["How many?", {"question": "How far?", "skill": "north", "id": "7"}]')).toEqual(texts)
    expect(await read('"How many?"\n\n{"problem": " How far? ", "skill": "north"}\n')).toEqual(texts)
    expect(await read('[{"question_content": "Sort.", "test_input": "2 1", "answer": ""}]')).toEqual([
      { text: 'question_content: Sort.\ntest_input: 2 1' },
    ])
  })

  test.each([
    ['an answer', '[{"question": "1 + 1?"}, {"question": "2 + 2?", "answer": "4"}]', /in "answer".*seed 2/],
    ['a solution under a longer name', '[{"problem": "2 + 2?", "workedSolution": "4"}]', /in "workedSolution"/],
    [
      'outputs beside the inputs',
      '[{"question": "Sort.", "input_output": {"inputs": [], "outputs": []}}]',
      /"input_output"/,
    ],
    ['an answer in its text', '["What is 2 + 2?\\nAnswer: 4"]', /Answer: 4/],
    ['an answer behind the question', '["What is 2 + 2? Answer: .4"]', /Answer: \.4/],
    ['an answer as GSM8K has it', '["What is 2 + 2?\\n#### 4"]', /#### 4/],
    ['an answer in Chinese', '["二加二等于几？答案：4"]', /答案：4/],
    ['nothing', '[]', /seed.json/],
    ['too many', JSON.stringify(Array(1001).fill('Why?')), /1001 seeds.*Keep 1000/],
  ])('that holds %s is refused', async (_, written, printed) => {
    await expect(read(written)).rejects.toThrow(printed)
  })
})

test('a place for the answer is no answer', async () => {
  const blank = [
    '2 + 2? Answer: ____',
    'Name the answer: a solution of 5 %. Answer:',
    'Which? Answer = ...',
    '2 + 2 = ? 答案：',
  ]
  expect(await read(JSON.stringify(blank))).toHaveLength(4)
})

describe('before anything is paid', () => {
  const sealed = `Here is one more. ${task.test[0]!.input} Good luck!`

  test('a pool that holds a question of the sealed test is refused, without a word of it', () => {
    const pool = [{ text: 'A question like no other?' }, { text: sealed }]
    const check = () => checkSeeds({ ...task, seed: 'seed.json', seeds: pool })
    expect(check).toThrow('Seed 2 of seed.json contains a question of the sealed test')
    expect(() => checkSeeds({ ...task, seed: 'seed.json', seeds: pool.slice(0, 1) })).not.toThrow()
  })

  test('only seeds that are said to come from failed cases may be validation questions', () => {
    const of = (mode: 'seed' | 'error-driven', text: string) =>
      promptProgram({ rows: 1, mode, seeds: [text], template: 'Like {{seed}}' })
    const question = task.validation[0]!.input
    expect(() => checkSeeds(task, of('seed', question))).toThrow('of the validation split')
    expect(() => checkSeeds(task, of('error-driven', question))).not.toThrow()
    expect(() => checkSeeds(task, of('error-driven', sealed))).toThrow('of the sealed test')
  })
})

test('the setting is seed where there is a pool and a teacher, unless it is chosen', async () => {
  const llm = await readTopology('deploy/topologies/llm.yaml')
  const local = await readTopology('deploy/topologies/local.yaml')
  const withSeeds = { ...task, seeds: [{ text: 'Why?' }] }
  expect(settingOf(withSeeds, llm, undefined)).toBe('seed')
  expect(settingOf(withSeeds, llm, 'scratch')).toBe('scratch')
  expect(settingOf(withSeeds, local, undefined)).toBe('scratch')
  expect(settingOf(task, llm, undefined)).toBe('scratch')
  expect(() => settingOf(task, llm, 'seed')).toThrow('has no seed pool')
  expect(() => settingOf(withSeeds, local, 'seed')).toThrow('builds on no seeds')
})

test('the pool is for mode seed alone', () => {
  const [source] = promptProgram({ rows: 1 }).sources
  const written = {
    ...promptProgram({ rows: 1 }),
    sources: [{ ...source, mode: 'error-driven', seeds: 'pool', template: '{{seed}}' }],
  }
  expect(Program.safeParse(written).error?.issues[0]?.message).toContain('the pool is for mode seed')
})
