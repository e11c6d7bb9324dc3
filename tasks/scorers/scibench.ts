import { z } from 'zod'
import { firstPythonWord, pythonFloat } from '../python-literal/mod.ts'
import {
  type BenchmarkMode,
  type BenchmarkScorer,
  GoldText,
  type LineScore,
  OptionalText,
  ReplyText,
  right,
  wrong,
} from './benchmark.ts'
import { scoreNumber } from './score-number.ts'

/** `gold` is SciBench's `answer_number`, `unit` its `unit`, both as published. */
export const ScibenchLine = z.looseObject({
  response: ReplyText,
  gold: GoldText,
  unit: OptionalText.transform((unit) => unit ?? ''),
})
export type ScibenchLine = z.infer<typeof ScibenchLine>

/** SciBench counts answers within 5 % of the gold, relative to the larger of the two, as right (`math.isclose`). */
const relativeTolerance = 0.05
/** A power of ten is at most this long in digits before Python's own float gives up or reaches infinity. */
const largestPower = 308

/** The unit that the question shows: its power of ten is left to the answer, unless nothing else would be left. */
export const shownUnit = (unit: string): string => afterLastPower(unit) || unit

/** Scores a reply to a SciBench question. */
export function scoreScibench(line: ScibenchLine, mode: BenchmarkMode): LineScore {
  return mode === 'official' ? scoreOfficial(line) : scoreNormalised(line)
}

export const scibench: BenchmarkScorer<ScibenchLine> = { line: ScibenchLine, score: scoreScibench }

function scoreOfficial({ response, gold, unit }: ScibenchLine): LineScore {
  const boxed = boxedAnswer(response)
  if (boxed === null) return wrong(null, 'no-box')
  const isRescaled = shownUnit(unit) !== unit
  const goldNumber = isRescaled ? scaleBy(gold, unit) : pythonFloat(gold)
  if (goldNumber === null) return wrong(boxed, 'gold-not-a-number')
  const answer = isRescaled ? unfoldPower(boxed) : boxed
  if (answer === null) return wrong(boxed, 'not-a-number')
  const plain = answer.replaceAll(',', '')
  const whole = pythonFloat(plain)
  const first = pythonFloat(firstPythonWord(plain) ?? '')
  if (whole === null && first === null) return wrong(answer, 'not-a-number')
  const isRight = (whole !== null && isClose(whole, goldNumber)) || (first !== null && isClose(first, goldNumber))
  return isRight ? right(answer) : wrong(answer, 'out-of-tolerance')
}

/**
 * The content of the last box, after its last `=`. Any text that ends in `oxed` opens a box, and braces before its own
 * are counted, as upstream does.
 */
function boxedAnswer(response: string): string | null {
  const start = response.lastIndexOf('oxed')
  // Without one, upstream takes an \fbox, whose content it then refuses.
  if (start < 0 || response[start + 4] !== '{') return null
  let depth = 0
  for (let index = start + 4; index < response.length; index += 1) {
    if (response[index] === '{') depth += 1
    else if (response[index] === '}') depth -= 1
    if (depth > 0) continue
    const content = response.slice(start + 5, index)
    const equals = content.lastIndexOf('=')
    return equals < 0 ? content : content.slice(equals + 1).replace(/^ +/, '')
  }
  return null
}

/** In a rescaled question `a \times 10^k` becomes a number as text; other text stays; null where upstream gives up. */
function unfoldPower(answer: string): string | null {
  if (answer === '') return null
  // Upstream's first separator is a tab and "imes": an escape that was not meant as one.
  const separator = ['\times', '\\times', '*'].find((candidate) => answer.includes(candidate))
  if (separator === undefined) return answer
  const parts = answer.split(separator)
  if (parts.length !== 2) return null
  const value = scaleBy(parts[0]!, parts[1]!)
  return value === null ? null : numberText(value)
}

/** number * 10^k for the first power of ten in `scale`; null where either is missing, or where Python overflows. */
function scaleBy(number: string, scale: string): number | null {
  const power = powersOfTen(scale).next()
  const value = pythonFloat(number)
  if (power.done || value === null) return null
  const exponent = Number(power.value.exponent)
  if (exponent > largestPower && Number.isFinite(exponent)) return null
  return value * 10 ** exponent
}

/** A text that reads back as the same number, in Python's words for the infinite ones. */
function numberText(value: number): string {
  if (Number.isNaN(value)) return 'nan'
  return Number.isFinite(value) ? String(value) : value > 0 ? 'inf' : '-inf'
}

/** `math.isclose(a, b, rel_tol=0.05)`: a gold of zero needs exactly zero. */
function isClose(a: number, b: number): boolean {
  if (a === b) return true
  if (!Number.isFinite(a) || !Number.isFinite(b)) return false
  const difference = Math.abs(b - a)
  return difference <= Math.abs(relativeTolerance * b) || difference <= Math.abs(relativeTolerance * a)
}

/** The same rule on what a person would read: the number that the reply answers with, powers of ten in any question. */
function scoreNormalised({ response, gold, unit }: ScibenchLine): LineScore {
  const isRescaled = shownUnit(unit) !== unit
  const exponent = isRescaled ? Number(powersOfTen(unit).next().value?.exponent) : 0
  return scoreNumber(response, { gold, isNear: isClose, scale: 10 ** exponent, otherwise: 'out-of-tolerance' })
}

/** How an imported item holds a gold that SciBench rescales: the number, then the power of ten of its unit. */
const rescaled = /^(.*) \* 10\^\{(-?[0-9]+)\}$/s

/** The gold of a SciBench record as one text: its number, times the power of ten that its unit leaves to the answer. */
export function scibenchGold(answerNumber: string, unit: string): string {
  const power = shownUnit(unit) === unit ? undefined : powersOfTen(unit).next().value
  return power === undefined ? answerNumber.trim() : `${answerNumber.trim()} * 10^{${power.exponent}}`
}

/** The number and a unit that asks for the same rescaling. */
export function readScibenchGold(gold: string): { gold: string; unit: string } {
  const [, number, exponent] = rescaled.exec(gold) ?? []
  return number === undefined ? { gold, unit: '' } : { gold: number, unit: `10^{${exponent}} unit` }
}

/** A `10^k` with optional braces: where it ends, with and without what SciBench also drops after it, and k as text. */
type PowerOfTen = { exponent: string; start: number; end: number }

const tail = /\{? *(-?[0-9]+) *\}?/y
const trailing = / *\$?/y

/**
 * The powers of ten of a text, from left to right, by the rule that SciBench's two patterns share:
 * `10^`, an optional brace, spaces, a whole number, spaces, an optional brace. Linear.
 */
function* powersOfTen(text: string): Generator<PowerOfTen> {
  let from = 0
  for (;;) {
    const start = text.indexOf('10^', from)
    if (start < 0) return
    tail.lastIndex = start + 3
    const match = tail.exec(text)
    from = match === null ? start + 3 : start + 3 + match[0].length
    if (match !== null) yield { exponent: match[1]!, start, end: from }
  }
}

/** What follows the last power of ten of a unit, spaces and a dollar sign after it dropped; null where it has none. */
function afterLastPower(unit: string): string | null {
  let end = -1
  for (const power of powersOfTen(unit)) {
    trailing.lastIndex = power.end
    end = power.end + (trailing.exec(unit)?.[0].length ?? 0)
  }
  return end < 0 ? null : unit.slice(end)
}
