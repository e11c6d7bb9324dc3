import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { sha256 } from '../../../schemas/hash.ts'
import type { Item } from '../../../schemas/task.ts'
import { loadTask } from '../../../tasks/load.ts'
import { syllabus } from '../../support/command.ts'
import { jsonLines, times } from '../../support/import-folder.ts'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'syllabus-task-commands-'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

async function run(...args: string[]): Promise<{ code: number | null; output: string }> {
  const command = syllabus(['task', ...args], {})
  return { code: await command.ended, output: command.output() }
}
const at = (...path: string[]) => join(dir, ...path)
const items = async (...path: string[]): Promise<Item[]> =>
  (await readFile(at(...path), 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))

/** Changes a file of a folder, and its hash in task.yaml with it. */
async function edit(file: string, change: (items: Item[]) => unknown[]): Promise<void> {
  const before = await readFile(at('mine', file), 'utf8')
  const after = jsonLines(change(await items('mine', file)))
  await writeFile(at('mine', file), after)
  const yaml = await readFile(at('mine', 'task.yaml'), 'utf8')
  await writeFile(at('mine', 'task.yaml'), yaml.replace(sha256(before), sha256(after)))
}

const facts = times(40, (index) => ({
  id: `n${index}`,
  question: `Which year is event ${index} of list ${index % 7} of?`,
  answer: `${1900 + index}`,
  topic: `t${index % 2}`,
  page: `p${index >> 1}`,
}))

describe('task init', () => {
  test('begins a folder that check finds nothing to fix in', async () => {
    expect((await run('init', at('mine'))).code).toBe(0)
    const yaml = await readFile(at('mine', 'task.yaml'), 'utf8')
    expect(yaml.match(/^# /gm)!.length).toBeGreaterThan(8)
    expect(await readdir(at('mine'))).toEqual(
      expect.arrayContaining([
        'few-shot.json',
        'sample_submission.json',
        'task.yaml',
        'test.jsonl',
        'validation.jsonl',
      ]),
    )
    const checked = await run('check', at('mine'))
    expect(checked).toMatchObject({ code: 0, output: expect.stringContaining('nothing to fix') })
  })

  test('takes a person’s items, and refuses a folder that is there', async () => {
    await writeFile(at('facts.jsonl'), jsonLines(facts))
    const options = ['--from', at('facts.jsonl'), '--skill', 'topic', '--group', 'page', '--audit', '6', '--id', 'id']
    const begun = await run('init', at('mine'), ...options)
    expect(begun).toMatchObject({
      code: 0,
      output: expect.stringMatching(/validation \d+, test \d+, audit 6, examples/),
    })
    const checked = await run('check', at('mine'))
    expect(checked.code).toBe(0)
    expect(checked.output).toMatch(/^note {4}task\.yaml is written +\d open$/m)
    expect(checked.output).toMatch(/nothing to fix, \d+ to look at/)
    const task = await loadTask(at('mine'))
    expect([task.audit.length, task.skills.length]).toEqual([6, 2])
    expect(await run('init', at('mine'))).toMatchObject({ code: 2, output: expect.stringMatching(/exists already/) })
  })
})

describe('task check', () => {
  beforeEach(() => run('init', at('mine')))
  const failed = async () => {
    const { code, output } = await run('check', at('mine'))
    expect(code).toBe(2)
    return output
      .split('\n')
      .filter((line) => /^(FAILED| {10})/.test(line))
      .join('\n')
  }

  test('finds a gold that scores 0, an unknown skill, and a scorer that likes an empty reply', async () => {
    await edit('test.jsonl', ([first, second, ...rest]) => [
      { ...first, answer: 'a lot' },
      { ...second, skill: 'poetry' },
      ...rest,
    ])
    const lines = await failed()
    expect(lines).toMatch(/gold answers score 1.*\n +test\.jsonl, item .*a lot/)
    expect(lines).toMatch(/unknown skill poetry/)
    await writeFile(at('mine', 'scorer.js'), 'const score = () => ({ correct: true })')
    const yaml = await readFile(at('mine', 'task.yaml'), 'utf8')
    await writeFile(
      at('mine', 'task.yaml'),
      yaml.replace(/scorer:\n {2}name: numeric\n {2}primary: lenient/, 'scorer:\n  file: scorer.js\n  primary: strict'),
    )
    expect(await failed()).toMatch(/an empty reply scores 0 +0 of 21\n +validation\.jsonl, item .*scores 1/)
  })

  test('finds a problem, a context, a near-duplicate and an example that stand twice', async () => {
    const [stolen] = await items('mine', 'validation.jsonl')
    const reworded = {
      ...stolen!,
      id: 'b',
      coreKey: 'b',
      input: `Note this well. ${stolen!.input.replace('.', ' .')} Think!`,
    }
    await edit('test.jsonl', (all) => [reworded, { ...all[1]!, group: 'g' }, ...all.slice(2)])
    await edit('validation.jsonl', ([first, ...rest]) => [{ ...first, group: 'g' }, ...rest])
    const lines = await failed()
    expect(lines).toMatch(/by context group.*\n +test\.jsonl, item .*: its group g stands in validation\.jsonl too/)
    expect(lines).toMatch(/by near-duplicate.*\n +test\.jsonl, item b: repeats validation\.jsonl/)
    await edit('test.jsonl', (all) => [{ ...stolen!, id: 'c' }, ...all.slice(1)])
    expect(await failed()).toMatch(/by problem.*\n +The same core stands twice/)
    const rows = JSON.parse(await readFile(at('mine', 'few-shot.json'), 'utf8'))
    rows[0].input = (await items('mine', 'test.jsonl'))[4]!.input
    await writeFile(at('mine', 'few-shot.json'), JSON.stringify(rows))
    expect(await failed()).toMatch(/examples and seeds are in no split.*\n +few-shot\.json, 1: repeats test\.jsonl/)
  })

  test('says what and where when a folder cannot be read', async () => {
    await writeFile(at('mine', 'test.jsonl'), '{}\n')
    expect(await run('check', at('mine'))).toMatchObject({
      code: 2,
      output: expect.stringMatching(/hash differs.*test\.jsonl/),
    })
    expect((await run('check', at('nowhere'))).code).toBe(2)
  })
})

describe('task split', () => {
  test('divides by group and stratum, the same for the same seed, and says what task.yaml needs', async () => {
    await writeFile(at('facts.jsonl'), jsonLines([...facts, facts[0]]))
    const options = ['--validation', '1', '--test', '4', '--audit', '6', '--group', 'page', '--stratify', 'topic']
    const first = await run('split', at('facts.jsonl'), '--out', at('one'), ...options)
    expect(first.code).toBe(0)
    expect(first.output).toMatch(/the record stands twice: 1/)
    const { splits } = parse(first.output.slice(first.output.indexOf('splits:')))
    for (const [name, { file, sha256: printed, count }] of Object.entries<{
      file: string
      sha256: string
      count: number
    }>(splits)) {
      expect(printed).toBe(sha256(await readFile(at('one', file), 'utf8')))
      expect(await items('one', file)).toHaveLength(count)
      expect(name).toMatch(/validation|test|audit/)
    }
    expect([splits.validation.count, splits.test.count, splits.audit.count]).toEqual([6, 28, 6])
    const pages = await Promise.all(
      ['validation', 'test', 'audit'].map(
        async (name) =>
          new Set((await items('one', `${name}.jsonl`)).map((each) => (each as unknown as { page: string }).page)),
      ),
    )
    expect(pages[0]!.intersection(pages[1]!).size + pages[0]!.union(pages[1]!).intersection(pages[2]!).size).toBe(0)
    await run('split', at('facts.jsonl'), '--out', at('two'), ...options)
    expect(await readFile(at('two', 'test.jsonl'), 'utf8')).toBe(await readFile(at('one', 'test.jsonl'), 'utf8'))
  })

  test('refuses what it cannot divide, and leaves nothing behind', async () => {
    await writeFile(at('facts.jsonl'), jsonLines(facts))
    for (const [options, printed] of [
      [['--group', 'chapter'], /no field chapter/],
      [['--audit', '40'], /too few to divide/],
      [['--test', '0'], /above 0/],
    ] as const) {
      const { code, output } = await run('split', at('facts.jsonl'), '--out', at('out'), ...options)
      expect(output).toMatch(printed)
      expect(code).toBe(2)
    }
    expect(await readdir(dir)).toEqual(['facts.jsonl'])
  })
})

test('task show says what a task is, and no text of its tests', async () => {
  await run('init', at('mine'))
  const row = { instruction: 'Add.', input: 'How much is a dozen and one?', output: 'It is \\boxed{13}.' }
  await writeFile(at('mine', 'people.json'), JSON.stringify([row]))
  await appendFile(at('mine', 'task.yaml'), '\nreference:\n  - { name: people, file: people.json }\n')
  const { code, output } = await run('show', at('mine'))
  expect(code).toBe(0)
  expect(output).toMatch(/scorer +numeric, lenient/)
  expect(output).toMatch(/skill sums +\d+ +\d+/)
  expect(output).toContain('reference-people: 1 row to compare with')
  expect(output).toContain((await loadTask(at('mine'))).sha256)
  for (const { input } of [...(await items('mine', 'test.jsonl')), ...(await items('mine', 'validation.jsonl'))]) {
    expect(output).not.toContain(input)
  }
})
