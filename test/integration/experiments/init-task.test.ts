import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { checkTask } from '../../../experiments/checks/task/check-task.ts'
import { type InitPlan, initTask, nextSteps } from '../../../experiments/init-task.ts'
import { readTask } from '../../../tasks/load.ts'
import { jsonLines, times } from '../../support/import-folder.ts'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'syllabus-init-'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

type Options = Record<string, string>

async function begun(rows: readonly object[], options: Options = {}, more: Partial<InitPlan> = {}) {
  const file = join(dir, 'own.jsonl')
  await writeFile(file, jsonLines(rows))
  const plan = { seed: 1, audit: 0, seeds: 0, options, hasGpu: false, signal: new AbortController().signal, ...more }
  const result = await initTask(join(dir, 'own'), file, plan)
  return { ...result, task: await readTask(join(dir, 'own')) }
}

const labelled = (labels: readonly string[]) =>
  times(120, (index) => ({
    ticket: `Message ${index} about case ${index * 7}`,
    queue: labels[index % labels.length]!,
    channel: ['mail', 'chat'][index % 2]!,
  }))
const columns = { question: 'ticket', answer: 'queue' }

test.each([
  ['two words', ['spam', 'ham'], 32],
  ['words with capitals and blanks', ['Needs review', 'Approved', 'Rejected'], 32],
  ['other letters', ['ja', 'nein', 'vielleicht später'], 48],
  ['five queues', ['Billing', 'Shipping', 'Returns', 'Account', 'Technical'], 32],
])('labels (%s) are named in the instruction, are skills, and bound the replies', async (_, labels, tokens) => {
  const { task, labels: found } = await begun(labelled(labels), columns)
  expect(found).toEqual(labels.toSorted())
  for (const label of labels) expect(task.instruction).toContain(label)
  expect(task.skills.length).toBeGreaterThan(1)
  expect(task.inference.max_new_tokens).toBe(tokens)
  expect(task.scorer).toMatchObject({ name: 'exact', primary: 'lenient' })
  expect(new Set(task.fewShot.map(({ output }) => output))).toEqual(new Set(labels))
})

test('labels that differ in case, spacing or marks alone are one, as the file writes it most often', async () => {
  const rows = labelled([
    'positive',
    'negative',
    'positive',
    'Negative',
    'positive',
    'negative.',
    'Positive',
    'negative',
  ])
  const { task, labels, spellings } = await begun(rows, columns)
  expect(labels).toEqual(['negative', 'positive'])
  expect(spellings).toEqual({ Negative: 'negative', 'negative.': 'negative', Positive: 'positive' })
  expect(task.instruction).toBe('Answer with one of these and nothing else: negative, positive.')
  const lines = (await readFile(join(dir, 'own', task.splits.validation.file), 'utf8')).trim().split('\n')
  const golds = lines.map((line) => JSON.parse(line).answer)
  expect(new Set(golds)).toEqual(new Set(labels))
})

test.each([
  ['what a processor answers in minutes', {}, 800],
  ['what a person wants', { items: 100 }, 100],
])('of a large file the splits hold %s', async (_, more, most) => {
  const rows = times(1000, (index) => ({ question: `What is ${index} and ${index}?`, answer: String(2 * index) }))
  const { counts, log } = await begun(rows, {}, more)
  expect([counts.validation, counts.test]).toEqual([most / 4, (3 * most) / 4])
  expect(log.notes.join()).toMatch(/ questions are not used: \d+ are enough to measure with \(task init --items\)/)
})

test.each([
  [
    'numbers',
    times(60, (index) => ({ question: `What is ${index} and ${index}?`, answer: String(2 * index) })),
    {},
    64,
  ],
  [
    'worked numbers',
    times(60, (index) => ({ question: `What is ${index} and ${index}?`, answer: String(2 * index) })),
    { scorer: 'numeric' },
    256,
  ],
  [
    'sentences',
    times(60, (index) => ({ question: `Who is ${index}?`, answer: `Person ${index} ${'who knows. '.repeat(20)}` })),
    {},
    256,
  ],
  [
    'letters of choices',
    times(60, (index) => ({ question: `Which ${index}?`, choices: ['a', 'b'], answer: index % 2 })),
    {},
    256,
  ],
])(
  'what is no label (%s) has an instruction to be written, and replies of its length',
  async (name, rows, options: Options, tokens) => {
    const { task, labels, todos } = await begun(rows, options)
    expect(labels).toEqual([])
    expect(todos.map(({ key }) => key)).toEqual(['description', 'goal', 'instruction'])
    expect(task.inference.max_new_tokens, name).toBe(tokens)
  },
)

test('a GPU keeps the sizes of the paper', async () => {
  const { task } = await begun(labelled(['yes', 'no']), columns, { hasGpu: true })
  expect({ rows: task.rows.target, batch: task.inference.batch_size, tokens: task.inference.max_new_tokens }).toEqual({
    rows: 2000,
    batch: 128,
    tokens: 32,
  })
})

test('what is still to be written is named by line, and noted until its remark is removed', async () => {
  const { task, file, todos } = await begun(labelled(['yes', 'no']), columns)
  const text = await readFile(file, 'utf8')
  for (const { line, key } of todos)
    expect(
      text
        .split('\n')
        .slice(line - 2, line)
        .join('\n'),
    ).toMatch(new RegExp(`^${key}: >-\n {2}\\S`))
  const next = nextSteps('own', { file: 'own/task.yaml', todos })
  expect(next).toMatch(
    /^Next: in own\/task\.yaml, write lines \d+ \(description\), \d+ \(goal\); then: npx syllabus task check own$/,
  )
  const noted = async () =>
    (await checkTask(await readTask(task.dir))).find(({ name }) => name === 'task.yaml is written')!
  expect((await noted()).notes).toHaveLength(2)
  expect((await noted()).problems).toEqual([])
  await writeFile(file, text.replaceAll(/^# TODO.*\n/gm, ''))
  expect((await noted()).notes).toEqual([])
})

test('a table without a line of names asks for one', async () => {
  const [first, ...rows] = labelled(['a', 'b', 'c', 'd'])
  const table = rows.map(({ ticket, queue }) => ({ [first!.ticket]: ticket, [first!.queue]: queue }))
  await expect(begun(table)).rejects.toThrow(/first line looks like a record.*question,answer/)
})

test('a file with too few questions says how many it takes', async () => {
  const few = (count: number) => labelled(['yes', 'no']).slice(0, count)
  await expect(begun(few(4), columns)).rejects.toThrow(/Give at least 5 questions/)
  expect((await begun(few(5), columns)).task.fewShot).toHaveLength(3)
})

test.each([
  [
    {},
    /No column is known to hold the questions; the columns are 'ticket', 'queue', 'channel'.*--question ticket --answer queue/,
  ],
  [{ question: 'ticket' }, /No column is known to hold the answers.*--answer queue/],
])(
  'a file of which nobody knows the columns (%j) is refused with columns that may be meant',
  async (options: Options, message) => {
    await expect(begun(labelled(['a', 'b', 'c', 'd']), options)).rejects.toThrow(message)
  },
)
