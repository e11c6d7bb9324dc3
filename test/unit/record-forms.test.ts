import { describe, expect, test } from 'vitest'
import { columnsImporter } from '../../tasks/importers/columns.ts'
import { ImportLog } from '../../tasks/importers/import-log.ts'
import { importFolder, jsonLines, times } from '../support/import-folder.ts'
import { formCases } from '../support/record-forms.ts'

/** The second item of a file, and what was noted. */
async function readSecond(records: readonly unknown[], options: Record<string, string> = {}) {
  await using folder = await importFolder()
  const source = await folder.put('a.jsonl', jsonLines(records))
  const importer = columnsImporter('jsonl', '')
  const log = new ImportLog()
  const { instruction, scorer } = await importer.profile(options, source)
  const items = await Array.fromAsync(importer.items(source, log, options))
  return { item: items.find(({ id }) => id.endsWith(':2')), log, instruction, scorer }
}

describe('records in public forms are read as meant', () => {
  test.each(formCases.map((each) => [each.name, each] as const))('%s', async (_name, form) => {
    const read = await readSecond(form.records).catch((error: Error) => error.message)
    if (typeof read === 'string') {
      expect(form.refused?.source ?? 'to be read').toBeDefined()
      expect(read).toMatch(form.refused!)
      return
    }
    const { item, log, instruction, scorer } = read
    for (const name of form.unused ?? []) expect(log.notes.at(-1)).toContain(`'${name}'`)
    if (form.refused) {
      expect(item).toBeUndefined()
      expect([...log.dropped.keys()].join()).toMatch(form.refused)
      return
    }
    const asked = `${instruction}\n${item!.input}`
    for (const part of form.holds ?? []) expect(asked).toContain(part)
    for (const part of form.lacks ?? []) expect(asked).not.toContain(part)
    if (form.golds) expect([item!.answer, ...(item!.alternatives ?? [])]).toEqual(form.golds)
    expect(scorer.name).toBe(form.scorer ?? 'exact')
    expect(item!.answer).not.toMatch(/^[[{]/)
  })

  test('right and wrong answers in columns of their own: the letter is that of the right one, and no place is preferred', async () => {
    const records = times(80, (at) => ({
      Question: `Which ${at}?`,
      'Correct Answer': 'root',
      'Incorrect Answer 1': 'leaf',
      'Incorrect Answer 2': 'seed',
    }))
    await using folder = await importFolder()
    const { items } = await folder.import('jsonl', await folder.put('a.jsonl', jsonLines(records)))
    for (const { input, answer } of items) expect(input).toContain(`${answer}. root`)
    const counts = ['A', 'B', 'C'].map((letter) => items.filter(({ answer }) => answer === letter).length)
    expect(Math.min(...counts)).toBeGreaterThan(10)
  })

  test('questions of one context stay in one split', async () => {
    const records = times(40, (at) => ({
      question: `Which ${at}?`,
      passage: `Page ${Math.floor(at / 4)}.`,
      answer: 'x',
    }))
    await using folder = await importFolder()
    const { items, task } = await folder.import('jsonl', await folder.put('a.jsonl', jsonLines(records)))
    expect(new Set(items.map(({ group }) => group)).size).toBe(9)
    const groups = new Set(task.validation.map(({ group }) => group))
    expect(task.test.filter(({ group }) => groups.has(group))).toEqual([])
  })

  test('a column that is named is taken, with the choices of the record', async () => {
    const records = times(3, (at) => ({ q: `Which ${at}?`, choices: ['leaf', 'root'], label: 0, mine: at % 2 }))
    const { item } = await readSecond(records, { question: 'q', answer: 'mine' })
    expect(item).toMatchObject({ input: 'Which 1?\n\nA. leaf\nB. root', answer: 'B' })
  })

  test('what was read as what, and what was not used, stands in import.json', async () => {
    const records = times(24, (at) => ({ question: `Which ${at}?`, answer: `${at}`, label: 'easy' }))
    await using folder = await importFolder()
    const { read } = await folder.import('jsonl', await folder.put('a.jsonl', jsonLines(records)))
    expect(await read('import.json')).toMatchObject({
      notes: ["Read: question from 'question', answer from 'answer'.", "Columns not used: 'label'."],
    })
  })
})
