import { z } from 'zod'
import { numberOf, type PyValue, pyEquals } from '../python-literal/mod.ts'
import { type BenchmarkMode, type BenchmarkScorer, right, type Verdict, wrong } from './benchmark.ts'
import { finalAnswer } from './final-answer.ts'
import { cleanPrediction, normalisePrediction } from './finance-normalise.ts'
import { OptionalText } from './line-fields.ts'
import { cleanAnswer, readNumber } from './number-text.ts'

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
export function scoreFinanceReasoning(line: FinanceReasoningLine, mode: BenchmarkMode): Verdict {
  const gold = readGold(line.gold)
  if (gold === null) return wrong(null, 'gold-not-a-number')
  const isExtracted = 'prediction' in line && (line.prediction !== null || typeof line.response !== 'string')
  const prediction = isExtracted ? line.prediction : finalAnswer(line.response ?? '')
  if (prediction === null || prediction === undefined || prediction === '') return wrong(null, 'no-answer')
  if (mode === 'normalised') return scoreNormalised(prediction, gold)
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

function scoreOfficial(prediction: unknown, gold: number | boolean): Verdict {
  const text = typeof prediction === 'string' ? prediction : JSON.stringify(prediction)
  const result = typeof prediction === 'string' ? normalisePrediction(prediction) : null
  if (result !== null && !result.ok) {
    return wrong(text, result.kind === 'unsupported' ? 'unsupported-expression' : 'not-a-number')
  }
  let value = result?.value ?? fromJson(prediction)
  if (value.type === 'list' || value.type === 'tuple') {
    const first = value.items[0]
    if (first === undefined) return wrong(text, 'not-a-number')
    value = first
  }
  if (typeof gold === 'boolean' || value.type === 'bool') {
    return pyEquals(value, fromJson(gold)) ? right(text) : wrong(text, 'different')
  }
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

const scales: [RegExp, number][] = [
  [/\bthousands?\b/i, 1e3],
  [/\bmillions?\b|\bmn\b|\d ?m\b/i, 1e6],
  [/\bbillions?\b|\bbn\b|\d ?b\b/i, 1e9],
  [/\btrillions?\b/i, 1e12],
]

/**
 * What a person would call right: separators, currency and LaTeX do not matter, powers of ten count, a scale word may be
 * meant by the gold or not ("5 million" is 5 or 5,000,000), and a truth value is answered by a word.
 */
function scoreNormalised(prediction: unknown, gold: number | boolean): Verdict {
  if (typeof prediction === 'boolean' || typeof prediction === 'number') {
    const isRight =
      typeof gold === 'number' && typeof prediction === 'number' ? isWithin(prediction, gold) : prediction === gold
    return isRight ? right(String(prediction)) : wrong(String(prediction), 'different')
  }
  if (Array.isArray(prediction)) return scoreNormalised(prediction[0] ?? '', gold)
  if (typeof prediction !== 'string') return wrong(null, 'no-answer')
  if (typeof gold === 'boolean') {
    const truth = readTruth(prediction)
    if (truth === null) return wrong(prediction, 'not-a-truth-value')
    return truth === gold ? right(String(truth)) : wrong(String(truth), 'different')
  }
  const candidates = numbersIn(prediction)
  if (candidates.length === 0) return wrong(prediction, 'not-a-number')
  const match = candidates.find((candidate) => isWithin(candidate, gold))
  return match === undefined ? wrong(String(candidates[0]), 'out-of-tolerance') : right(String(match))
}

function numbersIn(text: string): number[] {
  const clean = cleanAnswer(text)
  // Accounting writes a loss in parentheses.
  const isLoss = /^[^\d]{0,6}\([$€£¥ ]*[\d,.]+%?\)/.test(clean)
  const read = readNumber(clean)
  const value = read.value ?? evaluated(text)
  if (!read.isClear || value === null) return []
  const signed = isLoss ? -Math.abs(value) : value
  const scale = scales.find(([word]) => word.test(clean))?.[1]
  return scale === undefined ? [signed] : [signed, signed * scale]
}

function evaluated(text: string): number | null {
  const result = normalisePrediction(cleanPrediction(text))
  const number = result.ok ? numberOf(result.value) : null
  return number === null ? null : Number(number)
}

function readTruth(text: string): boolean | null {
  const words =
    text
      .slice(0, 2_000)
      .toLowerCase()
      .match(/[a-z]+/g) ?? []
  if (/^[01](?:\.0*)?$/.test(text.trim())) return text.trim().startsWith('1')
  const said = words.findIndex((word) => /^(?:true|false|yes|no)$/.test(word))
  if (said < 0) return null
  const truth = words[said] === 'true' || words[said] === 'yes'
  return words[said - 1] === 'not' ? !truth : truth
}
