import { shorten, truncate } from '../../../schemas/text.ts'

/** Characters of what a stranger says that are shown. */
const shownChars = 300

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is replaced
const unprintable = /[\0-\x1F\x7F-\x9F\u200E\u200F\u2028\u2029\u202A-\u202E\u2066-\u2069]+/g

/** The beginning of a stranger's text on one line, as it may be shown: without control characters and changes of direction. */
export function shown(text: string, maxChars = shownChars): string {
  const line = truncate(text, 4 * maxChars)
    .replaceAll(unprintable, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim()
    .toWellFormed()
  return shorten(line, maxChars)
}

export const quoted = (text: string): string => `"${shown(text)}"`
