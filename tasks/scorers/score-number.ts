import { readNumberAnswer } from './answer/number-answer.ts'
import { isAnswer, type Quantity, quantityText, readQuantity } from './answer/quantity.ts'
import { type LineScore, right, wrong } from './benchmark.ts'

export type NumberRule = {
  /** The gold as text. */
  gold: string
  isNear: (value: number, gold: number) => boolean
  /** What the gold is multiplied by before it is compared. */
  scale?: number
  /** The reason of a number that was read and is not the gold. */
  otherwise: 'different' | 'out-of-tolerance'
}

/** The normalised verdict of a benchmark whose answers are numbers, about the number that a reply answers with. */
export function scoreNumber(response: string, { gold, isNear, scale = 1, otherwise }: NumberRule): LineScore {
  const answer = readNumberAnswer(response)
  if (answer === null) return wrong(null, 'no-answer')
  const text = quantityText(answer)
  const wanted = readQuantity(gold)
  if (!wanted?.values.length) return wrong(text, 'gold-not-a-number')
  if (text === null) return wrong(null, 'not-a-number')
  const scaled: Quantity = { ...wanted, values: wanted.values.map((value) => value * scale) }
  return isAnswer(answer, scaled, isNear) ? right(text) : wrong(text, otherwise)
}
