import { z } from 'zod'
import { evalPython, evalValue, pyEquals } from '../python-literal/mod.ts'
import { givesGold, looselyEqual, readValueLoosely } from './loose-value.ts'
import type { Scorer } from './scorer.ts'

const Options = z.strictObject({})

/** Strict: the whole reply is a Python literal equal to the gold. Lenient: the value that the reply gives, anywhere. */
export const pythonLiteral: Scorer = {
  name: 'python-literal',
  options: Options,
  score(response, gold) {
    const literal = evalPython(gold.trim())
    // A gold that is no literal, as `set()`, is compared with replies in the same spelling.
    const read = literal.ok ? evalPython : evalValue
    const wanted = read(gold.trim())
    if (!wanted.ok) throw new Error(`the gold answer "${gold.slice(0, 80)}" is not a Python literal`)
    const whole = read(response.trim())
    const strict = whole.ok && pyEquals(whole.value, wanted.value)
    const found = readValueLoosely(response)
    // Python finds True equal to 1; a person does not.
    const stated = evalValue(response.trim())
    const lenient = stated.ok
      ? looselyEqual(stated.value, wanted.value)
      : found !== null && givesGold(found, wanted.value)
    const reason = strict ? 'equal' : lenient ? 'equal but for its form' : found === null ? 'no literal' : 'different'
    return { strict, lenient, extracted: found?.text.slice(0, 1_000) ?? null, reason }
  },
  inForm: (answer) => answer,
}
