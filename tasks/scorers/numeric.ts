import { z } from 'zod'
import { pythonFloat } from '../python-literal/mod.ts'
import { finalAnswer } from './final-answer.ts'
import { readAnswerNumber } from './number-text.ts'
import type { Scorer, ScorerOptions } from './scorer.ts'

/** A difference up to either is forgiven: `absolute` in units of the answer, `relative` as a share of the gold. */
const Options = z.strictObject({
  absolute: z.number().nonnegative().default(0),
  relative: z.number().nonnegative().default(1e-9),
})

/** Strict: the whole reply is a number. Lenient: the number of the answer that the reply ends with. */
export const numeric: Scorer = {
  name: 'numeric',
  options: Options,
  score(response, gold, options: ScorerOptions = {}) {
    const { absolute, relative } = Options.parse(options)
    const wanted = readAnswerNumber(gold)
    if (wanted === null) throw new Error(`the gold answer "${gold}" is not a number`)
    const isNear = (value: number) => Math.abs(value - wanted) <= Math.max(absolute, relative * Math.abs(wanted))
    const plain = pythonFloat(response)
    const value = plain ?? readAnswerNumber(finalAnswer(response) ?? '')
    if (value === null) return { strict: false, lenient: false, extracted: null, reason: 'no number' }
    const lenient = isNear(value)
    const strict = lenient && plain !== null
    const reason = strict ? 'within tolerance' : lenient ? 'within tolerance but for its form' : 'out of tolerance'
    return { strict, lenient, extracted: String(value), reason }
  },
  inForm: (answer) => String(readAnswerNumber(answer) ?? answer),
}
