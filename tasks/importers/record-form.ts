// How the records of one file are read: which columns hold the question, what belongs to it, and the answers. It is chosen once for a file, by what
// its first records have, and never from one record to the next: a record without an answer has none, whatever else it holds.
import { lastBoxed } from '../scorers/box.ts'
import { TaskError } from '../task-error.ts'
import { asQuestion, isByAssistant, isChat, systemText, type Turn, turnsOf } from './chat-turns.ts'
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
import { acceptedAnswers, contextText, isObject, type Row, structured, textIn } from './record-values.ts'
import { readRecords } from './records.ts'

/** A question with its answers as a record has them; `context` is the text that others may share. */
export type ReadRecord = { question: string; golds: [string, ...string[]]; context: string | null }

export type RecordForm = {
  /** The columns that are read, by what they are read as. */
  used: Readonly<Record<string, string>>
  /** What the form asks for, and the scorer of it, where it is more than a plain answer. */
  instruction: string
  scorer: { name: string; options: Record<string, string> }
  /** What a person should know of how the records were read. */
  notes: readonly string[]
  /** The question with its answers, or why there is none. */
  read: (row: Row) => ReadRecord | string
}

/** Names that public sets give to columns, by preference; without case, blanks and underscores. */
const names = {
  chat: ['messages', 'conversations', 'conversation', 'dialog', 'turns'],
  question:
    `question problem prompt instruction input content query problemtext questioncontent questiontext questionstem stem ctx goal
    sentence text claim statement userprompt user startphrase sent1 dialogue document article q`.split(/\s+/),
  answer:
    `answer goldanswer gold correctanswer bestanswer expectedanswer finalanswer groundtruth answers answersspans shortanswers shortanswer
    possibleanswers answernumber target targets expectedoutput expected output completion response chosen reply reference solution summary finaldecision ans a
    labeltext labelname label labels annotations`.split(/\s+/),
  further: [
    'aliases',
    'answeraliases',
    'acceptedanswers',
    'correctanswers',
    'possibleanswers',
    'answers',
    'alternatives',
  ],
  context: [
    'context',
    'contexts',
    'passage',
    'paragraph',
    'article',
    'story',
    'support',
    'background',
    'document',
    'premise',
  ],
  choices: ['choices', 'options', 'endings', 'candidates', 'answerchoices', 'mc1targets', 'mc1'],
  choice:
    `answerkey answeridx answerindex correctanswerindex correctindex correctidx correctoption correctchoice correctletter answerletter cop
    correct label gold goldindex target correctanswer answer labels mc1targets mc1`.split(/\s+/),
  pointer: ['label', 'answerkey', 'answerindex', 'answeridx', 'correctindex', 'correctidx', 'correct'],
  system: ['system', 'systemprompt'],
  impossible: ['isimpossible', 'unanswerable'],
}
const wrongAnswer = /^(?:incorrect|wrong)answers?\d*$|^distractors?\d*$/
/** Two texts that are the question together, where no column is. */
const pairs = [
  ['premise', 'hypothesis'],
  ['sentence1', 'sentence2'],
  ['question1', 'question2'],
  ['text1', 'text2'],
] as const

/** Records that are looked at before the first is read. */
const maxLooked = 1000
/** Characters of the records looked at, which are held: those of Natural Questions have a page each. */
const maxLookedChars = 16_000_000
const scorerLetters = 10

const fold = (name: string): string => name.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '')
const isEmpty = (value: unknown): boolean =>
  value === null ||
  value === undefined ||
  (typeof value === 'string' && value.trim() === '') ||
  (Array.isArray(value) && value.length === 0)

/** The first records of a file, and their columns by folded name. */
class Sample {
  readonly rows: Row[] = []
  readonly columns = new Map<string, string>()
  readonly all = new Set<string>()

  add(row: Row): void {
    this.rows.push(row)
    for (const name of Object.keys(row)) {
      this.all.add(name)
      if (!this.columns.has(fold(name))) this.columns.set(fold(name), name)
    }
  }

  /** The first of the names that some record has a value for, else that some record has at all. */
  find(wanted: readonly string[], taken: ReadonlySet<string> = new Set()): string | undefined {
    const present = wanted.flatMap((name) => this.columns.get(name) ?? []).filter((column) => !taken.has(column))
    return present.find((column) => this.rows.some((row) => !isEmpty(row[column]))) ?? present[0]
  }

  /** Whether this holds of most of the records that have a value there. */
  most(column: string, holds: (value: unknown) => boolean): boolean {
    const values = this.rows.map((row) => row[column]).filter((value) => !isEmpty(value))
    return values.length > 0 && values.filter(holds).length * 2 > values.length
  }

  get list(): string {
    return [...this.all]
      .slice(0, 20)
      .map((name) => `'${name}'`)
      .join(', ')
  }
}

async function sampleOf(path: string): Promise<Sample> {
  const sample = new Sample()
  let chars = 0
  for await (const record of readRecords(path)) {
    if (!('value' in record)) continue
    sample.add(record.value)
    chars += sizeOf(record.value)
    if (sample.rows.length >= maxLooked || chars > maxLookedChars) break
  }
  return sample
}

function sizeOf(value: unknown): number {
  if (typeof value === 'string') return value.length
  if (typeof value !== 'object' || value === null) return 8
  return Object.values(value).reduce((sum: number, member) => sum + sizeOf(member), 8)
}

/** What comes before a question (an instruction, a system text), and the question itself. */
type Asked = { preamble: string; body: string; turns?: readonly Turn[] }
type QuestionReader = { used: Record<string, string>; read: (row: Row) => Asked | string; isAnswered: boolean }

/**
 * `areWhole`: answers that are worked solutions stay as they are, not their last lines alone.
 *
 * @throws {TaskError} naming the columns where none of them holds the questions, or the answers.
 */
export async function recordFormOf(path: string, options: ImportOptions, areWhole = false): Promise<RecordForm> {
  const sample = await sampleOf(path)
  const question = questionReader(sample, options, path)
  const taken = new Set(Object.values(question.used))
  const contextColumn = sample.find(contextNames(sample), taken)
  const hasContext =
    contextColumn !== undefined &&
    contextColumn !== options.answer &&
    sample.rows.some((row) => contextText(structured(row[contextColumn])) !== null)
  if (hasContext) taken.add(contextColumn)
  const answer = answerReader(sample, question, options, taken, path, areWhole)
  const impossible = sample.find(names.impossible)
  const used = {
    ...question.used,
    ...(hasContext && { context: contextColumn }),
    ...answer.used,
    ...(impossible !== undefined && { 'no answer': impossible }),
  }
  const common = options.instruction?.trim() ?? commonPreamble(sample, question)
  const read = (row: Row): ReadRecord | string => {
    const asked = question.read(row)
    if (typeof asked === 'string') return asked
    if (impossible !== undefined && isTrue(row[impossible])) return 'marked as a question without an answer'
    const context = hasContext ? contextText(structured(row[contextColumn])) : null
    const preamble = asked.preamble === common ? '' : asked.preamble
    const whole = [preamble, asked.body].filter((part) => part !== '').join('\n') || asked.preamble
    if (whole === '') return 'no question'
    const inContext = context === null ? whole : `Context:\n${context}\n\nQuestion: ${whole}`
    const found = answer.read(row, whole, asked)
    if (typeof found === 'string') return found
    const listed = found.choices.map((text, at) => `\n${letterOf(at)}. ${text}`).join('')
    return { question: `${inContext}${listed === '' ? '' : `\n${listed}`}`, golds: found.golds, context }
  }
  return {
    used,
    read,
    scorer: answer.scorer,
    instruction:
      options.instruction ??
      ([common, answer.instruction].filter((part) => part !== '').join(' ') || 'Answer the question.'),
    notes: answer.notes,
  }
}

/** The questions alone of a file that needs no answers; `preferred` is the column of them, where there is one of that name. */
export async function questionsOf(path: string, preferred: string): Promise<(row: Row) => string> {
  const sample = await sampleOf(path)
  const reader = questionReader(sample, sample.all.has(preferred) ? { question: preferred } : {}, null)
  return (row) => {
    const asked = reader.read(row)
    return typeof asked === 'string' ? '' : [asked.preamble, asked.body].filter((part) => part !== '').join('\n')
  }
}

/** The usual names, and those that end in one, such as `flores_passage`. */
const contextNames = ({ columns }: Sample): string[] => [
  ...names.context,
  ...[...columns.keys()].filter((name) => /(?:context|passage|paragraph)$/.test(name)),
]

const isTrue = (value: unknown): boolean => value === true || value === 1 || /^(?:true|1|yes)$/i.test(String(value))

/** The instruction that all records looked at share; it becomes the task's own and is not repeated in each question. */
function commonPreamble({ rows }: Sample, question: QuestionReader): string {
  const asked = rows.map((row) => question.read(row)).filter((each): each is Asked => typeof each !== 'string')
  const [first] = asked
  const isShared = asked.length > 1 && asked.every(({ preamble, body }) => preamble === first!.preamble && body !== '')
  return isShared ? first!.preamble : ''
}

function questionReader(sample: Sample, options: ImportOptions, path: string | null): QuestionReader {
  const chat = options.question === undefined ? chatColumn(sample) : undefined
  if (chat !== undefined) return chatReader(sample, chat, options)
  const own =
    options.question ?? sample.find(names.question, new Set(options.answer === undefined ? [] : [options.answer]))
  const pair = pairs
    .map((pair) => pair.flatMap((name) => sample.columns.get(name) ?? []))
    .find(({ length }) => length === 2)
  if (
    options.question === undefined &&
    pair !== undefined &&
    (own === undefined || pair.includes(own) || !/^(?:question|prompt)$/.test(fold(own)))
  ) {
    const read = (row: Row) => ({
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
      'Name it with --question. The first line of a CSV file has to name the columns.',
    )
  }
  const isAlpaca = options.question === undefined && fold(own) === 'instruction' && sample.columns.has('input')
  const body = isAlpaca ? sample.columns.get('input')! : own
  const system = sample.rows.some((row) => isAlpaca || row) ? sample.find(names.system) : undefined
  const history = sample.columns.get('history')
  const read = (row: Row): Asked | string => {
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
function bodyOf(value: unknown): Asked | string {
  const known = isChat(value) ? value : structuredChat(value)
  if (known !== null) {
    const turns = turnsOf(known)
    return typeof turns === 'string' ? turns : { preamble: systemText(turns), body: asQuestion(turns) }
  }
  const text = isObject(value) ? (textIn(value.stem) ?? textIn(value.text) ?? textIn(value.question)) : textIn(value)
  return text === null && !isEmpty(value) ? 'the question is no text' : { preamble: '', body: text ?? '' }
}

function structuredChat(value: unknown): Record<string, unknown>[] | null {
  const known = structured(value)
  return isChat(known) ? known : null
}

/** LLaMA-Factory's earlier turns: pairs of what the user and the model said. */
function historyText(value: unknown): string {
  const known = structured(value)
  if (!Array.isArray(known)) return ''
  return known
    .filter(Array.isArray)
    .map(([user, assistant]) => `User: ${textIn(user) ?? ''}\nAssistant: ${textIn(assistant) ?? ''}`)
    .join('\n')
}

const chatColumn = (sample: Sample): string | undefined =>
  names.chat
    .flatMap((name) => sample.columns.get(name) ?? [])
    .find((column) => sample.most(column, (value) => structuredChat(value) !== null))

/** The last turn of the assistant is the answer, the turns before it are the question, unless the answers have a column of their own. */
function chatReader(sample: Sample, column: string, options: ImportOptions): QuestionReader {
  const endsAnswered = sample.most(column, (value) => isByAssistant(structuredChat(value)?.at(-1)))
  const hasAnswers = sample.find(names.answer, new Set([column])) !== undefined
  const isAnswered = options.answer === undefined && (endsAnswered || !hasAnswers)
  const system = sample.find(names.system)
  const read = (row: Row): Asked | string => {
    const chat = structuredChat(row[column])
    if (chat === null) return isEmpty(row[column]) ? 'no question' : `${column} is no list of turns`
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

/** Answers of a record: the golds, and the choices that are to stand behind the question. */
type Answered = { golds: [string, ...string[]]; choices: readonly string[] }
type AnswerReader = Pick<RecordForm, 'used' | 'scorer' | 'instruction' | 'notes'> & {
  read: (row: Row, question: string, asked: Asked) => Answered | string
}

function answerReader(
  sample: Sample,
  question: QuestionReader,
  options: ImportOptions,
  taken: ReadonlySet<string>,
  path: string,
  areWhole: boolean,
): AnswerReader {
  const plain = { scorer: { name: options.scorer ?? 'exact', options: {} }, instruction: '', notes: [] }
  if (question.isAnswered) {
    const read = (_row: Row, _question: string, { turns = [] }: Asked) => answered([turns[0]?.text.trim() ?? ''])
    return { ...plain, used: {}, read }
  }
  const choices = choiceReader(sample, question, taken, options, path)
  if (choices !== null) return chosenReader(sample, choices, options, path)
  const column = options.answer ?? sample.find(names.answer, taken)
  if (column === undefined) {
    if (sample.all.size === 0) return { ...plain, used: {}, read: () => 'no answer' }
    const what = `No column is known to hold the answers; the columns are ${sample.list}`
    throw new TaskError(what, path, 'Name it with --answer. The first line of a CSV file has to name the columns.')
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
  sample: Sample,
  column: string,
  options: ImportOptions,
  taken: ReadonlySet<string>,
  areWhole: boolean,
): AnswerReader {
  const whole = Object.hasOwn(structuredScorers, options.scorer ?? '') ? structuredScorers[options.scorer!] : undefined
  const further = names.further
    .flatMap((name) => sample.columns.get(name) ?? [])
    .filter((each) => each !== column && !taken.has(each))
  const final =
    whole || areWhole
      ? undefined
      : finals.find(({ find }) => sample.most(column, (value) => find(textIn(value) ?? '') !== null))
  const areVerdicts = sample.most(column, (value) => typeof value === 'boolean')
  const read = (row: Row): Answered | string => {
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
    notes: final ? [`The answer is ${final.what} of '${column}'.`] : [],
    read,
  }
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
  sample: Sample,
  question: QuestionReader,
  taken: ReadonlySet<string>,
  options: ImportOptions,
  path: string,
): ChoiceReader | null {
  const listed = names.choices
    .flatMap((name) => sample.columns.get(name) ?? [])
    .find((column) => sample.most(column, (value) => choicesIn(value) !== null))
  if (listed !== undefined) return { columns: [listed], read: (row) => choicesIn(row[listed]) }
  const unread = names.choices
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
  if (inner !== undefined && sample.most(inner, (value) => isObject(value) && choicesIn(value.choices) !== null)) {
    return { columns: [inner], read: (row) => choicesIn((row[inner] as Row | null)?.choices) }
  }
  const free = [...sample.columns].filter(([name, column]) => !taken.has(column) && !wrongAnswer.test(name))
  const family = choiceFamily(new Map(free))
  if (family.length > 0) return { columns: family, read: (row) => choicesIn(family.map((column) => row[column])) }
  // ReClor calls its choices `answers`; a number beside them says which one is right.
  const answers = sample.columns.get('answers')
  if (answers === undefined || !sample.most(answers, (value) => choicesIn(value) !== null)) return null
  const reader: ChoiceReader = { columns: [answers], read: (row) => choicesIn(row[answers]) }
  const pointer = names.pointer.flatMap((name) => sample.columns.get(name) ?? [])
  return chooseGold(sample.rows, pointer, reader.read, (row, column) => row[column]) === null ? null : reader
}

/** The usual names, and then those that say that they are of the right one, such as `correct_answer_num`. */
const goldColumns = ({ columns }: Sample): string[] => [
  ...names.choice.flatMap((name) => columns.get(name) ?? []),
  ...[...columns].filter(([name]) => /^(?:correct|right|gold)/.test(name)).map(([, column]) => column),
]

function chosenReader(sample: Sample, choices: ChoiceReader, options: ImportOptions, path: string): AnswerReader {
  const columns = options.answer === undefined ? goldColumns(sample) : [options.answer]
  const answerIn = (row: Row, column: string): unknown => {
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
  const read = (row: Row): Answered | string => {
    const found = choices.read(row)
    if (found === null) return 'the choices cannot be read'
    const value = answerIn(row, gold.column)
    if (isEmpty(value)) return 'no answer'
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

const letterInstruction = 'Answer with the letter of the right choice.'
const letterScorer = ({ scorer }: ImportOptions, letters: string): RecordForm['scorer'] => ({
  name: scorer ?? 'choice',
  options: (scorer ?? 'choice') === 'choice' && letters.length > scorerLetters ? { letters } : {},
})

function drawnReader(column: string, wrong: readonly string[], options: ImportOptions): AnswerReader {
  const read = (row: Row, question: string): Answered | string => {
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
