import { z } from 'zod'
import { foldText } from './exact.ts'
import { finalAnswer } from './final-answer.ts'
import type { Scorer, ScorerOptions } from './scorer.ts'

const Options = z.strictObject({ separator: z.string().min(1).default(',') })

/** Items in any order, each once. Strict: the whole reply lists them as the gold does. Lenient: the answer that it ends with, in any form. */
export const set: Scorer = {
  name: 'set',
  options: Options,
  score(response, gold, options: ScorerOptions = {}) {
    const { separator } = Options.parse(options)
    const plain = (text: string) => split(text, separator, (item) => item.trim())
    const folded = (text: string) => split(text, separator, foldText)
    const answer = finalAnswer(response)
    const strict = isSame(plain(response), plain(gold))
    const wanted = folded(gold)
    const lenient = strict || isSame(folded(response), wanted) || (answer !== null && isSame(folded(answer), wanted))
    const reason = strict ? 'equal' : lenient ? 'equal but for its form' : 'different'
    return { strict, lenient, extracted: (answer ?? response.trim()).slice(0, 1_000) || null, reason }
  },
  inForm: (answer) => answer,
}

function split(text: string, separator: string, form: (item: string) => string): Set<string> {
  const items = text.split(separator).map(form)
  return new Set(items.filter((item) => item !== ''))
}

function isSame(left: Set<string>, right: Set<string>): boolean {
  return left.size === right.size && left.isSubsetOf(right)
}
