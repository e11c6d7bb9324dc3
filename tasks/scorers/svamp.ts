import { z } from 'zod'
import { type BenchmarkMode, type BenchmarkScorer, right, type Verdict, wrong } from './benchmark.ts'
import { finalAnswer } from './final-answer.ts'
import { GoldText, Reply } from './line-fields.ts'
import { readAnswerNumber } from './number-text.ts'

/** `gold` is SVAMP's `Answer`. */
export const SvampLine = z.looseObject({
  response: Reply,
  gold: GoldText.transform(Number),
})
export type SvampLine = z.infer<typeof SvampLine>

/** SVAMP's own evaluation of predicted equations allows this much. */
const absoluteTolerance = 1e-4
const number = /-?\d[\d,]*(?:\.\d+)?/g

/**
 * Scores a reply to a SVAMP question. Upstream scores equations, not replies; by its tolerance `official` compares the last
 * number of the reply, `normalised` the number of its final answer.
 */
export function scoreSvamp({ response, gold }: SvampLine, mode: BenchmarkMode): Verdict {
  let answer: number | null = null
  if (mode === 'normalised') answer = readAnswerNumber(finalAnswer(response) ?? '')
  else for (const match of response.matchAll(number)) answer = Number(match[0].replaceAll(',', ''))
  if (answer === null) return wrong(null, 'no-answer')
  return Math.abs(answer - gold) < absoluteTolerance ? right(String(answer)) : wrong(String(answer), 'out-of-tolerance')
}

export const svamp: BenchmarkScorer<SvampLine> = { line: SvampLine, score: scoreSvamp }
