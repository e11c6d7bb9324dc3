import { z } from 'zod'
import { textAnswers } from './answer/text-answer.ts'
import { foldText } from './fold-text.ts'
import type { Scorer, ScorerOptions } from './scorer.ts'

/** Replies at least this similar to the gold are right: 1 is equal, 0 shares nothing. */
const Options = z.strictObject({ threshold: z.number().min(0).max(1).default(0.9) })

/** Longer texts are not compared: the table of their prefixes would take minutes. */
const maxChars = 5_000

/** Levenshtein distance in UTF-16 units, by the two-row table (Wagner and Fischer 1974). */
export function editDistance(left: string, right: string): number {
  let previous = Array.from({ length: right.length + 1 }, (_, index) => index)
  for (let row = 1; row <= left.length; row += 1) {
    const current = [row]
    for (let column = 1; column <= right.length; column += 1) {
      const change = previous[column - 1]! + (left[row - 1] === right[column - 1] ? 0 : 1)
      current.push(Math.min(change, previous[column]! + 1, current[column - 1]! + 1))
    }
    previous = current
  }
  return previous[right.length]!
}

/** 1 - distance / length of the longer text. */
export function similarity(left: string, right: string): number {
  const length = Math.max(left.length, right.length)
  return length === 0 ? 1 : 1 - editDistance(left, right) / length
}

const maxAnswers = 5

/** What the reply may have answered that is not too long or short to be similar. */
function likelyAnswers(response: string, wanted: string, threshold: number): string[] {
  const isLikely = ({ length }: string) =>
    Math.abs(length - wanted.length) <= (1 - threshold) * Math.max(length, wanted.length) + 4
  return Array.from(textAnswers(response)).filter(isLikely).slice(0, maxAnswers)
}

/** Strict: similar as written. Lenient: the reply, or the answer that it gives, is similar without case, spacing and marks around. */
export const editDistanceScorer: Scorer = {
  name: 'edit-distance',
  options: Options,
  score(response, gold, options: ScorerOptions = {}) {
    const { threshold } = Options.parse(options)
    const [stated, wanted] = [response.trim(), gold.trim()]
    if (stated.length > maxChars || wanted.length > maxChars)
      return { strict: false, lenient: false, extracted: null, reason: 'too long to compare' }
    const asWritten = similarity(stated, wanted)
    const form = foldText(wanted)
    const folded = [stated, ...likelyAnswers(response, form, threshold)].reduce(
      (best, answer) => Math.max(best, similarity(foldText(answer), form)),
      asWritten,
    )
    const reason = `similarity ${folded.toFixed(3)}`
    return { strict: asWritten >= threshold, lenient: folded >= threshold, extracted: stated || null, reason }
  },
  inForm: (answer) => answer,
}
