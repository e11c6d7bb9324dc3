import { z } from 'zod'
import { readQuantity } from './answer/quantity.ts'
import { letterLists, listAnswers, optionLetter } from './answer/set-answer.ts'
import { foldAnswer } from './answer/text-answer.ts'
import { foldText } from './fold-text.ts'
import type { Scorer, ScorerOptions } from './scorer.ts'

const Options = z.strictObject({ separator: z.string().min(1).default(',') })

/** Items in any order, each once. Strict: the whole reply lists them as the gold does. Lenient: the answer that it gives, in any form. */
export const set: Scorer = {
  name: 'set',
  options: Options,
  score(response, gold, options: ScorerOptions = {}) {
    const { separator } = Options.parse(options)
    const plain = (text: string) => setOf(text.split(separator), (item) => item.trim())
    const strict = isSame(plain(response), plain(gold))
    const items = gold.split(separator)
    const forms = formsOf(items)
    const wanted = forms.map((form) => setOf(items, form))
    const fits = (said: readonly string[]) => forms.some((form, at) => isSame(setOf(said, form), wanted[at]!))
    let first: string | null = null
    let lenient = strict || fits(response.split(separator))
    if (!lenient) {
      const areLetters = items.every((item) => /^\s*[A-Z]\s*$/.test(item))
      for (const said of areLetters
        ? [...listAnswers(response, separator), ...letterLists(response)]
        : listAnswers(response, separator)) {
        first ??= said.map((item) => item.trim()).join(`${separator} `)
        // Letters that are written together: ACD.
        const together =
          said.length === 1 ? /^[A-Z]{2,10}$/.exec(said[0]!.trim().replace(/[.。]$/, ''))?.[0] : undefined
        lenient = fits(said) || (together !== undefined && fits([...together]))
        if (lenient) break
      }
    }
    const reason = strict ? 'equal' : lenient ? 'equal but for its form' : 'different'
    return { strict, lenient, extracted: (first ?? response.trim()).slice(0, 1_000) || null, reason }
  },
  inForm: (answer) => answer,
}

type Form = (item: string) => string

/** How items are compared: as words; as options where the gold lists letters alone; as numbers where it lists numbers alone. */
function formsOf(items: readonly string[]): Form[] {
  const forms: Form[] = [foldText, foldAnswer]
  if (items.every((item) => /^\s*[A-Z]\s*$/.test(item)))
    forms.push((item) => optionLetter(item) ?? `${foldText(item)} `)
  if (items.every((item) => /^\s*[-−]?\d+(?:\.\d+)?\s*$/.test(item))) {
    forms.push((item) => {
      const read = item.trim() === '' ? null : readQuantity(item)
      return read?.values.length ? String(read.values[0]) : foldText(item)
    })
  }
  return forms
}

function setOf(items: readonly string[], form: Form): Set<string> {
  return new Set(items.map(form).filter((item) => item.trim() !== ''))
}

function isSame(left: Set<string>, right: Set<string>): boolean {
  return left.size === right.size && left.isSubsetOf(right)
}
