import { z } from 'zod'
import { numberOf, type PyValue, pyEquals } from '../python-literal/mod.ts'
import { answerTexts, firstLine, readableReply } from './answer/answer-text.ts'
import { readNumberAnswer } from './answer/number-answer.ts'
import { type Quantity, readQuantity } from './answer/quantity.ts'
import { type BenchmarkMode, type BenchmarkScorer, type LineScore, OptionalText, right, wrong } from './benchmark.ts'
import { finalAnswer } from './finance-extractor/final-answer.ts'
import { readNumber } from './finance-extractor/number-text.ts'
import { cleanPrediction, normalisePrediction } from './finance-normalise.ts'

const Gold = z.union([z.number(), z.boolean(), z.string()], 'must be a number or a truth value')

/**
 * `prediction` is an answer that has been extracted already (a text, or the value that a program returned); without it the
 * answer is looked for in `response`. `gold` is `ground_truth`.
 */
export const FinanceReasoningLine = z
  .looseObject({ prediction: z.unknown().optional(), response: OptionalText, gold: Gold })
  .refine((line) => 'prediction' in line || line.response !== undefined, 'needs prediction or response')
export type FinanceReasoningLine = z.infer<typeof FinanceReasoningLine>

/** Answers within 0.2 % of the gold are right; a gold of zero needs zero. */
const relativeTolerance = 0.002

/** Scores an answer to a FinanceReasoning question. */
export function scoreFinanceReasoning(line: FinanceReasoningLine, mode: BenchmarkMode): LineScore {
  const gold = readGold(line.gold)
  if (gold === null) return wrong(null, 'gold-not-a-number')
  const isExtracted = 'prediction' in line && (line.prediction !== null || typeof line.response !== 'string')
  if (mode === 'normalised')
    return isExtracted ? scorePrediction(line.prediction, gold) : scoreReply(line.response ?? '', gold)
  const prediction = isExtracted ? line.prediction : finalAnswer(line.response ?? '')
  if (prediction === null || prediction === undefined || prediction === '') return wrong(null, 'no-answer')
  return scoreOfficial(!isExtracted && typeof prediction === 'string' ? asExtractor(prediction) : prediction, gold)
}

export const financereasoning: BenchmarkScorer<FinanceReasoningLine> = {
  line: FinanceReasoningLine,
  score: scoreFinanceReasoning,
}

/** Upstream's golds are numbers and booleans; a text that spells one is taken as it. */
function readGold(gold: number | boolean | string): number | boolean | null {
  if (typeof gold !== 'string') return gold
  const text = gold.trim()
  if (/^(true|false)$/i.test(text)) return text.toLowerCase() === 'true'
  return text !== '' && Number.isFinite(Number(text)) ? Number(text) : null
}

/**
 * Upstream asks a language model for the numeric value that a reply ends with. In its place: the number in the answer
 * without separators and units, a truth value as Python's, else the text itself.
 */
function asExtractor(answer: string): string {
  const { value } = readNumber(answer)
  if (value !== null) return String(value)
  const truth = readTruth(answer)
  return truth === null ? answer : truth ? 'True' : 'False'
}

function scoreOfficial(prediction: unknown, gold: number | boolean): LineScore {
  const text = typeof prediction === 'string' ? prediction : JSON.stringify(prediction)
  const result = typeof prediction === 'string' ? normalisePrediction(prediction) : null
  if (result !== null && !result.ok)
    return wrong(text, result.kind === 'unsupported' ? 'unsupported-expression' : 'not-a-number')
  let value = result?.value ?? fromJson(prediction)
  if (value.type === 'list' || value.type === 'tuple') {
    const first = value.items[0]
    if (first === undefined) return wrong(text, 'not-a-number')
    value = first
  }
  if (typeof gold === 'boolean' || value.type === 'bool')
    return pyEquals(value, fromJson(gold)) ? right(text) : wrong(text, 'different')
  const number = numberOf(value)
  if (number === null) return wrong(text, 'not-a-number')
  return isWithin(number, gold) ? right(text) : wrong(text, 'out-of-tolerance')
}

function isWithin(value: number | bigint, gold: number): boolean {
  const margin = Math.abs(gold) * relativeTolerance
  return value >= gold - margin && value <= gold + margin
}

/** A JSON value as Python would hold it. JSON's whole numbers count as ints: equality does not tell them from floats. */
function fromJson(value: unknown): PyValue {
  if (typeof value === 'boolean') return { type: 'bool', value }
  if (typeof value === 'number') return { type: 'float', value }
  if (typeof value === 'string') return { type: 'str', value }
  if (Array.isArray(value)) return { type: 'list', items: value.slice(0, 1).map(fromJson) }
  return { type: 'none' }
}

/**
 * What a person would call right: separators, currency and LaTeX do not matter, powers of ten count, a scale word or a per cent sign may be
 * meant by the gold or not ("5 million" is 5 or 5,000,000), and a truth value is answered by a word.
 */
function scorePrediction(prediction: unknown, gold: number | boolean): LineScore {
  if (Array.isArray(prediction)) return scorePrediction(prediction[0] ?? '', gold)
  if (typeof prediction === 'boolean' || typeof prediction === 'number') {
    const isRight =
      typeof gold === 'number' && typeof prediction === 'number' ? isWithin(prediction, gold) : prediction === gold
    return isRight ? right(String(prediction)) : wrong(String(prediction), 'different')
  }
  if (typeof prediction !== 'string' || prediction === '') return wrong(null, 'no-answer')
  if (typeof gold === 'boolean') return compareTruth(readTruth(prediction), gold, prediction)
  return compareNumber(asLoss(prediction, readQuantity(prediction) ?? evaluated(prediction)), gold, prediction)
}

/** The same for a whole reply, in which the answer has to be found. */
function scoreReply(response: string, gold: number | boolean): LineScore {
  if (typeof gold === 'number') {
    const read = readNumberAnswer(response)
    if (read === null) return wrong(null, 'no-answer')
    const place = answerTexts(readableReply(response)).next().value?.text ?? response
    return compareNumber(asLoss(firstLine(place), read), gold, firstLine(place).slice(0, 200))
  }
  const reply = readableReply(response)
  for (const { text } of answerTexts(reply)) {
    const truth = readTruth(firstLine(text))
    if (truth !== null) return compareTruth(truth, gold, text)
  }
  return compareTruth(readTruth(reply), gold, null)
}

function compareNumber(read: Quantity | null, gold: number, text: string): LineScore {
  if (!read?.values.length) return wrong(text, 'not-a-number')
  const match = read.values.find((value) => isWithin(value, gold))
  return match === undefined ? wrong(String(read.values[0]), 'out-of-tolerance') : right(String(match))
}

function compareTruth(truth: boolean | null, gold: boolean, text: string | null): LineScore {
  if (truth === null) return wrong(text, text === null ? 'no-answer' : 'not-a-truth-value')
  return truth === gold ? right(String(truth)) : wrong(String(truth), 'different')
}

const loss = /^[^\dA-Za-z]{0,6}\([\d,.]+%?\)|^[^\d(]{0,60}(?:\((?:\\?[$€£¥₹]|[A-Z]{3} )|[$€£¥₹]\() ?[\d,.]+%?\)/

/** Accounting writes a loss in parentheses. */
function asLoss(text: string, read: Quantity | null): Quantity | null {
  if (read === null || !loss.test(text)) return read
  return { ...read, values: read.values.map((value) => -Math.abs(value)) }
}

function evaluated(text: string): Quantity | null {
  const result = normalisePrediction(cleanPrediction(text))
  const number = result.ok ? numberOf(result.value) : null
  return number === null ? null : { values: [Number(number)], kind: 'plain' }
}

function readTruth(text: string): boolean | null {
  const words =
    text
      .slice(0, 2_000)
      .toLowerCase()
      .match(/[a-z]+/g) ?? []
  if (/^[01](?:\.0*)?$/.test(text.trim())) return text.trim().startsWith('1')
  const stated = words.findIndex((word) => /^(?:true|false|yes|no)$/.test(word))
  if (stated < 0) return null
  const truth = words[stated] === 'true' || words[stated] === 'yes'
  return words[stated - 1] === 'not' ? !truth : truth
}
