// How the records of one file are read: which columns hold the question, what belongs to it, and the answers. It is chosen once for a file,
// by what its first records have, and never from one record to the next: a record without an answer has none, whatever else it holds.
import { TaskError } from '../task-error.ts'
import { answerReader } from './answer-reader.ts'
import { letterOf } from './choices.ts'
import type { ImportOptions } from './importer.ts'
import { type QuestionReader, type QuestionText, questionReader } from './question-reader.ts'
import { type RecordSample, recordSampleOf, usualNames } from './record-sample.ts'
import { contextText, type FieldValues, structured } from './record-values.ts'
import { formatOf } from './source-file.ts'

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
  read: (row: FieldValues) => ReadRecord | string
}

/**
 * `areWhole`: answers that are worked solutions stay as they are, not their last lines alone.
 *
 * @throws {TaskError} naming the columns where none of them holds the questions, or the answers.
 */
export async function recordFormOf(path: string, options: ImportOptions, areWhole = false): Promise<RecordForm> {
  const sample = await recordSampleOf(path)
  const question = questionReader(sample, options, path)
  const taken = new Set(Object.values(question.used))
  const contextColumn = sample.find(contextNames(sample), taken)
  const hasContext =
    contextColumn !== undefined &&
    contextColumn !== options.answer &&
    sample.rows.some((row) => contextText(structured(row[contextColumn])) !== null)
  if (hasContext) taken.add(contextColumn)
  const answer = answerReader(sample, question, options, taken, path, areWhole)
  await refuseRecordAsNames(sample, { ...question.used, ...answer.used }, [...taken], path)
  const impossible = sample.find(usualNames.impossible)
  const used = {
    ...question.used,
    ...(hasContext && { context: contextColumn }),
    ...answer.used,
    ...(impossible !== undefined && { 'no answer': impossible }),
  }
  const common = options.instruction?.trim() ?? commonPreamble(sample, question)
  const read = (row: FieldValues): ReadRecord | string => {
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
    notes: [
      ...answer.notes,
      ...(answer.scorer.name === 'exact' && options.scorer === undefined && areNumbers(sample, read)
        ? [
            'The answers are numbers: with --scorer numeric, 4.0 and "It is 4." are right for 4, too; exact takes the text alone.',
          ]
        : []),
    ],
  }
}

const plainNumber = /^[$€£¥]?\s?[-+−]?[$€£¥]?(?!0\d)\d[\d,. '’]*(?:e[-+]?\d+|\/\d+)?\s?%?$/i
/** Fewer different numbers are labels. */
const leastNumbers = 3

/** Whether the answers of the records looked at are quantities: numbers, and not a few labels or codes in digits. */
function areNumbers({ rows }: RecordSample, read: RecordForm['read']): boolean {
  const golds = rows.map(read).flatMap((each) => (typeof each === 'string' ? [] : each.golds.slice(0, 1)))
  const numbers = golds.filter((gold) => plainNumber.test(gold))
  return numbers.length > 0.9 * golds.length && new Set(numbers).size >= leastNumbers
}

/**
 * @throws TaskError where the first line of a table is a record: a column that is read has its own name as a value, or no column has a
 * usual name and those of the question or the answer look like what is below them
 */
async function refuseRecordAsNames(
  sample: RecordSample,
  used: Readonly<Record<string, string>>,
  others: readonly string[],
  path: string,
): Promise<void> {
  const columns = new Set([...others, ...Object.values(used)])
  const same = [...columns].find((name) => sample.rows.some((row) => row[name] === name))
  const isTable = (await formatOf(path)) === 'csv'
  const like = isTable && !hasUsualName(sample) ? [...columns].find((name) => isLikeValues(sample, name)) : undefined
  if (same === undefined && like === undefined) return
  const why =
    same === undefined
      ? `The first line is a record: '${like!.slice(0, 80)}' is like what stands below it`
      : `The column '${same}' has its own name as a value, so the first line is a record`
  throw new TaskError(
    `${why}; the columns are ${sample.list}`,
    path,
    'Write a line with the names of the columns before it.',
  )
}

/** A letter may be the answer of a record. */
const wholeNames = new Set([
  ...Object.values(usualNames)
    .flat()
    .filter(({ length }) => length > 1),
  ...'id idx index nr number skill group category topic level difficulty type split source subject timestamp date notes url author title'.split(
    ' ',
  ),
])

const hasUsualName = ({ columns, all }: RecordSample): boolean =>
  [...columns.keys()].some((name) => wholeNames.has(name)) || [...all].every((name, at) => name === String(at))

/** Whether the name of a column could be one of its values: a number over numbers, or a sentence over such that end as it does. */
function isLikeValues({ rows }: RecordSample, name: string): boolean {
  const values = rows.map((row) => row[name]).filter((value) => typeof value === 'string' && value !== '') as string[]
  if (values.length === 0) return false
  if (plainNumber.test(name)) return values.every((value) => plainNumber.test(value))
  const end = endOf(name)
  return end !== null && values.filter((value) => endOf(value) === end).length * 2 > values.length
}

/** How a sentence ends: with a mark, or without one where it has four words or more; null for what is none. */
function endOf(text: string): string | null {
  const mark = /([.?!:。？！：])["'”’)]?$/.exec(text)?.[1]
  return mark ?? (text.split(/\s+/).length >= 4 ? '' : null)
}

/** The questions alone of a file that needs no answers; `preferred` is the column of them, where there is one of that name. */
export async function openQuestionReader(path: string, preferred: string): Promise<(row: FieldValues) => string> {
  const sample = await recordSampleOf(path)
  const reader = questionReader(sample, sample.all.has(preferred) ? { question: preferred } : {}, null)
  return (row) => {
    const asked = reader.read(row)
    return typeof asked === 'string' ? '' : [asked.preamble, asked.body].filter((part) => part !== '').join('\n')
  }
}

/** The usual names, and those that end in one, such as `flores_passage`. */
const contextNames = ({ columns }: RecordSample): string[] => [
  ...usualNames.context,
  ...[...columns.keys()].filter((name) => /(?:context|passage|paragraph)$/.test(name)),
]

const isTrue = (value: unknown): boolean => value === true || value === 1 || /^(?:true|1|yes)$/i.test(String(value))

/** The instruction that all records looked at share; it becomes the task's own and is not repeated in each question. */
function commonPreamble({ rows }: RecordSample, question: QuestionReader): string {
  const asked = rows.map((row) => question.read(row)).filter((each): each is QuestionText => typeof each !== 'string')
  const [first] = asked
  const isShared = asked.length > 1 && asked.every(({ preamble, body }) => preamble === first!.preamble && body !== '')
  return isShared ? first!.preamble : ''
}
