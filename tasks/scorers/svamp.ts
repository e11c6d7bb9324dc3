import { z } from 'zod'
import {
  type BenchmarkMode,
  type BenchmarkScorer,
  GoldText,
  type LineScore,
  ReplyText,
  right,
  wrong,
} from './benchmark.ts'
import { scoreNumber } from './score-number.ts'

/** `gold` is SVAMP's `Answer`. */
export const SvampLine = z.looseObject({
  response: ReplyText,
  gold: GoldText,
})
export type SvampLine = { response: string; gold: string | number }

/** SVAMP's own evaluation of predicted equations allows this much. */
const absoluteTolerance = 1e-4
const number = /-?\d[\d,]*(?:\.\d+)?/g

/**
 * Scores a reply to a SVAMP question. Upstream scores equations, not replies; by its tolerance `official` compares the last
 * number of the reply, `normalised` the number of its final answer.
 */
export function scoreSvamp({ response, gold }: SvampLine, mode: BenchmarkMode): LineScore {
  const isNear = (value: number, near: number) => Math.abs(value - near) < absoluteTolerance
  if (mode === 'normalised') {
    const text = String(gold).replace(/^.*####/s, '')
    return scoreNumber(response, { gold: text, isNear, otherwise: 'out-of-tolerance' })
  }
  let answer: number | null = null
  for (const match of response.matchAll(number)) answer = Number(match[0].replaceAll(',', ''))
  if (answer === null) return wrong(null, 'no-answer')
  return isNear(answer, Number(gold)) ? right(String(answer)) : wrong(String(answer), 'out-of-tolerance')
}

export const svamp: BenchmarkScorer<SvampLine> = { line: SvampLine, score: scoreSvamp }
