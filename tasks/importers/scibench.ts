import { basename } from 'node:path'
import type { TrainingRow } from '../../schemas/task.ts'
import { scorerNamed } from '../scorers/mod.ts'
import { scibenchGold, shownUnit } from '../scorers/scibench.ts'
import { TaskError } from '../task-error.ts'
import type { ImportLog } from './import-log.ts'
import { type Importer, type SourceItem, skillName, textOf } from './importer.ts'
import { loggedRecords, readRecords } from './records.ts'
import { fileInFolder, innerFolder, isFolder } from './source-file.ts'

/** SciBench's ten books; `<book>.json` holds the questions, `<book>_sol.json` those with worked solutions. */
const books: Readonly<Record<string, string>> = {
  atkins: 'Physical chemistry.',
  calculus: 'Calculus.',
  chemmc: 'Quantum chemistry.',
  class: 'Classical mechanics.',
  diff: 'Differential equations.',
  fund: 'Fundamentals of physics.',
  matter: 'Chemistry of matter.',
  quan: 'Quantum chemistry, second book.',
  stat: 'Probability and statistics.',
  thermo: 'Chemical thermodynamics.',
}

const instruction =
  'Solve the problem step by step. The unit of the answer is given; do not repeat it in the box. Give the number as a decimal, ' +
  'or as a x 10^k where it is very large or small, and end with: The answer is therefore \\boxed{X.XXX}.'

/** A record's question with the unit that SciBench shows, or without where the unit is blank. */
function questionOf(text: string, unit: string): string {
  const shown = shownUnit(unit).trim()
  return `Question: ${text.trim()}${shown === '' ? '' : ` The unit of the answer is ${shown}.`}`
}

async function* bookFiles(source: string, suffix: string): AsyncGenerator<{ book: string; path: string }> {
  if (!(await isFolder(source))) {
    if (suffix === '') yield { book: basename(source, '.json'), path: source }
    return
  }
  const inner = await innerFolder(source, ['dataset', 'original'])
  for (const book of Object.keys(books)) {
    const path = await fileInFolder(inner, `${book}${suffix}.json`)
    if (path !== null) yield { book, path }
  }
}

async function* items(source: string, log: ImportLog): AsyncGenerator<SourceItem> {
  const found = new Set<string>()
  const scorer = (await scorerNamed('scibench'))!
  const unmatchable: string[] = []
  for await (const { book, path } of bookFiles(source, '')) {
    found.add(book)
    let index = -1
    for await (const record of readRecords(path)) {
      index += 1
      log.read += 1
      if ('problem' in record) {
        log.drop(record.where, record.problem)
        continue
      }
      const [problem, number, unit] = [record.value.problem_text, record.value.answer_number, record.value.unit].map(
        textOf,
      )
      if (problem!.trim() === '') log.drop(record.where, 'no problem_text')
      else if (number!.trim() === '') log.drop(record.where, 'no answer_number')
      else {
        const answer = scibenchGold(number!, unit!)
        const { strict, lenient } = scorer.score(scorer.inForm(answer), answer)
        if (lenient && !strict) unmatchable.push(`${book}[${index}]`)
        // One file of several books says the book of each record.
        const source = textOf(record.value.source).trim()
        const own = Object.hasOwn(books, source) ? source : book
        // The book's own number of a problem is shared by its parts; source and number together are still not unique.
        const problemId = textOf(record.value.problemid).trim()
        const group = problemId === '' ? null : `${own}:${problemId}`
        yield {
          id: `${book}-${index}`,
          skill: skillName(own),
          group,
          input: questionOf(problem!, unit!),
          answer,
          key: `scibench:${book}:${index}`,
        }
      }
    }
  }
  if (found.size === 0) {
    throw new TaskError(
      'No file of SciBench is there',
      source,
      'Point at the folder dataset/original with atkins.json and the others.',
    )
  }
  const missing = (await isFolder(source)) ? Object.keys(books).filter((book) => !found.has(book)) : []
  if (missing.length > 0) log.note(`These books are missing: ${missing.join(', ')}.`)
  if (unmatchable.length > 0) log.note(`Golds that the official scorer can never match: ${unmatchable.join(', ')}.`)
}

async function solutions(source: string, log: ImportLog): Promise<TrainingRow[]> {
  const rows: TrainingRow[] = []
  for await (const { path } of bookFiles(source, '_sol')) {
    for await (const { where, value } of loggedRecords(path, log)) {
      const { problem_text: problem, solution, answer_number: number, unit } = value
      const gold = scibenchGold(textOf(number), textOf(unit))
      if (textOf(problem).trim() === '' || textOf(solution).trim() === '' || gold === '') {
        log.drop(where, 'no worked solution')
        continue
      }
      const output = `${textOf(solution).trim()}\nThe answer is therefore \\boxed{${gold}}.`
      rows.push({ instruction, input: questionOf(textOf(problem), textOf(unit)), output })
    }
  }
  return rows
}

export const scibenchImporter: Importer = {
  name: 'scibench',
  source: `the folder dataset/original of the published repository, or one book's file`,
  items,
  solutions,
  profile: () => ({
    title: 'SciBench',
    description:
      'College problems from ten textbooks of mathematics, physics and chemistry. Each has one numeric answer in a given unit.',
    goal: 'Write training rows from which a small student learns to reason through such problems and to end with \\boxed{number}.',
    instruction,
    scorer: { name: 'scibench', primary: 'strict', options: {} },
    skills: books,
    departures: ['Where the published unit is blank, the question does not speak of one.'],
  }),
}
