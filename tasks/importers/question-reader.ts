// Where the question of a record is: in a column, in an instruction with its input, in turns of a chat, in a pair of texts.

import { isObject } from '../../schemas/bounded-json.ts'
import { TaskError } from '../task-error.ts'
import { asQuestion, isByAssistant, isChat, systemText, type Turn, turnsOf } from './chat-turns.ts'
import type { ImportOptions } from './importer.ts'
import { fold, isEmptyValue, type RecordSample, usualNames } from './record-sample.ts'
import { type FieldValues, structured, textIn } from './record-values.ts'

/** What comes before a question (an instruction, a system text), and the question itself. */
export type QuestionText = { preamble: string; body: string; turns?: readonly Turn[] }
export type QuestionReader = {
  used: Record<string, string>
  read: (row: FieldValues) => QuestionText | string
  isAnswered: boolean
}

/** Two texts that are the question together, where no column is. */
const pairs = [
  ['premise', 'hypothesis'],
  ['sentence1', 'sentence2'],
  ['question1', 'question2'],
  ['text1', 'text2'],
] as const

/** How the question of each record is read. @throws TaskError where no column is known to hold it */
export function questionReader(sample: RecordSample, options: ImportOptions, path: string | null): QuestionReader {
  const chat = options.question === undefined ? chatColumn(sample) : undefined
  if (chat !== undefined) return chatReader(sample, chat, options)
  const own =
    options.question ?? sample.find(usualNames.question, new Set(options.answer === undefined ? [] : [options.answer]))
  const pair = pairs
    .map((pair) => pair.flatMap((name) => sample.columns.get(name) ?? []))
    .find(({ length }) => length === 2)
  if (
    options.question === undefined &&
    pair !== undefined &&
    (own === undefined || pair.includes(own) || !/^(?:question|prompt)$/.test(fold(own)))
  ) {
    const read = (row: FieldValues) => ({
      preamble: '',
      body: pair.map((column) => `${column}: ${textIn(row[column]) ?? ''}`).join('\n'),
    })
    return { used: { question: pair[0]!, 'question, second part': pair[1]! }, read, isAnswered: false }
  }
  if (own === undefined) {
    // A file without one record that can be read says so by its records.
    if (sample.all.size === 0 || path === null) return { used: {}, read: () => 'no question', isAnswered: false }
    throw new TaskError(
      `No column is known to hold the questions; the columns are ${sample.list}`,
      path,
      sample.naming('--question'),
    )
  }
  const isAlpaca = options.question === undefined && fold(own) === 'instruction' && sample.columns.has('input')
  const body = isAlpaca ? sample.columns.get('input')! : own
  const system = sample.find(usualNames.system)
  const history = sample.columns.get('history')
  const read = (row: FieldValues): QuestionText | string => {
    const asked = bodyOf(row[body])
    if (typeof asked === 'string') return asked
    const preamble = [system && textIn(row[system]), isAlpaca && textIn(row[own]), asked.preamble]
    const earlier = history === undefined ? '' : historyText(row[history])
    const last = asked.body === '' || earlier === '' ? asked.body : `User: ${asked.body}`
    return {
      preamble: preamble.filter((part) => typeof part === 'string' && part !== '').join('\n'),
      body: [earlier, last].filter((part) => part !== '').join('\n'),
    }
  }
  return {
    used: {
      ...(isAlpaca && { instruction: own }),
      question: body,
      ...(system !== undefined && { system }),
      ...(history !== undefined && { 'earlier turns': history }),
    },
    read,
    isAnswered: false,
  }
}

/** A text, turns, or an object that has the text (Natural Questions' `text`, CommonsenseQA's `stem`). */
function bodyOf(value: unknown): QuestionText | string {
  const known = isChat(value) ? value : structuredChat(value)
  if (known !== null) {
    const turns = turnsOf(known)
    return typeof turns === 'string' ? turns : { preamble: systemText(turns), body: asQuestion(turns) }
  }
  const text = isObject(value) ? (textIn(value.stem) ?? textIn(value.text) ?? textIn(value.question)) : textIn(value)
  return text === null && !isEmptyValue(value) ? 'the question is no text' : { preamble: '', body: text ?? '' }
}

export function structuredChat(value: unknown): Record<string, unknown>[] | null {
  const known = structured(value)
  return isChat(known) ? known : null
}

/** LLaMA-Factory's earlier turns: pairs of a user's and a model's text. */
function historyText(value: unknown): string {
  const known = structured(value)
  if (!Array.isArray(known)) return ''
  return known
    .filter(Array.isArray)
    .map(([user, assistant]) => `User: ${textIn(user) ?? ''}\nAssistant: ${textIn(assistant) ?? ''}`)
    .join('\n')
}

const chatColumn = (sample: RecordSample): string | undefined =>
  usualNames.chat
    .flatMap((name) => sample.columns.get(name) ?? [])
    .find((column) => sample.most(column, (value) => structuredChat(value) !== null))

/** The last turn of the assistant is the answer, the turns before it are the question, unless the answers have a column of their own. */
function chatReader(sample: RecordSample, column: string, options: ImportOptions): QuestionReader {
  const endsAnswered = sample.most(column, (value) => isByAssistant(structuredChat(value)?.at(-1)))
  const hasAnswers = sample.find(usualNames.answer, new Set([column])) !== undefined
  const isAnswered = options.answer === undefined && (endsAnswered || !hasAnswers)
  const system = sample.find(usualNames.system)
  const read = (row: FieldValues): QuestionText | string => {
    const chat = structuredChat(row[column])
    if (chat === null) return isEmptyValue(row[column]) ? 'no question' : `${column} is no list of turns`
    const turns = turnsOf(chat)
    if (typeof turns === 'string') return turns
    const end = isAnswered ? turns.findLastIndex(({ role }) => role === 'assistant') : turns.length
    if (end < 0) return 'no answer'
    const before = turns.slice(0, end)
    if (!before.some(({ role, text }) => role === 'user' && text.trim() !== '')) return 'no question'
    const preamble = [system && textIn(row[system]), systemText(before)].filter((part) => part)
    return { preamble: preamble.join('\n'), body: asQuestion(before), turns: turns.slice(end) }
  }
  const used: Record<string, string> = { [isAnswered ? 'question and answer' : 'question']: column }
  return { used: { ...used, ...(system !== undefined && { system }) }, read, isAnswered }
}
