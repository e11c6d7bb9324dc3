import { z } from 'zod'
import { readableReply } from './answer/answer-text.ts'
import { foldText } from './fold-text.ts'
import type { Scorer } from './scorer.ts'

const separator = '|'

/** One gold may hold several answers, parted by `|`. Strict: the reply is one but for its form. Lenient: it holds one as whole words. */
export const contains: Scorer = {
  name: 'contains',
  options: z.strictObject({}),
  score(response, gold) {
    const wanted = gold.split(separator).map(wordsOf)
    const stated = wordsOf(response)
    const strict = wanted.includes(stated)
    const held = ` ${wordsOf(readableReply(response))} `
    const found = wanted.find((answer) => answer !== '' && held.includes(` ${answer} `))
    const lenient = strict || found !== undefined
    return {
      strict,
      lenient,
      extracted: found ?? (stated.slice(0, 1_000) || null),
      reason: strict ? 'equal' : lenient ? 'contained' : 'absent',
    }
  },
  inForm: (answer) => answer.split(separator)[0]!,
}

/** Letters and digits of any script, in lower case, one space between words. */
const wordsOf = (text: string): string =>
  foldText(text)
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
