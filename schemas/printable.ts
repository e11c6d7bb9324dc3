import { shorten } from './text.ts'

// biome-ignore-start lint/suspicious/noControlCharactersInRegex: they are what is looked for
/** What no document shows: control characters but tabs and line ends, and what turns the direction of whatever stands beside it. */
const controlCharacters = /[\0-\x08\x0B\x0C\x0E-\x1F\x7F-\x9F\u202A-\u202E\u2066-\u2069]/g
/** On a terminal a carriage return goes back over the line, and weak marks of direction move what is plain. */
const terminalControlCharacters = /[\0-\x08\x0B-\x1F\x7F-\x9F\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/g
// biome-ignore-end lint/suspicious/noControlCharactersInRegex: as above

/** A text as a document (HTML, Markdown, YAML) may hold it, before that language's own marks are escaped. */
export const withoutControlCharacters = (text: string): string => text.replaceAll(controlCharacters, '\uFFFD')

/** A text as a terminal may show it: nothing that a model or an endpoint says moves the cursor, colours lines or turns their direction. */
export const printable = (text: string): string => text.replaceAll(terminalControlCharacters, '\uFFFD')

/** A value as one line of JSON that a terminal may show, too: JSON has escapes of its own for the same characters. */
export const printableJson = (value: unknown): string =>
  JSON.stringify(value).replaceAll(
    terminalControlCharacters,
    (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )

/** A name that a stranger chose, inside a line of ours: on that line, and no longer than is read. */
export const printableName = (name: string): string =>
  printable(shorten(name, maxNameChars)).replaceAll(/[\t\n\u2028\u2029]/g, '\uFFFD')
const maxNameChars = 200

/**
 * Where a value holds a text with half of a surrogate pair, which JSON can spell (`"\ud83d"`) and no UTF-8 can hold: a tokenizer ends in an
 * error at it. The path of the first such text or key, such as `input` or `choices.2`; null where there is none; empty for the value
 * itself.
 */
export function halfCharacterIn(value: unknown): string | null {
  if (typeof value === 'string') return value.isWellFormed() ? null : ''
  if (typeof value !== 'object' || value === null) return null
  for (const [key, member] of Object.entries(value)) {
    if (!key.isWellFormed()) return key.toWellFormed()
    const inner = halfCharacterIn(member)
    if (inner !== null) return inner === '' ? key : `${key}.${inner}`
  }
  return null
}
