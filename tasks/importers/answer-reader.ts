// Where the answers of a record are: in a column, in its choices, or in columns of right and wrong ones.

import { isObject } from '../../schemas/bounded-json.ts'
import { present } from '../../schemas/present.ts'
import { lastBoxed } from '../scorers/answer/boxes.ts'
import { TaskError } from '../task-error.ts'
import { turnsOf } from './chat-turns.ts'
import {
  type ChoiceReader,
  choiceFamily,
  choicesIn,
  chooseGold,
  drawnChoices,
  type GoldReader,
  goldPlace,
  letterOf,
} from './choices.ts'
import type { ImportOptions } from './importer.ts'
import { type QuestionReader, type QuestionText, structuredChat } from './question-reader.ts'
import { fold, isEmptyValue, type RecordSample, usualNames, wrongAnswer } from './record-sample.ts'
import { acceptedAnswers, type FieldValues, fieldsLeft, hasSeveralParts, structured, textIn } from './record-values.ts'

/** Answers of a record: the golds, and the choices that are to stand behind the question. */
type Answered = { golds: [string, ...string[]]; choices: readonly string[] }
export type AnswerReader = {
  /** The columns that are read, by what they are read as. */
  used: Readonly<Record<string, string>>
  scorer: { name: string; options: Record<string, string> }
  /** What a reply has to be, where that is more than an answer; else empty. */
  instruction: string
  /** What a person should know of how the answers were read. */
  notes: readonly string[]
  read: (row: FieldValues, question: string, asked: QuestionText) => Answered | string
}

/** How the answer of each record is read. @throws TaskError where no column is known to hold it */
export function answerReader(
  sample: RecordSample,
  question: QuestionReader,
  options: ImportOptions,
  taken: ReadonlySet<string>,
  path: string,
  areWhole: boolean,
): AnswerReader {
  const plain = { scorer: { name: options.scorer ?? 'exact', options: {} }, instruction: '', notes: [] }
  if (question.isAnswered) {
    const read = (_row: FieldValues, _question: string, { turns = [] }: QuestionText) =>
      answered([turns[0]?.text.trim() ?? ''])
    return { ...plain, used: {}, read }
  }
  const choices = choiceReader(sample, question, taken, options, path)
  if (choices !== null) return chosenReader(sample, choices, options, path)
  const column = options.answer ?? sample.find(usualNames.answer, taken)
  if (column === undefined) {
    if (sample.all.size === 0) return { ...plain, used: {}, read: () => 'no answer' }
    const what = `No column is known to hold the answers; the columns are ${sample.list}`
    throw new TaskError(what, path, sample.naming('--answer'))
  }
  const wrong = [...sample.columns]
    .filter(([name, each]) => wrongAnswer.test(name) && each !== column)
    .map(([, each]) => each)
  if (wrong.length > 0 && !sample.columns.has('correctanswers')) return drawnReader(column, wrong, options)
  return acceptedReader(sample, column, options, taken, areWhole)
}

const answered = (golds: readonly string[], choices: readonly string[] = []): Answered | string => {
  const [first, ...others] = golds.filter((gold) => gold !== '')
  return first === undefined ? 'no answer' : { golds: [first, ...others], choices }
}

/** Scorers of which a gold is a value with parts, so that a list or an object is one gold. */
const structuredScorers: Readonly<Record<string, (value: unknown) => string | null>> = {
  'json-fields': (value) => JSON.stringify(value),
  'python-literal': (value) => JSON.stringify(value),
  cruxeval: (value) => JSON.stringify(value),
  set: (value) => acceptedAnswers(value)?.join(', ') ?? null,
}

function acceptedReader(
  sample: RecordSample,
  column: string,
  options: ImportOptions,
  taken: ReadonlySet<string>,
  areWhole: boolean,
): AnswerReader {
  const whole = Object.hasOwn(structuredScorers, options.scorer ?? '') ? structuredScorers[options.scorer!] : undefined
  const further = usualNames.further
    .flatMap((name) => sample.columns.get(name) ?? [])
    .filter((each) => each !== column && !taken.has(each))
  const final =
    whole || areWhole
      ? undefined
      : finals.find(({ find }) => sample.most(column, (value) => find(textIn(value) ?? '') !== null))
  const areVerdicts = sample.most(column, (value) => typeof value === 'boolean')
  const read = (row: FieldValues): Answered | string => {
    const value = row[column]
    if (typeof value === 'number' && !Number.isFinite(value)) return 'the answer is not a finite number'
    if (whole && typeof value === 'object' && value !== null) return answered([whole(value) ?? ''])
    const chat = structuredChat(value)
    if (chat !== null) {
      const turns = turnsOf(chat)
      return typeof turns === 'string'
        ? turns
        : answered([turns.findLast(({ role }) => role === 'assistant')?.text.trim() ?? ''])
    }
    const known = whole ? value : answerValue(value, column)
    if (hasSeveralParts(known)) return 'the answer has several parts, which --scorer set reads'
    const golds = acceptedAnswers(known)
    if (golds === null) return `the answer is an object that is not known: ${keysOf(known)}`
    if (final) return answered(golds.flatMap((gold) => final.find(gold) ?? []))
    const others =
      golds.length === 0 ? [] : further.flatMap((each) => acceptedAnswers(answerValue(row[each], each)) ?? [])
    return answered([...new Set([...golds, ...others])])
  }
  return {
    used: { answer: column, ...Object.fromEntries(further.map((each) => [`further answers (${each})`, each])) },
    scorer: { name: options.scorer ?? 'exact', options: {} },
    instruction: areVerdicts ? 'Answer with true or false.' : '',
    notes: present([
      final && `The answer is ${final.what} of '${column}'.`,
      !whole &&
        sample.rows.some((row) => (acceptedAnswers(answerValue(row[column], column)) ?? []).length > 1) &&
        `Several answers in '${column}' are each accepted; with --scorer set they are one list.`,
      !whole && fieldNotes(sample, [column, ...further]),
    ]),
    read,
  }
}

/** Fields that are named of the objects in a column. */
const maxNamedFields = 8

/** What the objects in a column hold beside the answer, which is not read. */
function fieldNotes({ rows }: RecordSample, columns: readonly string[]): string[] {
  return columns.flatMap((column) => {
    const left = [...new Set(rows.flatMap((row) => (structuredChat(row[column]) ? [] : fieldsLeft(row[column]))))]
    if (left.length === 0) return []
    const named = left.slice(0, maxNamedFields).map((name) => `'${name}'`)
    const more = left.length > named.length ? ` and ${left.length - named.length} more` : ''
    return [`Not used of the objects in '${column}': ${named.join(', ')}${more}.`]
  })
}

/** Where worked solutions end in their answer. */
const finals = [
  {
    what: "what stands behind '####'",
    find: (text: string) => /####\s*(\S.*?)\s*$/.exec(text)?.[1]?.replace(/(?<=\d),(?=\d{3})/g, '') ?? null,
  },
  {
    what: 'the content of the last box',
    find: (text: string) => (text.trim().startsWith('\\boxed') ? null : lastBoxed(text)?.trim() || null),
  },
]

/** A list of answers that a table holds as text, where the column is one of lists; a text of one answer stays as it is. */
function answerValue(value: unknown, column: string): unknown {
  const known = structured(value)
  if (isObject(known)) return acceptedAnswers(known) === null ? value : known
  return Array.isArray(known) && (Array.isArray(value) || /s$/i.test(column)) ? known : value
}

const keysOf = (value: unknown): string =>
  (isObject(value) ? Object.keys(value) : ['a list of such']).slice(0, 8).join(', ').slice(0, 100)

function choiceReader(
  sample: RecordSample,
  question: QuestionReader,
  taken: ReadonlySet<string>,
  options: ImportOptions,
  path: string,
): ChoiceReader | null {
  const listed = usualNames.choices
    .flatMap((name) => sample.columns.get(name) ?? [])
    .find((column) => sample.most(column, (value) => choicesIn(value) !== null))
  if (listed !== undefined) return { columns: [listed], read: (row) => choicesIn(row[listed]) }
  const unread = usualNames.choices
    .flatMap((name) => sample.columns.get(name) ?? [])
    .find((column) => sample.most(column, (value) => /^\s*[[{]/.test(typeof value === 'string' ? value : '')))
  if (unread !== undefined && options.answer === undefined) {
    throw new TaskError(
      `The choices in '${unread}' cannot be read`,
      path,
      'Write them as JSON: a list of texts; or name the answers with --answer.',
    )
  }
  const inner = question.used.question
  if (inner !== undefined && sample.most(inner, (value) => isObject(value) && choicesIn(value.choices) !== null))
    return { columns: [inner], read: (row) => choicesIn((row[inner] as FieldValues | null)?.choices) }
  const free = [...sample.columns].filter(([name, column]) => !taken.has(column) && !wrongAnswer.test(name))
  const family = choiceFamily(new Map(free))
  if (family.length > 0) return { columns: family, read: (row) => choicesIn(family.map((column) => row[column])) }
  // ReClor calls its choices `answers`; a number beside them says which one is right.
  const answers = sample.columns.get('answers')
  if (answers === undefined || !sample.most(answers, (value) => choicesIn(value) !== null)) return null
  const reader: ChoiceReader = { columns: [answers], read: (row) => choicesIn(row[answers]) }
  const pointer = usualNames.pointer.flatMap((name) => sample.columns.get(name) ?? [])
  return chooseGold(sample.rows, pointer, reader.read, (row, column) => row[column]) === null ? null : reader
}

/** The usual names, and then those that say that they are of the right one, such as `correct_answer_num`. */
const goldColumns = ({ columns }: RecordSample): string[] => [
  ...usualNames.choice.flatMap((name) => columns.get(name) ?? []),
  ...[...columns].filter(([name]) => /^(?:correct|right|gold)/.test(name)).map(([, column]) => column),
]

function chosenReader(sample: RecordSample, choices: ChoiceReader, options: ImportOptions, path: string): AnswerReader {
  const columns = options.answer === undefined ? goldColumns(sample) : [options.answer]
  const answerIn = (row: FieldValues, column: string): unknown => {
    const value = row[column]
    return isObject(value) && Array.isArray(value.labels) ? value.labels : value
  }
  const gold: GoldReader | null = chooseGold(
    sample.rows,
    columns.filter((column) => !choices.columns.includes(column) || fold(column).startsWith('mc1')),
    choices.read,
    answerIn,
  )
  if (gold === null) {
    const what = `No column is known to say which choice of '${choices.columns.join("', '")}' is right; the columns are ${sample.list}`
    throw new TaskError(what, path, 'Name it with --answer: a letter, a number, or the text of the choice.')
  }
  const most = Math.max(...sample.rows.map((row) => choices.read(row)?.texts.length ?? 0))
  const letters = Array.from({ length: most }, (_, at) => letterOf(at)).join('')
  const read = (row: FieldValues): Answered | string => {
    const found = choices.read(row)
    if (found === null) return 'the choices cannot be read'
    const value = answerIn(row, gold.column)
    if (isEmptyValue(value)) return 'no answer'
    const at = goldPlace(value, found, gold.naming)
    return at === null ? 'the answer is none of the choices' : answered([letterOf(at)], found.texts)
  }
  const used = choices.columns.map((column, at) => [
    choices.columns.length === 1 ? 'choices' : `choice ${letterOf(at)}`,
    column,
  ])
  return {
    used: { ...Object.fromEntries(used), answer: gold.column },
    scorer: letterScorer(options, letters),
    instruction: letterInstruction,
    notes: gold.naming.startsWith('from') ? [`The numbers in '${gold.column}' count the choices ${gold.naming}.`] : [],
    read,
  }
}

/** So many letters the scorer `choice` takes by default. */
const scorerLetters = 10
const letterInstruction = 'Answer with the letter of the right choice.'
const letterScorer = ({ scorer }: ImportOptions, letters: string): AnswerReader['scorer'] => ({
  name: scorer ?? 'choice',
  options: (scorer ?? 'choice') === 'choice' && letters.length > scorerLetters ? { letters } : {},
})

function drawnReader(column: string, wrong: readonly string[], options: ImportOptions): AnswerReader {
  const read = (row: FieldValues, question: string): Answered | string => {
    const right = textIn(row[column]) ?? ''
    const others = wrong.flatMap((each) => acceptedAnswers(structured(row[each])) ?? [])
    if (right === '') return 'no answer'
    if (others.length === 0) return 'no wrong answers to choose from'
    const { texts, gold } = drawnChoices(question, right, others)
    return answered([letterOf(gold)], texts)
  }
  return {
    used: { 'right choice': column, ...Object.fromEntries(wrong.map((each, at) => [`wrong choice ${at + 1}`, each])) },
    scorer: letterScorer(options, ''),
    instruction: letterInstruction,
    notes: ['The order of the choices is drawn from a hash of each question.'],
    read,
  }
}
