import { z } from 'zod'
import { finalAnswer } from './final-answer.ts'
import type { Scorer, ScorerOptions } from './scorer.ts'
import { trimMarks } from './trim-marks.ts'

/** `caseSensitive` is about the strict verdict; the lenient one never minds case. */
const Options = z.strictObject({ caseSensitive: z.boolean().default(true) })

/** Without case, spacing, and quotes or marks around it. */
export function foldText(text: string): string {
  return trimMarks(text.normalize('NFKC').toLowerCase().replace(/\s+/g, ' '), '"\'`*_.,;:!?()[]')
}

/** Strict: the whole reply is the gold. Lenient: the reply, or the answer that it ends with, is the gold but for its form. */
export const exact: Scorer = {
  name: 'exact',
  options: Options,
  score(response, gold, options: ScorerOptions = {}) {
    const { caseSensitive } = Options.parse(options)
    const [said, wanted] = [response.trim(), gold.trim()]
    const strict = caseSensitive ? said === wanted : said.toLowerCase() === wanted.toLowerCase()
    const answer = finalAnswer(response)
    const folded = foldText(gold)
    const lenient = strict || foldText(response) === folded || (answer !== null && foldText(answer) === folded)
    const reason = strict ? 'equal' : lenient ? 'equal but for its form' : 'different'
    return { strict, lenient, extracted: (answer ?? said).slice(0, 1_000) || null, reason }
  },
  inForm: (answer) => answer,
}
