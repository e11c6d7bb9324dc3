import { z } from 'zod'
import type { ReplyScore } from '../../schemas/task.ts'
import { readNumberAnswer } from './answer/number-answer.ts'
import { isAnswer, type Quantity } from './answer/quantity.ts'
import type { Scorer, ScorerOptions } from './scorer.ts'

/** `tolerance` is absolute, in units of the answer; the default forgives the rounding of a third decimal. */
const Options = z.strictObject({ tolerance: z.number().nonnegative().default(0.005) })

const OPENING = '\\boxed{'
const MAX_BOX_CHARS = 64
/** Half a cent of floating-point dust, so that a difference of exactly the tolerance counts as equal. */
const DUST = 1e-9
const WHOLE_NUMBER = /^[-+−]?(?:\d+(?:,\d{3})*(?:\.\d*)?|\.\d+)$/

/** Reads a number with optional sign, thousands commas and decimals. Returns null for anything else. */
export function parseNumber(text: string): number | null {
  const trimmed = text.trim()
  if (!WHOLE_NUMBER.test(trimmed)) return null
  return Number(trimmed.replaceAll(',', '').replace('−', '-'))
}

/** What people write around a number inside a box: a currency sign, a percent sign, LaTeX dollars and spaces. */
const withoutMarks = (content: string): string => content.replace(/\\[,;!$% ]|[$€£%\s]/g, '')

interface Boxed {
  content: string
  value: number
}

/** The last `\boxed{...}` that holds a number. A box that is empty, unclosed, too long or full of words is passed over. */
function lastBoxedNumber(text: string): Boxed | null {
  for (let at = text.lastIndexOf(OPENING); at >= 0; at = at === 0 ? -1 : text.lastIndexOf(OPENING, at - 1)) {
    const start = at + OPENING.length
    const inside = text.slice(start, start + MAX_BOX_CHARS)
    const close = inside.indexOf('}')
    const content = inside.slice(0, Math.max(0, close))
    const value = parseNumber(withoutMarks(content))
    if (value !== null) return { content, value }
  }
  return null
}

function scoreBoxedNumber(response: string, gold: string, options: ScorerOptions = {}): ReplyScore {
  const { tolerance } = Options.parse(options)
  const wanted = parseNumber(withoutMarks(gold))
  if (wanted === null) throw new Error(`the gold answer "${gold}" is not a number`)
  const isNear = (found: number, near: number) =>
    Math.abs(found - near) <= tolerance + DUST * Math.max(1, Math.abs(near))

  const boxed = lastBoxedNumber(response)
  const strict = boxed !== null && isNear(boxed.value, wanted)
  const answer = readNumberAnswer(response)
  const plain: Quantity = { values: [wanted], kind: 'plain' }
  const lenient = strict || (answer !== null && isAnswer(answer, plain, isNear))
  const extracted = boxed?.content.trim() ?? answer?.values[0]?.toString() ?? null
  return { strict, lenient, extracted, reason: reasonOf({ boxed, answer, strict, lenient }) }
}

type Found = { boxed: Boxed | null; answer: Quantity | null; strict: boolean; lenient: boolean }

function reasonOf({ boxed, answer, strict, lenient }: Found): string {
  if (strict) return 'boxed and right'
  if (boxed) return lenient ? 'boxed and wrong, right as a person reads it' : 'boxed and wrong'
  if (!answer) return 'no number'
  if (answer.values.length === 0) return 'no number that is understood as a whole'
  return `no number in a box, the answer's number ${lenient ? 'right' : 'wrong'}`
}

/**
 * The paper's answer form. Strict: the last `\boxed{number}` only. Lenient: the number that the reply answers with.
 * Runs in time linear in the length of the reply.
 */
export const boxedNumber: Scorer = {
  name: 'boxed-number',
  options: Options,
  score: scoreBoxedNumber,
  inForm: (answer) => `The answer is therefore \\boxed{${answer}}.`,
}
