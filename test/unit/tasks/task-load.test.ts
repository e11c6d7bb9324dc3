import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { sha256 } from '../../../schemas/hash.ts'
import * as everydayNumbers from '../../../tasks/everyday-numbers/procedure/mod.ts'
import { loadTask, TaskError } from '../../../tasks/load.ts'
import { procedureOf } from '../../../tasks/procedures.ts'

const bundled = new URL('../../../tasks/everyday-numbers/', import.meta.url).pathname
let dir: string

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'syllabus-task-'))
  await cp(bundled, dir, { recursive: true })
})
afterEach(() => rm(dir, { recursive: true, force: true }))

const edit = async (file: string, change: (text: string) => string) => {
  const before = await readFile(join(dir, file), 'utf8')
  const after = change(before)
  expect(after).not.toBe(before)
  await writeFile(join(dir, file), after)
  return { before, after }
}
/** Changes a split and lets task.yaml agree with it, so that only the content is wrong. */
const editSplit = async (file: string, change: (text: string) => string) => {
  const { before, after } = await edit(file, change)
  await edit('task.yaml', (text) => text.replace(sha256(before), sha256(after)))
}
const failure = async (): Promise<TaskError> => {
  const error = await loadTask(dir).then(
    () => null,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(TaskError)
  expect((error as TaskError).fix).not.toBe('')
  return error as TaskError
}
const firstLine = (text: string) => text.slice(0, text.indexOf('\n') + 1)

describe('a task folder that is wrong stops with what, where and how to fix it', () => {
  test('the untouched copy loads, and its hash does not depend on where it lies', async () => {
    expect((await loadTask(dir)).sha256).toBe((await loadTask(bundled)).sha256)
  })

  test('a split with a byte-order mark and CRLF is read as any other', async () => {
    const { test: untouched } = await loadTask(dir)
    await editSplit('test.jsonl', (text) => `\ufeff${text.replaceAll('\n', '\r\n')}`)
    expect((await loadTask(dir)).test).toEqual(untouched)
  })

  test.each(['test.jsonl', 'few-shot.json', 'task.yaml'])('%s in another encoding than UTF-8', async (file) => {
    const text = await readFile(join(dir, file))
    await writeFile(join(dir, file), Buffer.concat([text, Buffer.from('é', 'latin1')]))
    expect(await failure()).toMatchObject({
      what: expect.stringContaining('It is not UTF-8 (line '),
      where: join(dir, file),
    })
  })

  test('a copy under the same id has the bundled procedure for as long as its code is the same', async () => {
    expect(await procedureOf(await loadTask(dir))).toBe(everydayNumbers)
    await edit('procedure/mod.ts', (text) => `${text}\n`)
    expect(await procedureOf(await loadTask(dir))).toBeUndefined()
    await edit('task.yaml', (text) => text.replace(/^procedure: .*\n/m, ''))
    expect(await procedureOf(await loadTask(dir))).toBeUndefined()
  })

  test('a rubric is words, or a file of the folder whose words count in the hash', async () => {
    await edit('task.yaml', (text) => `${text}\nrubric: rubrics/strict.md\n`)
    const missing = await failure()
    expect([missing.what, missing.where]).toEqual(['A file of the task is missing', join(dir, 'rubrics/strict.md')])
    await mkdir(join(dir, 'rubrics'))
    await writeFile(join(dir, 'rubrics/strict.md'), 'Five is good.\n')
    const one = await loadTask(dir)
    expect(one.rubric).toBe('Five is good.\n')
    await writeFile(join(dir, 'rubrics/strict.md'), 'Five is very good.\n')
    expect((await loadTask(dir)).sha256).not.toBe(one.sha256)
    await writeFile(join(dir, 'rubrics/strict.md'), ' \n')
    expect((await failure()).what).toBe('must hold some words, not " \\n"')
    await edit('task.yaml', (text) => text.replace('rubrics/strict.md', '../strict.md'))
    expect((await failure()).where).toContain('key rubric')
    await edit('task.yaml', (text) => text.replace('../strict.md', 'Five is good, as rubric.md says.'))
    expect((await loadTask(dir)).rubric).toBe('Five is good, as rubric.md says.')
  })

  test('reference rows are read as an array or as lines, count in the hash, and are checked', async () => {
    const before = await loadTask(dir)
    const row = { instruction: 'i', input: 'q', output: 'a' }
    await writeFile(join(dir, 'reference.jsonl'), `${JSON.stringify(row)}\n\n${JSON.stringify(row)}\n`)
    await edit('task.yaml', (text) => `${text}\nreference: reference.jsonl\n`)
    const lines = await loadTask(dir)
    expect(lines.references).toEqual([{ arm: 'reference', rows: [row, row] }])
    expect(lines.sha256).not.toBe(before.sha256)
    await writeFile(join(dir, 'reference.jsonl'), `${JSON.stringify(row)}\n{"input":"q"}\n`)
    expect((await failure()).message).toMatch(/reference\.jsonl, line 2/)
    await writeFile(join(dir, 'reference.json'), JSON.stringify([row]))
    await edit('task.yaml', (text) => text.replace('reference: reference.jsonl', 'reference: reference.json'))
    expect((await loadTask(dir)).references).toEqual([{ arm: 'reference', rows: [row] }])
    await rm(join(dir, 'reference.json'))
    expect((await failure()).message).toMatch(/missing/)
  })

  test('several references each have a name and a file, and none may read as a seed', async () => {
    const row = { instruction: 'i', input: 'q', output: 'a' }
    await writeFile(join(dir, 'people.json'), JSON.stringify([row]))
    await writeFile(join(dir, 'flow.jsonl'), `${JSON.stringify(row)}\n${JSON.stringify(row)}\n`)
    const several = (first: string, second: string) =>
      `reference:\n  - { name: ${first}, file: people.json }\n  - { name: ${second}, file: flow.jsonl }\n`
    await edit('task.yaml', (text) => `${text}\n${several('people', 'data-flow')}`)
    const { references, sha256 } = await loadTask(dir)
    expect(references).toEqual([
      { arm: 'reference-people', rows: [row] },
      { arm: 'reference-data-flow', rows: [row, row] },
    ])
    await writeFile(join(dir, 'flow.jsonl'), `${JSON.stringify(row)}\n`)
    expect((await loadTask(dir)).sha256).not.toBe(sha256)
    for (const [name, why] of [
      ['people', /name of its own/],
      ['s2', /training seed/],
    ] as const) {
      await edit('task.yaml', (text) =>
        text.replace(/name: (data-flow|people|s2), file: flow/, `name: ${name}, file: flow`),
      )
      expect((await failure()).message).toMatch(why)
    }
  })

  test.each([
    'task.yaml',
    'validation.jsonl',
    'test.jsonl',
    'few-shot.json',
    'sample_submission.json',
    'procedure/mod.ts',
  ])('missing %s', async (file) => {
    await rm(join(dir, file))
    const { what, where } = await failure()
    expect(what).toContain('missing')
    expect(where).toBe(join(dir, file))
  })

  test('a split that was changed', async () => {
    const { after } = await edit('test.jsonl', (text) => text.replace('"answer":"', '"answer":"1'))
    const { what, where, fix } = await failure()
    expect(what).toContain('hash differs')
    expect(where).toBe(join(dir, 'test.jsonl'))
    expect(fix).toContain(sha256(after))
  })

  test('a wrong count', async () => {
    await edit('task.yaml', (text) => text.replace('count: 280', 'count: 279'))
    expect((await failure()).what).toBe('The split has 280 items, not 279')
  })

  test('an item of validation in the test', async () => {
    const stolen = firstLine(await readFile(join(dir, 'validation.jsonl'), 'utf8'))
    await editSplit(
      'test.jsonl',
      (text) => stolen.replace('"id":"validation-', '"id":"stolen-') + text.slice(firstLine(text).length),
    )
    const { what, where } = await failure()
    expect(what).toBe('The same core stands twice')
    expect(where).toContain('stolen-')
    expect(where).toContain('validation.jsonl')
  })

  test('a question of validation in the test under another core', async () => {
    const stolen = JSON.parse(firstLine(await readFile(join(dir, 'validation.jsonl'), 'utf8')))
    const disguised = {
      ...stolen,
      id: 'stolen',
      coreKey: 'other',
      input: stolen.input.toUpperCase().replace('?', ' ?'),
    }
    await editSplit('test.jsonl', (text) => `${JSON.stringify(disguised)}\n${text.slice(firstLine(text).length)}`)
    expect((await failure()).what).toBe('The same question stands twice')
  })

  test('a worked example that is a test question', async () => {
    const { input } = JSON.parse(firstLine(await readFile(join(dir, 'test.jsonl'), 'utf8')))
    await edit('few-shot.json', (text) => {
      const rows = JSON.parse(text)
      rows[0].input = input
      return JSON.stringify(rows)
    })
    expect((await failure()).where).toContain('example 1')
  })

  test('an unknown scorer', async () => {
    await edit('task.yaml', (text) => text.replace('name: boxed-number', 'name: judge'))
    const { what, fix } = await failure()
    expect(what).toBe('Unknown scorer "judge"')
    expect(fix).toContain('boxed-number')
  })

  test('an option that the scorer does not have', async () => {
    await edit('task.yaml', (text) => text.replace('tolerance: 0.005', 'tolerence: 0.005'))
    expect((await failure()).where).toContain('scorer.options')
  })

  test('a gold answer that scores 0 against itself', async () => {
    await editSplit('test.jsonl', (text) => text.replace(/"answer":"[^"]*"/, '"answer":"a lot"'))
    const { what, where } = await failure()
    expect(what).toContain('"a lot" scores 0 against itself')
    expect(where).toContain('test-in-template-001')
  })

  test('a skill that the task does not have', async () => {
    await editSplit('validation.jsonl', (text) => text.replace('"skill":"invoice-field"', '"skill":"poetry"'))
    expect((await failure()).what).toBe('Unknown skill "poetry"')
  })

  test('a line that is no JSON, a key that does not fit, YAML that does not parse', async () => {
    await editSplit('validation.jsonl', (text) => `{${text}`)
    expect((await failure()).where).toContain('item 1')
    await edit('task.yaml', (text) => text.replace('lora_rank: 8', 'lora_rank: eight'))
    expect((await failure()).where).toContain('key recipe.lora_rank')
    await writeFile(join(dir, 'task.yaml'), 'id: [')
    expect((await failure()).what).toContain('Not YAML')
  })

  test.each([
    [/lora_rank: .*/, 'lora_rank: eight', 'write a number, not "eight"', 'key recipe.lora_rank'],
    [/primary: .*/, 'primary: sometimes', 'write "strict" or "lenient", not "sometimes"', 'key scorer.primary'],
    [/^title:/m, 'titel:', 'it is missing; write a text; the file: there is no "titel"; take it out', 'key title'],
    [/^id: .*/m, 'id: My Task', 'write lower-case words and numbers joined by hyphens, not "My Task"', 'key id'],
    [/^few_shot:/m, 'reference: 5\nfew_shot:', 'write the name of a file in the folder, or a list', 'key reference'],
  ])('what is written for %s is told in plain words', async (before, after, what, where) => {
    await edit('task.yaml', (text) => text.replace(before, after))
    const error = await failure()
    expect(error.what).toContain(what)
    expect(error.where).toContain(where)
    expect(error.message).not.toMatch(/Invalid|expected|received/)
  })

  test('a path out of the folder, a folder that is none', async () => {
    await edit('task.yaml', (text) => text.replace('few_shot: few-shot.json', 'few_shot: ../few-shot.json'))
    expect((await failure()).what).toContain('inside the task folder')
    await expect(loadTask(join(dir, 'nowhere'))).rejects.toThrow(join(dir, 'nowhere', 'task.yaml'))
  })
})
