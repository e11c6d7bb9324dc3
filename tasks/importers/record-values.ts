// What single values of a record mean: texts, lists that a table holds as text, accepted answers.
import { isObject } from '../../schemas/bounded-json.ts'
import { parsePythonJson, toPlain } from '../files/parse-json.ts'
import { evalValue } from '../python-literal/mod.ts'

export type FieldValues = Readonly<Record<string, unknown>>

/** A single value as text; null for a list, an object and nothing. */
export function textIn(value: unknown): string | null {
  if (typeof value === 'string') return value.trim()
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : null
}

/** A list or an object, also where a CSV file has it as JSON or as Python writes it; any other value as it is. */
export function structured(value: unknown): unknown {
  if (typeof value !== 'string' || !/^\s*(?:[[{]|array\()/.test(value)) return value
  try {
    return parsePythonJson(value)
  } catch {
    // NumPy prints a list of texts without commas.
    const hasCommas = !/^\s*\[/.test(value) || /['"]\s*,/.test(value)
    const result = evalValue(hasCommas ? value : value.replace(/(['"])\s+(?=['"])/g, '$1, '))
    return result.ok ? toPlain(result.value) : value
  }
}

/** Where public sets keep accepted answers in an object, by preference: TriviaQA, SQuAD, DROP, Natural Questions and the like. */
const answerFields = [
  'value',
  'text',
  'spans',
  'span',
  'short_answers',
  'short_answer',
  'answer',
  'answers',
  'content',
] as const
const furtherFields = ['aliases', 'alternatives'] as const
/** What an amount is in, beside it. */
const unitFields = ['unit', 'units', 'currency'] as const
/** Deeper than any published form. */
const maxDepth = 4

/**
 * The answers that a value accepts, the first one first; an empty list where it holds none. Null: an object or a list of another form,
 * which is never made a text.
 */
export function acceptedAnswers(value: unknown, depth = 0): string[] | null {
  const text = textIn(value)
  if (text !== null) return text === '' ? [] : [text]
  if (value === null || value === undefined) return []
  if (depth > maxDepth) return null
  if (Array.isArray(value)) return all(value.map((member) => acceptedAnswers(member, depth + 1)))
  if (!isObject(value)) return null
  const field = answerFields.find(
    (name) => Object.hasOwn(value, name) && (acceptedAnswers(value[name], depth + 1)?.length ?? 0) > 0,
  )
  const further = furtherFields.filter((name) => Object.hasOwn(value, name))
  const found = [...(field ? [field] : []), ...further].map((name) => acceptedAnswers(value[name], depth + 1))
  const unit = unitFields.map((name) => textIn(value[name] ?? null)).find((each) => each)
  const answers = all(found)?.map((answer) => (unit ? `${answer} ${unit}` : answer)) ?? null
  if (answers === null || answers.length > 0) return answers
  const yesNo = yesOrNo(value.yes_no_answer)
  if (yesNo !== null) return [yesNo]
  const numbers = dropAnswer(value)
  if (numbers !== null) return numbers
  const isKnown = [...answerFields, ...furtherFields].some((name) => Object.hasOwn(value, name))
  return isKnown ? [] : null
}

/** Fields of an answer's objects that `acceptedAnswers` does not read, where they hold something. */
export function fieldsLeft(value: unknown, depth = 0): string[] {
  const known = structured(value)
  if (depth > maxDepth) return []
  if (Array.isArray(known)) return known.flatMap((member) => fieldsLeft(member, depth + 1))
  if (!isObject(known)) return []
  const field = answerFields.find(
    (name) => Object.hasOwn(known, name) && (acceptedAnswers(known[name])?.length ?? 0) > 0,
  )
  const read: readonly string[] = [
    ...(field ? [field] : ['yes_no_answer', 'number', 'date']),
    ...furtherFields,
    ...unitFields,
  ]
  const left = Object.keys(known).filter((name) => !read.includes(name) && !isNothing(known[name]))
  return [...left, ...(field ? fieldsLeft(known[field], depth + 1) : [])]
}

const isNothing = (value: unknown): boolean =>
  value === null || value === undefined || value === '' || (Array.isArray(value) && value.length === 0)

function all(lists: readonly (string[] | null)[]): string[] | null {
  if (lists.includes(null)) return null
  return [...new Set(lists.flatMap((list) => list ?? []))]
}

/** Natural Questions: 1 and 0, in a list of one for each annotator; -1 and NONE are none. */
function yesOrNo(value: unknown): string | null {
  const verdicts = (Array.isArray(value) ? value : [value]).map((each) => String(each).toLowerCase())
  if (verdicts.some((each) => each === '1' || each === 'yes')) return 'yes'
  return verdicts.some((each) => each === '0' || each === 'no') ? 'no' : null
}

/** DROP as first published: `{number, date: {day, month, year}, spans}`, of which one is filled in. */
function dropAnswer(value: FieldValues): string[] | null {
  if (!Object.hasOwn(value, 'number') && !isObject(value.date)) return null
  const number = textIn(value.number) ?? ''
  if (number !== '') return [number]
  const date = isObject(value.date) ? value.date : {}
  const parts = [date.day, date.month, date.year].map((part) => textIn(part) ?? '').filter((part) => part !== '')
  return parts.length > 0 ? [parts.join(' ')] : []
}

/** Whether a value is an answer of DROP as first published that has several parts, which are right together alone. */
export const hasSeveralParts = (value: unknown): boolean =>
  isObject(value) && Object.hasOwn(value, 'number') && Array.isArray(value.spans) && value.spans.length > 1

/** A context as text: a text, a list of texts or of paragraphs with titles; null where there is none. */
export function contextText(value: unknown): string | null {
  const text = textIn(value)
  if (text !== null) return ['', '[]', '{}'].includes(text) ? null : text
  if (Array.isArray(value)) return joined(value.map(contextText))
  if (!isObject(value)) return null
  const { title, sentences } = value
  if (Array.isArray(title) && Array.isArray(sentences))
    return joined(title.map((name, at) => `${textIn(name) ?? ''}\n${contextText(sentences[at]) ?? ''}`))
  const part = ['text', 'content', 'context', 'passage', 'contexts']
    .map((name) => contextText(value[name] ?? null))
    .find((each) => each)
  if (part) return [textIn(title), part].filter((each) => each).join('\n')
  return Object.keys(value).length === 0 ? null : JSON.stringify(value)
}

function joined(texts: readonly (string | null)[]): string | null {
  const parts = texts.filter((text): text is string => text !== null && text !== '')
  return parts.length === 0 ? null : parts.join('\n')
}
