import { type ObjectAt, objectAt, type Search } from './relaxed-json.ts'
import { isOfDraft, startOfReply } from './thoughts.ts'

type JsonObject = ObjectAt['value']

/**
 * The form that a reply was asked for in: the fields wanted, each with what the prompt shows in its place. An object that repeats the
 * prompt's form is none.
 */
export type Form = Readonly<Record<string, string>>

/** `none`: no object; `other`: none with a field that is wanted; `broken`: the last with one does not end, or is no JSON. */
export type FoundObject = { object: JsonObject } | { fault: 'none' | 'other' | 'broken' }

/**
 * The last object of a reply that has a field of the form: what stands before it are drafts, however long. Where it stands inside another
 * (`{"row": {…}}`), it is that, unless its name there is that of thoughts or takes it back (`{"rejected": {…}}`); objects behind it that
 * have no field of the form are remarks. Where one that has does not end, the reply is not whole, and what stands before it is not taken in
 * its place.
 *
 * Objects inside an element or behind a special token whose name nobody knows are drafts, first ones or later ones: the last outside of
 * them counts, and where none is, the reply has no answer (`<ponder>{...}</ponder>`), for a row that nobody meant costs more than a reply
 * that is asked for again. Elements that name an answer or data (`<answer>`, `<json>`, `<output>`, `<response>`, `<qa_pair>`) or are of a
 * page, and the tokens of a turn, count as outside; what takes its name back (`<bad_example>`, `<previous_output>`), a code fence with the
 * name of thoughts, and what is struck out (`~~{...}~~`) as inside.
 */
export function lastObject(text: string, form: Form, literals: boolean): FoundObject {
  const search: Search = { left: 8 * text.length, literals }
  const place = startOfReply()
  let last: JsonObject | undefined
  let isBroken = false
  let isDraft = false
  let isAny = false
  let from = 0
  const readTo = (to: number) => {
    if (!place.read(text.slice(from, to)) || !last) return
    last = undefined
    isDraft = true
  }
  for (let at = text.indexOf('{'); at >= 0; at = text.indexOf('{', at)) {
    const found = objectAt(text, at, search)
    if (!found) {
      at++
      continue
    }
    isBroken ||= startsOne(text.slice(from, at), form)
    readTo(at)
    const object = holderOf(found.value, form)
    if (object && (place.isInside || isStruckOut(text, at, found.end))) isDraft = true
    else if (object) {
      last = object
      isBroken = false
    }
    isAny = true
    from = found.end
    at = found.end
  }
  readTo(text.length)
  if (isBroken || startsOne(text.slice(from), form)) return { fault: 'broken' }
  if (last) return { object: last }
  if (isDraft) return { fault: 'broken' }
  const inner = isAny ? undefined : encoded(text)
  return inner === undefined ? { fault: isAny ? 'other' : 'none' } : lastObject(inner, form, literals)
}

/** As Markdown has it: `~~{…}~~`. */
const isStruckOut = (text: string, from: number, to: number): boolean =>
  text.startsWith('~~', from - 2) && text.startsWith('~~', to)

/** The object that a whole text is, apart from a code fence; undefined for every other text. */
export function wholeObject(text: string): JsonObject | undefined {
  const plain = text.trim()
  const [opened] = /^```(?:json)?\s*\n/i.exec(plain) ?? ['']
  const inside = opened && plain.endsWith('```') ? plain.slice(opened.length, -3).trim() : plain
  const found = inside.startsWith('{') ? objectAt(inside, 0, { left: inside.length }) : undefined
  return found?.end === inside.length ? found.value : undefined
}

/** The last object at or inside a value with a field of the form; none under a name that takes it back, as `rejected` does. */
function holderOf(value: unknown, form: Form): JsonObject | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  if (!Array.isArray(value) && Object.keys(form).some((field) => field in value)) {
    return isEcho(value as JsonObject, form) ? undefined : (value as JsonObject)
  }
  for (const [name, inner] of Object.entries(value).toReversed()) {
    const found = isOfDraft(name) ? undefined : holderOf(inner, form)
    if (found) return found
  }
  return undefined
}

const isEcho = (value: JsonObject, form: Form): boolean =>
  Object.entries(form).every(
    ([field, shown]) => value[field] === shown || value[field] === '...' || value[field] === '…',
  )

/** Whether an object with a field of the form begins in a text. */
function startsOne(text: string, form: Form): boolean {
  const field = Object.keys(form).join('|')
  return new RegExp(String.raw`[{,]\s*["'“”„](?:${field})["'“”]\s*:|\{\s*(?:${field})\s*:`).test(text)
}

/** A reply that is a text of JSON with the object inside. */
function encoded(text: string): string | undefined {
  if (!/^\s*"/.test(text)) return undefined
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'string' ? value : undefined
  } catch {
    return undefined
  }
}
