import { describe, expect, test } from 'vitest'
import type { TrainingRow } from '../../../schemas/task.ts'
import { importFolder, sharedGroups, times } from '../../support/import-folder.ts'

type Record = { [key: string]: string | number }

/** A record with SciBench's fields: all strings, stray spaces and CRLF inside. */
function problem(text: string, change: Record = {}): Record {
  return {
    problem_text: `${text}\r\n What is the result? `,
    answer_latex: ' 50.7',
    answer_number: '50.7',
    unit: '$\\mathrm{atm}$ ',
    source: 'book',
    problemid: ` e${text}`,
    comment: ' ',
    ...change,
  }
}
const book = (name: string, count: number) => times(count, (index) => problem(`${name} ${index}`))

describe('scibench', () => {
  test('counts questions by book, divides each 1:3, and keeps the worked solutions for examples', async () => {
    await using folder = await importFolder()
    await folder.put('src/atkins.json', book('atkins', 24))
    await folder.put('src/stat.json', book('stat', 16))
    await folder.put(
      'src/atkins_sol.json',
      times(5, (index) => problem(`solved ${index}`, { solution: 'As $p=nRT/V$, it is 50.7.\r\n' })),
    )
    const { log, counts, task, items, read } = await folder.import('scibench', `${folder.path}/src`)
    expect(log).toMatchObject({ read: 45, kept: 40 })
    expect(counts).toMatchObject({ validation: 10, test: 30, solutions: 5, example: 0, dropped: 0 })
    const inValidation = (skill: string) => task.validation.filter((item) => item.skill === skill).length
    expect([inValidation('atkins'), inValidation('stat')]).toEqual([6, 4])
    expect(new Set(items.map(({ id }) => id)).size).toBe(40)
    const examples = await read<TrainingRow[]>('few-shot.json')
    expect(examples).toHaveLength(3)
    for (const { input, output } of examples) {
      expect(input).toContain('solved')
      expect(output).toMatch(/The answer is therefore \\boxed\{50\.7\}\.$/)
    }
    expect(log.notes).toEqual(['These books are missing: calculus, chemmc, class, diff, fund, matter, quan, thermo.'])
  })

  test('an item is named by file and index, because source and problem id are not unique; equal ids stay together', async () => {
    await using folder = await importFolder()
    const parts = times(30, (index) => problem(`part ${index}`, { problemid: ` 5.8-${index % 10}` }))
    const source = await folder.put('quan.json', parts)
    const { task, items, counts } = await folder.import('scibench', source)
    expect(counts.validation + counts.test + counts.example).toBe(30)
    expect(items.every(({ id, skill }) => /^quan-\d+$/.test(id) && skill === 'quan')).toBe(true)
    expect(sharedGroups(task.validation, task.test)).toEqual([])
    expect(new Set(items.map(({ group }) => group)).size).toBeLessThanOrEqual(10)
  })

  test('the power of ten of a unit goes to the gold where something follows it, and not where nothing does', async () => {
    await using folder = await importFolder()
    const rows = [
      problem('rescaled', { answer_number: '7', unit: '$10^7 \\mathrm{~km}$' }),
      problem('bare', { answer_number: '1.5', unit: '$10^{-3}$' }),
      problem('blank', { answer_number: '+3.60', unit: ' ' }),
      problem('zero', { answer_number: '0' }),
      ...book('more', 20),
    ]
    const source = await folder.put('fund.json', rows)
    const { task, items, read } = await folder.import('scibench', source)
    const all = [
      ...items,
      ...(await read<TrainingRow[]>('few-shot.json')).map((row) => ({ ...row, answer: row.output })),
    ]
    const of = (text: string) => all.find(({ input }) => input.includes(text))!
    expect(of('rescaled').input).toMatch(/The unit of the answer is \$?\s*\\mathrm\{~km\}\$\.$/)
    expect(of('rescaled').answer).toContain('7')
    expect(of('rescaled').answer).toContain('10^{7}')
    expect(of('bare').input).toContain('The unit of the answer is $10^{-3}$.')
    expect(of('bare').answer).not.toContain('10^')
    expect(of('blank').input).not.toContain('unit')
    expect(task.departures.join()).toMatch(/unit is blank/)
  })

  test('golds that the official scorer never matches are kept and named; missing ones and words are left out', async () => {
    await using folder = await importFolder()
    const rows = [
      problem('comma', { answer_number: '89,034.79' }),
      problem('minus', { answer_number: '\u22122' }),
      problem('none', { answer_number: ' ' }),
      problem('word', { answer_number: 'a lot' }),
      problem('no text', { problem_text: '\r\n' }),
      ...book('more', 20),
    ]
    const source = await folder.put('diff.json', rows)
    const { log } = await folder.import('scibench', source)
    expect(log.notes.join()).toContain('never match: diff[0], diff[1]')
    expect(log).toMatchObject({ read: 25, kept: 22 })
    expect(Object.fromEntries(log.dropped)).toEqual({
      'no answer_number': 1,
      'no problem_text': 1,
      'the scorer scibench cannot match the answer': 1,
    })
    expect(log.listed.map(({ where }) => where).sort()).toEqual(['diff-3', 'diff.json[2]', 'diff.json[4]'])
  })

  test('an answer that came back from another tool as a number is its text', async () => {
    await using folder = await importFolder()
    const records = times(12, (index) => problem(`n${index}`, { answer_number: index + 0.5 }))
    const source = await folder.put('quan.json', records)
    const { items, log } = await folder.import('scibench', source)
    expect(log).toMatchObject({ read: 12, kept: 12 })
    expect(items.every(({ answer }) => /^\d+\.5$/.test(answer))).toBe(true)
  })

  test('a copy of the whole repository is found too; a folder without a book is refused', async () => {
    await using folder = await importFolder()
    await folder.put('repo/dataset/original/calculus.json', book('calculus', 20))
    await folder.put('repo/dataset/img/atkins.json', book('picture', 20))
    await folder.put('none/readme.md', 'no book')
    const { log } = await folder.import('scibench', `${folder.path}/repo`)
    expect(log.read).toBe(20)
    expect((await folder.refused('scibench', `${folder.path}/none`)).what).toBe('No file of SciBench is there')
  })
})
