import { describe, expect, test } from 'vitest'
import { columnsImporter } from '../../../tasks/importers/columns.ts'
import { ImportLog } from '../../../tasks/importers/import-log.ts'
import { importFolder, jsonLines, times } from '../../support/import-folder.ts'
import { formCases } from '../../support/record-forms.ts'

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
      notes: [
        expect.stringContaining('--scorer numeric'),
        "Read: question from 'question', answer from 'answer'.",
        "Columns not used: 'label'.",
      ],
    })
  })
})

test.each<[string, (at: number) => unknown, string | null]>([
  ['a text with its confidence', (at) => ({ text: `word ${at}`, confidence: 0.9 }), "'confidence'"],
  ['the same in a table', (at) => JSON.stringify({ text: `word ${at}`, confidence: 0.9 }), "'confidence'"],
  ['a list of such', (at) => [{ text: `word ${at}`, score: 1, by: 'me' }], "'score', 'by'"],
  ['a value beside a text', (at) => ({ value: `word ${at}`, text: `other ${at}` }), "'text'"],
  ['SQuAD', (at) => ({ text: [`word ${at}`], answer_start: [3] }), "'answer_start'"],
  ['an amount with its unit and its source', (at) => ({ value: at, unit: 'kg', source: 'scale' }), "'source'"],
  ['what holds nothing', (at) => ({ text: `word ${at}`, confidence: null, notes: [] }), null],
  ['aliases', (at) => ({ value: `word ${at}`, aliases: [`w${at}`] }), null],
  ['a text', (at) => `word ${at}`, null],
])('what an answer holds beside its text, and what is not read, is said: %s', async (_, answer, named) => {
  await using folder = await importFolder()
  const records = times(24, (at) => ({ question: `Which ${at}?`, answer: answer(at) }))
  const { log } = await folder.import('jsonl', await folder.put('a.jsonl', jsonLines(records)))
  const notes = log.notes.filter((note) => note.startsWith('Not used of the objects'))
  expect(notes).toEqual(named === null ? [] : [`Not used of the objects in 'answer': ${named}.`])
})

describe('questions that lie deeper in a file', () => {
  const article = (at: number) => ({
    title: `Tower ${at}`,
    paragraphs: [
      {
        context: `Tower ${at} is ${at + 7} m high.`,
        qas: [
          { id: `q${at}`, question: `How high is tower ${at}?`, answers: [{ text: `${at + 7} m`, answer_start: 11 }] },
        ],
      },
    ],
  })
  const articles = times(20, article)
  const passages = Object.fromEntries(
    times(20, (at) => {
      const answer = { number: `${at}`, date: { day: '', month: '', year: '' }, spans: [] }
      const pair = { question: `How many points in game ${at}?`, query_id: `q${at}`, answer }
      return [`nfl_${at}`, { passage: `Game ${at} ended with ${at} points.`, qa_pairs: [pair] }] as const
    }),
  )

  test.each([
    [
      'SQuAD on one line',
      JSON.stringify({ version: 'v2.0', data: articles }),
      /Tower \d+ is \d+ m high.*How high/s,
      /^\d+ m$/,
    ],
    ['SQuAD over lines', JSON.stringify({ data: articles }, null, 2), /Tower \d+ is \d+ m high.*How high/s, /^\d+ m$/],
    ["SQuAD's articles alone", JSON.stringify(articles), /Tower \d+ is \d+ m high.*How high/s, /^\d+ m$/],
    ['DROP', JSON.stringify(passages), /Game \d+ ended.*How many/s, /^\d+$/],
  ])('%s: each with its text', async (_, text, question, answer) => {
    await using folder = await importFolder()
    const { items, log } = await folder.import('jsonl', await folder.put('set.json', text))
    expect(log).toMatchObject({ read: 20, kept: 20 })
    for (const item of items) {
      expect(item.input).toMatch(question)
      expect(item.answer).toMatch(answer)
    }
  })

  test('parts of one answer are not each accepted, and an amount keeps its unit', async () => {
    await using folder = await importFolder()
    const rows = times(24, (at) => ({
      question: `What of ${at}?`,
      answer: at % 2 ? { value: at, unit: 'kg' } : { number: '', date: {}, spans: [`red${at}`, `blue${at}`] },
    }))
    const { items, log } = await folder.import(
      'jsonl',
      await folder.put('set.jsonl', rows.map((row) => JSON.stringify(row)).join('\n')),
    )
    expect(Object.fromEntries(log.dropped)).toEqual({ 'the answer has several parts, which --scorer set reads': 12 })
    for (const item of items) expect(item.answer).toMatch(/^\d+ kg$/)
  })
})
