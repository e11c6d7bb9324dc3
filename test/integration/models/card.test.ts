import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { type ReportData, reportJson } from '../../../evidence/report/mod.ts'
import { duration, numberText } from '../../../evidence/report/text/format.ts'
import type { Base } from '../../../models/export/base.ts'
import { type CardOf, modelCard } from '../../../models/export/card.ts'
import { reportData } from '../../support/report-data.ts'

const base: Base = {
  name: 'small-one',
  hubName: 'org/small-one',
  reference: { base_model_name_or_path: 'org/small-one', revision: null },
  licence: 'apache-2.0',
  note: null,
}
const finished = reportData()
const cardOf = (data: ReportData, model = 'final', of: CardOf = 'merged', files = ['model.safetensors']) =>
  modelCard(data, { model, base, of, files, at: '.' })

/** Numbers as they stand in prose, tables and front matter; not those within a word, a hash or a program. */
const numbersOf = (text: string): string[] =>
  [...text.replaceAll(/```.*?```/gs, '').matchAll(/(?<![\w.\\-])\d[\d,]*(?:\.\d+)?(?![\w])/g)].map(([number]) =>
    number.replace(/,$/, ''),
  )

/** Each way in which a report writes one of its numbers. */
function* written(value: unknown): Generator<string> {
  if (typeof value === 'string') yield* numbersOf(value)
  if (typeof value === 'number') {
    yield String(value)
    for (const number of [value, value * 100].map(Math.abs)) {
      for (const digits of [0, 1, 3]) yield number.toFixed(digits)
      yield numberText(number)
    }
    yield* numbersOf(duration(value))
  }
  if (value && typeof value === 'object') for (const inner of Object.values(value)) yield* written(inner)
}

/** What the method says of itself: the level of intervals, and the one-sided level of the forgetting check. */
const ofTheMethod = ['95', '2.5']

test.each([
  ['the final of a finished run', finished, 'final'],
  ['the control', finished, 'control'],
  ['an attempt', finished, 'attempt-2'],
  ['a run without a final evaluation', reportData({ finished: false }), 'attempt-1'],
  ['the second of three seeds, with items in groups', reportData({ seeds: 3, groupSize: 4 }), 'final-s2'],
])('every number of the card of %s is in report.json', (_, data, model) => {
  const known = new Set([...written(JSON.parse(reportJson(data))), ...ofTheMethod])
  for (const of of ['adapter', 'merged', 'gguf'] as const) {
    const numbers = numbersOf(cardOf(data, model, of))
    expect(numbers.length).toBeGreaterThan(20)
    expect(numbers.filter((number) => !known.has(number))).toEqual([])
  }
})

test('another number in report.json is another number in the card', () => {
  const data = structuredClone(finished)
  const facts = data.studentModels.find(({ studentModel }) => studentModel === 'final')!
  const before = cardOf(data)
  facts.training!.rows += 4321
  const changed = numberText(facts.training!.rows)
  expect(before).not.toContain(changed)
  expect(cardOf(data)).toContain(changed)
})

test('rows that an attempt took over from the one before were not admitted from its own candidates', () => {
  const data = structuredClone(finished)
  const { datasetHash } = data.studentModels.find(({ studentModel }) => studentModel === 'final')!.training!
  const dataset = data.datasets.find((each) => each.datasetHash === datasetHash)!
  Object.assign(dataset, { rows: 40, generated: 27, admitted: 21, carriedOver: 19 })
  expect(cardOf(data)).toContain(': 21 admitted of 27 candidates, 19 from the attempts before.')
  Object.assign(dataset, { generated: 50, admitted: 40, carriedOver: 0 })
  expect(cardOf(data)).toContain(': 40 admitted of 50 candidates. ')
})

test('the front matter says of what, with what, and how right, as the hub reads it', () => {
  const data = finished
  const read = (of: CardOf) => parse(/^---\n(.*?)\n---\n/s.exec(cardOf(data, 'final', of))![1]!)
  expect(read('adapter')).toMatchObject({
    base_model: 'org/small-one',
    base_model_relation: 'adapter',
    library_name: 'peft',
    license: 'apache-2.0',
    pipeline_tag: 'text-generation',
    tags: expect.arrayContaining(['syllabus', 'lora', data.task!.id]),
  })
  expect(read('gguf')).toMatchObject({ base_model_relation: 'quantized', library_name: 'gguf' })
  const [result] = read('merged')['model-index'][0].results
  const share = data.sealed!.test.find(({ studentModel }) => studentModel === 'final')!.parts[data.sealed!.parts[0]!]!
  expect(result.metrics[0].value).toBe(share[data.task!.primary].share)
})

test('it says what was measured, what was forgotten, what it is made of, its limits, its licence and how to check it', () => {
  const data = finished
  const card = cardOf(data)
  for (const heading of ['This model', 'What was forgotten', 'Data', 'Recipe', 'Use', 'Limits', 'Licence', 'Check it'])
    expect(card).toContain(`\n## ${heading}\n`)
  expect(card).toContain(
    data.studentModels.find(({ studentModel }) => studentModel === 'final')!.training!.adapterHash!,
  )
  expect(card).toContain(`npx syllabus bundle ${data.run.runId}`)
  expect(card).toContain('npx syllabus verify')
  expect(card).toContain(data.conclusion.improved.sentence.slice(0, 20))
  expect(
    modelCard(data, {
      model: 'final',
      base: { ...base, licence: null, hubName: null },
      of: 'adapter',
      files: [],
      at: '.',
    }),
  ).toContain('is not known here')
})
