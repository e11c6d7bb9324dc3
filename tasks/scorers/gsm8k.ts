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

/** `gold` is GSM8K's `answer` with its `#### 72`, or the number alone. */
export const Gsm8kLine = z.looseObject({
  response: ReplyText,
  gold: GoldText,
})
export type Gsm8kLine = z.infer<typeof Gsm8kLine>

const marked = /#### (-?[0-9.,]+)/

/** The number after the first `#### `, its commas removed, as text; null where there is none. */
export const markedAnswer = (text: string): string | null => marked.exec(text)?.[1]?.replaceAll(',', '') ?? null

/** Scores a reply to a GSM8K question; officially the two texts after `#### ` must be equal, character by character. */
export function scoreGsm8k({ response, gold }: Gsm8kLine, mode: BenchmarkMode): LineScore {
  const goldText = markedAnswer(gold) ?? gold.trim().replaceAll(',', '')
  if (mode === 'normalised') return scoreNumber(response, { gold: goldText, isNear, otherwise: 'different' })
  const answer = markedAnswer(response)
  if (answer === null) return wrong(null, 'no-answer')
  return answer === goldText ? right(answer) : wrong(answer, 'different')
}

/** Sums of decimals are equal but for what a double rounds. */
const isNear = (value: number, gold: number): boolean => Math.abs(value - gold) <= 1e-9 * Math.abs(gold)

export const gsm8k: BenchmarkScorer<Gsm8kLine> = { line: Gsm8kLine, score: scoreGsm8k }
