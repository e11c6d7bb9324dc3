// The first records of a file, and the names by which public sets call their columns.
import { type FieldValues, textIn } from './record-values.ts'
import { readRecords } from './records.ts'

/** Names that public sets give to columns, by preference; without case, blanks and underscores. */
export const usualNames = {
  chat: ['messages', 'conversations', 'conversation', 'dialog', 'turns'],
  question:
    `question problem prompt instruction input content query problemtext questioncontent questiontext questionstem ctx goal
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
export const wrongAnswer = /^(?:incorrect|wrong)answers?\d*$|^distractors?\d*$/
/** Records that are looked at before the first is read. */
const maxLooked = 1000
/** Characters of the records looked at, which are held: those of Natural Questions have a page each. */
const maxLookedChars = 16_000_000

export const fold = (name: string): string => name.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '')
export const isEmptyValue = (value: unknown): boolean =>
  value === null ||
  value === undefined ||
  (typeof value === 'string' && value.trim() === '') ||
  (Array.isArray(value) && value.length === 0)

/** The first records of a file, and their columns by folded name. */
export class RecordSample {
  readonly rows: FieldValues[] = []
  readonly columns = new Map<string, string>()
  readonly all = new Set<string>()

  add(row: FieldValues): void {
    this.rows.push(row)
    for (const name of Object.keys(row)) {
      this.all.add(name)
      if (!this.columns.has(fold(name))) this.columns.set(fold(name), name)
    }
  }

  /** The first of the names that some record has a value for, else that some record has at all. */
  find(wanted: readonly string[], taken: ReadonlySet<string> = new Set()): string | undefined {
    const present = wanted.flatMap((name) => this.columns.get(name) ?? []).filter((column) => !taken.has(column))
    return present.find((column) => this.rows.some((row) => !isEmptyValue(row[column]))) ?? present[0]
  }

  /** Whether this holds of most of the records that have a value there. */
  most(column: string, holds: (value: unknown) => boolean): boolean {
    const values = this.rows.map((row) => row[column]).filter((value) => !isEmptyValue(value))
    return values.length > 0 && values.filter(holds).length * 2 > values.length
  }

  /** How a person names the column that `option` is about. */
  naming(option: '--question' | '--answer'): string {
    // A label in the place of a column's name comes again below it.
    if ([...this.all].some((name) => this.rows.some((row) => row[name] === name)))
      return "The file's first line looks like a record. Write a line above it that names the columns, such as: question,answer"
    return `Name it with ${option}${this.suggestion}. The first line of a CSV file has to name the columns.`
  }

  /** Columns that look like a question and its answer, as options: the longest texts, and texts that come again and again. */
  private get suggestion(): string {
    const texts = [...this.all].map((name) => ({ name, values: this.rows.flatMap((row) => textIn(row[name]) ?? []) }))
    const chars = ({ values }: (typeof texts)[number]) => values.reduce((sum, { length }) => sum + length, 0)
    const [question, ...others] = texts.toSorted((a, b) => chars(b) - chars(a))
    const kinds = ({ values }: (typeof texts)[number]) => new Set(values).size
    // Of columns whose values repeat the one with the most different ones: the others are more often facts about the record.
    const repeated = others
      .filter((each) => kinds(each) > 1 && kinds(each) < each.values.length / 2)
      .toSorted((a, b) => kinds(b) - kinds(a))[0]
    return question && repeated
      ? `, for example: --question ${quoted(question.name)} --answer ${quoted(repeated.name)}`
      : ''
  }

  get list(): string {
    return [...this.all]
      .slice(0, 20)
      .map((name) => `'${name}'`)
      .join(', ')
  }
}

const quoted = (name: string): string => (/^[\w.-]+$/.test(name) ? name : `'${name}'`)

export async function recordSampleOf(path: string): Promise<RecordSample> {
  const sample = new RecordSample()
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
