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
    const split = (text: string) => text.split(separator)
    const strict = isSame(setOf(split(response), trimmed), setOf(split(gold), trimmed))
    const items = split(gold)
    const areLetters = items.every((item) => /^\s*[A-Z]\s*$/.test(item))
    const forms = formsOf(items, areLetters)
    const wanted = forms.map((form) => setOf(items, form))
    const fits = (stated: readonly string[]) => forms.some((form, at) => isSame(setOf(stated, form), wanted[at]!))
    const isWhole = strict || fits(split(response))
    const answers = isWhole ? [] : [...listAnswers(response, separator), ...(areLetters ? letterLists(response) : [])]
    const lenient = isWhole || answers.some(fits)
    const reason = strict ? 'equal' : lenient ? 'equal but for its form' : 'different'
    const extracted = answers[0]?.map(trimmed).join(`${separator} `) ?? response.trim()
    return { strict, lenient, extracted: extracted.slice(0, 1_000) || null, reason }
  },
  inForm: (answer) => answer,
}

type Form = (item: string) => string

const trimmed: Form = (item) => item.trim()

/** How items are compared: as words; as options where the gold lists letters alone; as numbers where it lists numbers alone. */
function formsOf(items: readonly string[], areLetters: boolean): Form[] {
  const forms: Form[] = [foldText, foldAnswer]
  // What is no option is no letter either, though it folds to one.
  if (areLetters) forms.push((item) => optionLetter(item) ?? `${foldText(item)} `)
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

const isSame = (left: Set<string>, right: Set<string>): boolean => left.size === right.size && left.isSubsetOf(right)
