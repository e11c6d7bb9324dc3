import { basename } from 'node:path'
import { TaskError } from '../task-error.ts'
import type { ImportLog } from './import-log.ts'
import { groupOf, type Importer, type SourceItem, skillName } from './importer.ts'
import { eachItem } from './records.ts'
import { fileInFolder, innerFolder, isFolder } from './source-file.ts'

const levels = ['easy', 'medium', 'hard'] as const

async function* levelFiles(source: string): AsyncGenerator<string> {
  if (!(await isFolder(source))) {
    yield source
    return
  }
  const inner = await innerFolder(source, ['data', 'FinanceReasoning'])
  for (const level of levels) {
    const path = await fileInFolder(inner, `${level}.json`)
    if (path !== null) yield path
  }
}

/** The gold as text: Python's words for truth values, else the number. */
function goldText(value: unknown): string | null {
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  return typeof value === 'number' && Number.isFinite(value) ? String(value) : null
}

const itemsOf = eachItem(({ question, context, ground_truth: gold, question_id: questionId, level }, where, path) => {
  const answer = goldText(gold)
  if (typeof question !== 'string' || question.trim() === '') return 'no question'
  if (answer === null) return 'no ground_truth that is a number or a truth value'
  // An empty context is written as '' or as the text '[]'.
  const shared = typeof context === 'string' && !['', '[]'].includes(context.trim()) ? context.trim() : null
  const id = typeof questionId === 'string' && questionId !== '' ? questionId : where
  return {
    id,
    skill: levels.find((known) => known === level) ?? skillName(basename(path, '.json')),
    group: shared === null ? null : groupOf('context', shared),
    input: `${shared === null ? '' : `Context:\n${shared}\n\n`}Question: ${question.trim()}`,
    answer,
    key: `financereasoning:${id}`,
    seed: { question: question.trim(), context: shared ?? '' },
  }
})

async function* items(source: string, log: ImportLog): AsyncGenerator<SourceItem> {
  let files = 0
  for await (const path of levelFiles(source)) {
    files += 1
    yield* itemsOf(path, log)
  }
  if (files === 0)
    throw new TaskError(
      'No file of FinanceReasoning is there',
      source,
      'Point at the folder with easy.json, medium.json and hard.json.',
    )
}

export const financereasoningImporter: Importer = {
  name: 'financereasoning',
  source: 'the folder data/FinanceReasoning of the published repository, or one level’s file',
  items,
  profile: () => ({
    title: 'FinanceReasoning',
    description: 'Questions about finance, many on a table or a report, each with one numeric or true-or-false answer.',
    goal: 'Write training rows from which a small student learns such calculations and to end with: Therefore, the answer is X.',
    instruction:
      'Think through the problem step by step, naming the variables and their values, and end with the sentence: Therefore, the answer is {final answer}. The final answer is a number, or True or False.',
    scorer: { name: 'financereasoning', primary: 'strict', options: {} },
    skills: { easy: 'Easy questions.', medium: 'Questions of medium difficulty.', hard: 'Hard questions.' },
    departures: ['Answers are found in a reply by rule; upstream asks a language model for them.'],
  }),
}
