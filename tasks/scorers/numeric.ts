import { z } from 'zod'
import { pythonFloat } from '../python-literal/mod.ts'
import { readNumberAnswer } from './answer/number-answer.ts'
import { isAnswer, quantityText, readQuantity } from './answer/quantity.ts'
import type { Scorer, ScorerOptions } from './scorer.ts'

/** A difference up to either is forgiven: `absolute` in units of the answer, `relative` as a share of the gold. */
const Options = z.strictObject({
  absolute: z.number().nonnegative().default(0),
  relative: z.number().nonnegative().default(1e-9),
})

/** Strict: the whole reply is a number. Lenient: the number that the reply answers with. */
export const numeric: Scorer = {
  name: 'numeric',
  options: Options,
  score(response, gold, options: ScorerOptions = {}) {
    const { absolute, relative } = Options.parse(options)
    const wanted = readQuantity(gold)
    if (!wanted?.values.length) throw new Error(`the gold answer "${gold}" is not a number`)
    const isNear = (value: number, near: number) =>
      Math.abs(value - near) <= Math.max(absolute, relative * Math.abs(near))
    const plain = pythonFloat(response)
    const answer = plain === null ? readNumberAnswer(response) : ({ values: [plain], kind: 'plain' } as const)
    if (!answer?.values.length) return { strict: false, lenient: false, extracted: null, reason: 'no number' }
    const lenient = isAnswer(answer, wanted, isNear)
    const strict = plain !== null && isNear(plain, wanted.values[0]!)
    const reason = strict ? 'within tolerance' : lenient ? 'within tolerance but for its form' : 'out of tolerance'
    return { strict, lenient, extracted: quantityText(answer), reason }
  },
  inForm: (answer) => String(readQuantity(answer)?.values[0] ?? answer),
}
