// Questions with choices: where public sets keep the choices, and what names the right one.

import { isObject } from '../../schemas/bounded-json.ts'
import { type FieldValues, structured, textIn } from './record-values.ts'
import { fingerprint } from './scratch.ts'

/** The choices of one question; `labels` are those of the record, by which its answer may name one. */
export type Choices = { texts: readonly string[]; labels: readonly string[] }

/** How the choices of a file's records are read; `columns` are the ones that it uses. */
export type ChoiceReader = { columns: readonly string[]; read: (row: FieldValues) => Choices | null }

/** What the records of a file call the right choice. */
type Naming = 'label' | 'text' | 'from 0' | 'from 1'
export type GoldReader = { column: string; naming: Naming }

export const letterOf = (index: number): string => String.fromCharCode(65 + index)
export const maxChoices = 26

/** The choices in a list of texts, an object by letters, `{text, label}` as in ARC, or a list of `{label, text}` as in CommonsenseQA. */
export function choicesIn(value: unknown): Choices | null {
  const known = structured(value)
  if (typeof known === 'string') return lettered(known.split(/[,;\n]\s*(?=\(?[a-j]\s*[).:])/i))
  if (Array.isArray(known)) {
    const objects = known.filter(isObject)
    if (objects.length === 0) return lettered(known.map(textIn))
    return choices(
      objects.map(({ text, value: other }) => textIn(text ?? other)),
      objects.map(({ label, key }) => textIn(label ?? key)),
    )
  }
  if (!isObject(known)) return null
  const { text, label, choices: listed } = known
  if (Array.isArray(text)) return choices(text.map(textIn), Array.isArray(label) ? label.map(textIn) : [])
  if (Array.isArray(listed)) return choices(listed.map(textIn), [])
  const names = Object.keys(known).sort()
  const isLettered =
    names.length > 1 &&
    names.every((name, at) => name.toUpperCase() === letterOf(at) || name === String(at + 1) || name === String(at))
  return isLettered
    ? choices(
        names.map((name) => textIn(known[name])),
        names,
      )
    : null
}

/** Takes letters off that stand before the choices already: `A) 12`, `b. 13`. */
function lettered(texts: readonly (string | null)[]): Choices | null {
  const marks = texts.map((text) => /^\(?([a-j])\s*[).:]\s*(.+)$/is.exec(text ?? ''))
  const areMarked = marks.length > 1 && marks.every((mark, at) => mark?.[1]?.toUpperCase() === letterOf(at))
  return areMarked
    ? choices(
        marks.map((mark) => mark![2]!),
        [],
      )
    : choices(texts, [])
}

/** Null for what are no choices: fewer than two, or one that is no text. */
function choices(texts: readonly (string | null)[], labels: readonly (string | null)[]): Choices | null {
  const last = texts.findLastIndex((text) => text !== null && text !== '')
  const kept = texts.slice(0, last + 1)
  if (kept.length < 2 || kept.length > maxChoices) return null
  const own = labels.length === texts.length && labels.every((label) => label !== null && label !== '')
  return {
    texts: kept.map((text) => text ?? ''),
    labels: own ? labels.slice(0, kept.length).map((label) => label!) : kept.map((_, at) => letterOf(at)),
  }
}

/** Names of columns that hold one choice each, of which the last part counts up. */
const families = [
  /^([a-j])$/,
  /^op([a-j])$/,
  /(?:option|opt|choice|answer|ending|sol|solution|candidate|alternative)([a-j])$/,
  /(?:option|opt|choice|answer|ending|sol|solution|candidate|alternative)(\d)$/,
]

/** The columns that together are the choices: `A` to `D`, `option1` and `option2`, `ending0` to `ending3`. By folded name. */
export function choiceFamily(columns: ReadonlyMap<string, string>): string[] {
  for (const family of families) {
    const groups = Map.groupBy(
      [...columns].filter(([name]) => family.test(name)),
      ([name]) => name.replace(/.$/, ''),
    )
    for (const members of groups.values()) {
      const sorted = members.sort(([a], [b]) => (a < b ? -1 : 1))
      const places = sorted.map(([name]) => Number.parseInt(name.at(-1)!, 20))
      const first = places[0]
      const isWhole =
        places.length > 1 &&
        (first === 0 || first === 1 || first === 10) &&
        places.every((place, at) => place === first + at)
      if (isWhole) return sorted.map(([, column]) => column)
    }
  }
  return []
}

/** A right answer and wrong ones in columns of their own (GPQA, SciQ): their order is drawn from the hash of the question. */
export function drawnChoices(
  question: string,
  right: string,
  wrong: readonly string[],
): { texts: string[]; gold: number } {
  const keyed = [right, ...wrong].map((text, at) => ({
    at,
    text,
    key: fingerprint(`choice:${at}:${question}:${text}`),
  }))
  keyed.sort((a, b) => a.key - b.key)
  return { texts: keyed.map(({ text }) => text), gold: keyed.findIndex(({ at }) => at === 0) }
}

/** Where a record's answer points, or null. */
export function goldPlace(answer: unknown, { texts, labels }: Choices, naming: Naming): number | null {
  const plain = oneHot(answer) ?? (Array.isArray(answer) && answer.length === 1 ? answer[0] : answer)
  const text = textIn(plain)
  if (text === null || text === '') return null
  const at = placeOf(text, texts, labels, naming)
  return at >= 0 && at < texts.length ? at : null
}

function placeOf(text: string, texts: readonly string[], labels: readonly string[], naming: Naming): number {
  const fold = (each: string) => each.trim().toLowerCase()
  switch (naming) {
    case 'label': {
      const own = labels.findIndex((label) => fold(label) === fold(text))
      if (own >= 0) return own
      const letter = /^\(?([a-z])[).:]?$/i.exec(text)?.[1]
      return letter === undefined ? -1 : letter.toUpperCase().charCodeAt(0) - 65
    }
    case 'text': {
      const same = texts.flatMap((each, at) => (fold(each) === fold(text) ? [at] : []))
      return same.length === 1 ? same[0]! : -1
    }
    case 'from 0':
      return /^\d+$/.test(text) ? Number(text) : -1
    case 'from 1':
      return /^\d+$/.test(text) ? Number(text) - 1 : -1
  }
}

/** TruthfulQA marks the right one of its choices: `[1, 0, 0, 0]`. */
function oneHot(value: unknown): number | null {
  if (!Array.isArray(value) || value.length < 2 || !value.every((each) => each === 0 || each === 1)) return null
  return value.filter((each) => each === 1).length === 1 ? value.indexOf(1) : null
}

/**
 * The column and the naming by which most of the records looked at have a right choice, once for a file: with one naming for each record,
 * `1` would be the second choice here and the first one there. Null: none has one.
 */
export function chooseGold(
  rows: readonly FieldValues[],
  columns: readonly string[],
  read: ChoiceReader['read'],
  answerIn: (row: FieldValues, column: string) => unknown,
): GoldReader | null {
  let best: GoldReader | null = null
  let most = 0
  const looked = rows.flatMap((row) => {
    const found = read(row)
    return found === null ? [] : [{ row, found }]
  })
  for (const column of columns) {
    const areNumbers = looked.every(({ row }) => typeof answerIn(row, column) !== 'string')
    const namings: Naming[] = areNumbers ? ['from 0', 'from 1', 'label', 'text'] : ['label', 'text', 'from 0', 'from 1']
    for (const naming of namings) {
      const count = looked.filter(({ row, found }) => goldPlace(answerIn(row, column), found, naming) !== null).length
      if (count > most) {
        most = count
        best = { column, naming }
      }
    }
  }
  return best
}
