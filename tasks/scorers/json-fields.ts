import { z } from 'zod'
import { isObject, parseJson } from '../../schemas/bounded-json.ts'
import { answerTexts, readableReply } from './answer/answer-text.ts'
import { foldText } from './fold-text.ts'
import type { Scorer, ScorerOptions } from './scorer.ts'

/** `allowExtra`: fields beside the gold's do not matter. */
const Options = z.strictObject({ allowExtra: z.boolean().default(true) })
const maxDepth = 100

/** Strict: the reply is JSON with the gold's fields. Lenient: the reply holds such JSON, and texts may differ in form. */
export const jsonFields: Scorer = {
  name: 'json-fields',
  options: Options,
  score(response, gold, options: ScorerOptions = {}) {
    const { allowExtra } = Options.parse(options)
    const wanted = parse(gold)
    if (wanted === undefined) throw new Error('the gold answer is not JSON')
    const whole = parse(response)
    const found = whole ?? heldIn(response)
    if (found === undefined) return { strict: false, lenient: false, extracted: null, reason: 'no JSON' }
    const strict = whole !== undefined && fits(whole, wanted, { allowExtra, fold: false }, 0)
    const lenient = strict || fits(found, wanted, { allowExtra, fold: true }, 0)
    const reason = strict ? 'equal' : lenient ? 'equal but for its form' : 'different'
    return { strict, lenient, extracted: outermost(response).slice(0, 1_000), reason }
  },
  inForm: (answer) => answer,
}

/** The JSON where the reply says its answer, else anywhere in it. */
function heldIn(response: string): unknown {
  const reply = readableReply(response)
  for (const { text } of answerTexts(reply)) {
    const found = parse(outermost(text))
    if (found !== undefined) return found
  }
  return parse(outermost(reply))
}

/** The text from the first opening bracket to the last closing one. */
function outermost(text: string): string {
  const start = text.search(/[{[]/)
  const end = Math.max(text.lastIndexOf('}'), text.lastIndexOf(']'))
  return start < 0 ? '' : text.slice(start, end + 1)
}

function parse(text: string): unknown {
  try {
    return parseJson(text)
  } catch {
    return undefined
  }
}

type How = { allowExtra: boolean; fold: boolean }

function fits(found: unknown, wanted: unknown, how: How, depth: number): boolean {
  if (depth > maxDepth) return false
  if (Array.isArray(wanted)) {
    if (!Array.isArray(found) || found.length !== wanted.length) return false
    return wanted.every((item, index) => fits(found[index], item, how, depth + 1))
  }
  if (isObject(wanted)) {
    if (!isObject(found)) return false
    const keys = Object.keys(wanted)
    if (!how.allowExtra && Object.keys(found).length !== keys.length) return false
    return keys.every((key) => Object.hasOwn(found, key) && fits(found[key], wanted[key], how, depth + 1))
  }
  if (found === wanted) return true
  if (!how.fold || isObject(found) || found === null || wanted === null) return false
  return foldText(String(found)) === foldText(String(wanted))
}
