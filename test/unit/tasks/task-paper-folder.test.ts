import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { loadTask, publicView, TaskError } from '../../../tasks/load.ts'

let dir: string
const put = async (file: string, content: unknown) => {
  await mkdir(dirname(join(dir, file)), { recursive: true })
  await writeFile(join(dir, file), typeof content === 'string' ? content : JSON.stringify(content))
}
const row = (n: number) => ({ instruction: 'Reason step by step.', input: `Example ${n}?`, output: `\\boxed{${n}}` })
const problem = (n: number, source = 'atkins') => ({
  problem_text: `What is the pressure of sample ${n}?`,
  answer_number: ` ${n}.5`,
  unit: n % 2 === 0 ? '$10^3 \\mathrm{Pa}$' : '',
  source,
  problemid: `1.${n}`,
})

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'syllabus-paper-'))
  await put('description.md', '# Science reasoning\n\nCollege problems with one number as their answer.\n')
  await put(
    'train_config.yaml',
    'stage: sft\nfinetuning_type: lora\nlearning_rate: 2.0e-4\nnum_train_epochs: 2\nlora_rank: 16\n',
  )
  await put('seed/seed.json', [{ question: 'A raw question?' }])
  await put('seed/few_shot.json', [row(1), row(2)])
  await put('sample_submission.json', [row(3)])
  await put('public_test.json', [problem(10), problem(11, 'quan')])
  await put(
    'private_test.jsonl',
    [problem(20), problem(21), problem(22)].map((each) => JSON.stringify(each)).join('\n'),
  )
})
afterEach(() => rm(dir, { recursive: true, force: true }))

async function refusal(scorer?: string): Promise<TaskError> {
  const error = await loadTask(dir, { ...(scorer && { scorer }) }).then(
    () => null,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(TaskError)
  return error as TaskError
}

describe('a folder in the paper’s form is read in place', () => {
  test('with its tests, recipe, examples, seeds and the scorer that is named', async () => {
    const task = await loadTask(dir, { scorer: 'scibench' })
    expect(task).toMatchObject({
      title: 'Science reasoning',
      instruction: 'Reason step by step.',
      scorer: { name: 'scibench', primary: 'strict' },
      recipe: { learning_rate: 2e-4, num_train_epochs: 2, lora_rank: 16, lora_alpha: 32, cutoff_len: 2048 },
      seed: 'seed/seed.json',
      fewShot: [row(1), row(2)],
      sampleSubmission: [row(3)],
      rows: { target: 2000, minimum: 1000 },
    })
    expect(task.skills.map(({ name }) => name)).toEqual(['atkins', 'quan'])
    expect(task.validation.map(({ skill }) => skill)).toEqual(['atkins', 'quan'])
    expect(task.validation[0]).toMatchObject({
      input: 'Question: What is the pressure of sample 10? The unit of the answer is \\mathrm{Pa}$.',
      part: 'benchmark',
    })
    expect(task.test).toHaveLength(3)
    expect(JSON.stringify(publicView(task))).not.toContain('sample 20')
  })

  test('its hash says every part of it', async () => {
    const before = (await loadTask(dir, { scorer: 'scibench' })).sha256
    expect((await loadTask(dir, { scorer: 'scibench' })).sha256).toBe(before)
    await put('private_test.jsonl', JSON.stringify(problem(20)))
    expect((await loadTask(dir, { scorer: 'scibench' })).sha256).not.toBe(before)
  })

  test('with tests of the usual columns, contexts as groups, an audit, and a script as the scorer', async () => {
    await put('public_test.json', [
      { question: 'Net income?', context: 'Table 1', answer: 5 },
      { question: 'Tax?', context: 'Table 1', answer: 2 },
    ])
    await rm(join(dir, 'private_test.jsonl'))
    await put('data/test.json', [
      { instruction: 'x', input: 'Alpaca?', output: '7' },
      { instruction: 'x', input: 'Alpaca?', output: '7' },
    ])
    await put('private/audit.jsonl', '{"question": "Later?", "answer": "1"}')
    await put('scorer.js', 'const score = (reply, item) => ({ correct: reply.trim() === item.answer })')
    const task = await loadTask(dir)
    expect(task.validation[0]).toMatchObject({ input: 'Context:\nTable 1\n\nQuestion: Net income?', answer: '5' })
    expect(task.validation[0]!.group).toBe(task.validation[1]!.group)
    expect(task.test.map(({ input }) => input)).toEqual(['x\nAlpaca?'])
    expect(task.audit.map(({ input }) => input)).toEqual(['Later?'])
    expect(task.departures).toContainEqual(expect.stringMatching(/test\.json: 1 repeats/))
    expect(task.scorer).toMatchObject({ name: 'script', file: 'scorer.js' })
  })
})

describe('a folder in the paper’s form that cannot be used stops with what, where and how to fix it', () => {
  test('no scorer, an unknown one, one for a folder with task.yaml', async () => {
    await put('evaluator.py', 'print(1)')
    expect((await refusal()).fix).toMatch(/--scorer <name> \(.*scibench.*Python evaluator is not run/)
    expect((await refusal('judge')).what).toBe('Unknown scorer "judge"')
    expect((await refusal('../scorer.js')).what).toMatch(/inside the task folder/)
    await put('task.yaml', 'id: a')
    expect((await refusal('scibench')).what).toMatch(/without task.yaml/)
  })

  test.each([
    ['train_config.yaml', /train_config\.yml/],
    ['seed/few_shot.json', /seed\/few_shot\.jsonl, few_shot\.json/],
    ['sample_submission.json', /sample_submission\.json/],
    ['public_test.json', /public_test\.json, public_test\.jsonl.*test_public\.json/],
    ['private_test.jsonl', /private_test\.json, private_test\.jsonl.*private\/test\.json/],
  ])('without %s it names what was looked for', async (file, looked) => {
    await rm(join(dir, file))
    expect((await refusal('scibench')).fix).toMatch(looked)
  })

  test('a record without an answer, a question in both tests, a row that is none', async () => {
    await put('public_test.json', [problem(10), { ...problem(11), answer_number: '' }])
    expect(await refusal('scibench')).toMatchObject({
      where: expect.stringMatching(/public_test\.json\[1\]: no answer/),
    })
    await put('public_test.json', [problem(20)])
    expect((await refusal('scibench')).what).toMatch(/stands twice/)
    await put('seed/few_shot.json', [{ instruction: 'x', input: 'y', output: '' }])
    expect(await refusal('scibench')).toMatchObject({ where: expect.stringMatching(/few_shot\.json\[0\]/) })
  })

  test.each([
    ['lora_rank: eight', /key lora_rank/],
    ['lora_target: q_proj', /key lora_target/],
    ['finetuning_type: freeze', /key finetuning_type/],
    ['stage: dpo', /key stage/],
    ['label_smoothing_factor: 0.1', /train_config/],
    ['- a list', /train_config/],
  ])('a recipe with %s', async (text, where) => {
    await put('train_config.yaml', text)
    expect((await refusal('scibench')).where).toMatch(where)
  })

  test('a test that is a link out of the folder', async () => {
    await rm(join(dir, 'private_test.jsonl'))
    await symlink('/etc/hostname', join(dir, 'private_test.json'))
    expect((await refusal('scibench')).what).toMatch(/leads out of its folder/)
  })
})
