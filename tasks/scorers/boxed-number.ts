import { z } from 'zod'
import type { ReplyScore } from '../../schemas/task.ts'
import type { Scorer, ScorerOptions } from './scorer.ts'

/** `tolerance` is absolute, in units of the answer; the default forgives the rounding of a third decimal. */
const Options = z.strictObject({ tolerance: z.number().nonnegative().default(0.005) })

const OPENING = '\\boxed{'
const MAX_BOX_CHARS = 64
/** Half a cent of floating-point dust, so that a difference of exactly the tolerance counts as equal. */
const DUST = 1e-9
// A sign counts only where it cannot be a minus between two numbers. Each digit is read at most twice: linear time.
const NUMBER = /(?:(?<![\w.)\]}])[-−])?\d+(?:,\d{3})*(?:\.\d+)?/g
const WHOLE_NUMBER = /^[-+−]?(?:\d+(?:,\d{3})*(?:\.\d*)?|\.\d+)$/

/** Reads a number with optional sign, thousands commas and decimals. Returns null for anything else. */
export function parseNumber(text: string): number | null {
  const trimmed = text.trim()
  if (!WHOLE_NUMBER.test(trimmed)) return null
  return Number(trimmed.replaceAll(',', '').replace('−', '-'))
}

/** What people write around a number inside a box: a currency sign, a percent sign, LaTeX dollars and spaces. */
function withoutMarks(content: string): string {
  return content.replace(/\\[,;!$% ]|[$€£%\s]/g, '')
}

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

function lastNumber(text: string): string | null {
  return text.match(NUMBER)?.at(-1) ?? null
}

function scoreBoxedNumber(response: string, gold: string, options: ScorerOptions = {}): ReplyScore {
  const { tolerance } = Options.parse(options)
  const wanted = parseNumber(gold)
  if (wanted === null) throw new Error(`the gold answer "${gold}" is not a number`)
  const matches = (found: number) => Math.abs(found - wanted) <= tolerance + DUST * Math.max(1, Math.abs(wanted))

  const boxed = lastBoxedNumber(response)
  if (boxed) {
    const right = matches(boxed.value)
    const reason = right ? 'boxed and right' : 'boxed and wrong'
    return { strict: right, lenient: right, extracted: boxed.content.trim(), reason }
  }
  const loose = lastNumber(response)
  if (loose === null) return { strict: false, lenient: false, extracted: null, reason: 'no number' }
  const right = matches(parseNumber(loose) ?? Number.NaN)
  const reason = `no number in a box, last number ${right ? 'right' : 'wrong'}`
  return { strict: false, lenient: right, extracted: loose, reason }
}

/**
 * The paper's answer form. Strict: the last `\boxed{number}` only. Lenient: without one, the last number of the reply.
 * Runs in time linear in the length of the reply.
 */
export const boxedNumber: Scorer = {
  name: 'boxed-number',
  options: Options,
  score: scoreBoxedNumber,
  inForm: (answer) => `The answer is therefore \\boxed{${answer}}.`,
}
