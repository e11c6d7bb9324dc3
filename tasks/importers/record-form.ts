// How the records of one file are read: which columns hold the question, what belongs to it, and the answers. It is chosen once for a file, by what
// its first records have, and never from one record to the next: a record without an answer has none, whatever else it holds.
import { TaskError } from '../task-error.ts'
import { answerReader } from './answer-reader.ts'
import { letterOf } from './choices.ts'
import type { ImportOptions } from './importer.ts'
import { type Asked, type QuestionReader, questionReader } from './question-reader.ts'
import { names, type Sample, sampleOf } from './record-sample.ts'
import { contextText, type Row, structured } from './record-values.ts'

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
  refuseRecordAsNames(sample, [...taken, ...Object.values(answer.used)], path)
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

/** Errors: `TaskError` where a column that is read has its own name as a value: the first line of the table is a record. */
function refuseRecordAsNames(sample: Sample, used: readonly string[], path: string): void {
  const same = used.find((name) => sample.rows.some((row) => row[name] === name))
  if (same === undefined) return
  const what = `The column '${same}' has its own name as a value, so the first line is a record; the columns are ${sample.list}`
  throw new TaskError(what, path, 'Write a line with the names of the columns before it.')
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
