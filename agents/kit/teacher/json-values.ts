import { isObject, parseJson } from '../../../schemas/bounded-json.ts'
import { objectAt, type Search } from '../../../tasks/reply/relaxed-json.ts'

/** A JSON object of a stranger. */
export type JsonObject = Readonly<Record<string, unknown>>

/** The objects among the values of a body, and in the lists among them. */
export const objectsIn = (values: readonly unknown[]): JsonObject[] => values.flat().filter(isObject)

/** A field's name without what differs between APIs: `finish_reason` and `finishReason` are `finishreason`. */
export const plainName = (name: string): string => name.toLowerCase().replaceAll(/[^a-z]/g, '')

/** The first value of an object under one of some plain names. */
export const valueUnder = (object: JsonObject, names: readonly string[]): unknown =>
  Object.entries(object).find(([name, value]) => value != null && names.includes(plainName(name)))?.[1]

/** Places at which a value is looked for: a body of brackets must not take a time that grows with its square. */
const maxStarts = 50
/** Texts of JSON inside one another. */
const maxLayers = 3

/** Of a stream, that its end was sent. */
const streamEnd = /^data: ?\[DONE\]/m

/**
 * The JSON objects and lists that stand in a body one after another: alone; as lines; as the events of a stream, with comments, blank
 * lines and `[DONE]` between them; with something else before or behind; as a text of JSON. What is no number (NaN) is null, and an
 * object that is no strict JSON (a comma too many, raw line ends) is read as replies of models are. A value that was cut off is left
 * out. `isEnded`: it is no stream, or one whose end was sent.
 */
export function jsonValues(body: string, layers = maxLayers): { values: unknown[]; isEnded: boolean } {
  const text = body.replace(/^\uFEFF+/, '')
  const whole = parsed(text)
  if (typeof whole === 'string' && layers > 0) return jsonValues(whole, layers - 1)
  if (typeof whole === 'object' && whole !== null) return { values: [whole], isEnded: true }
  const isStream = /^data:/m.test(text)
  const values = valuesIn(isStream || /^:/m.test(text) ? withoutFraming(text) : text)
  return { values, isEnded: !isStream || streamEnd.test(text) }
}

/** Whether nothing more can come of a body: it is one value of JSON that ends with a mark, or a stream whose end was sent. */
export const isWholeBody = (text: string): boolean =>
  streamEnd.test(text) || (/[}\]"]\s*$/.test(text) && parsed(text.replace(/^\uFEFF+/, '')) !== undefined)

/** The data of a stream's events and whatever stands between them, without names and comments of events. */
const withoutFraming = (text: string): string =>
  text
    .split(/\r\n?|\n/)
    .map((line) => {
      const [, field, data = ''] = /^(data|event|id|retry|): ?(.*)$/s.exec(line) ?? []
      return field === undefined ? line : field === 'data' ? data : ''
    })
    .join('\n')

function valuesIn(text: string): unknown[] {
  const values: unknown[] = []
  const search: Search = { left: 8 * text.length }
  let starts = 0
  for (let at = nextStart(text, 0); at >= 0 && starts < maxStarts; ) {
    const end = endOfValue(text, at)
    const value = end === null ? undefined : parsed(text.slice(at, end))
    const found = value === undefined ? objectAt(text, at, search) : { value, end: end! }
    if (found) values.push(found.value)
    else if (end === null) break
    else starts += 1
    at = nextStart(text, found?.end ?? end!)
  }
  return values
}

function nextStart(text: string, from: number): number {
  const pattern = /[{[]/g
  pattern.lastIndex = from
  return pattern.exec(text)?.index ?? -1
}

/** Behind the bracket that closes the one at `start`; null where none does. */
function endOfValue(text: string, start: number): number | null {
  let depth = 0
  let inString = false
  for (let at = start; at < text.length; at++) {
    const char = text[at]
    if (inString) {
      if (char === '\\') at += 1
      else if (char === '"') inString = false
    } else if (char === '"') inString = true
    else if (char === '{' || char === '[') depth += 1
    else if ((char === '}' || char === ']') && --depth === 0) return at + 1
  }
  return null
}

/** Words that stand for no number or for nothing, which are no JSON, and the strings in which they are texts. */
const stringOrNothing = /"[^"\\]*(?:\\[\s\S][^"\\]*)*"|[-+]?\b(?:nan|inf(?:inity)?|undefined)\b/gi
const nothing = /\b(?:nan|inf|infinity|undefined)\b/i

/** Undefined where it is no JSON, or deeper than what walks it can bear. */
function parsed(text: string): unknown {
  try {
    return parseJson(text)
  } catch {
    if (!nothing.test(text)) return undefined
  }
  try {
    return parseJson(text.replace(stringOrNothing, (token) => (token.startsWith('"') ? token : 'null')))
  } catch {
    return undefined
  }
}
