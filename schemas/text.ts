/** Texts as people read them, wherever they read. */

/** The beginning of a text, at most so many characters. One of two places is not cut in half: a half can be neither hashed nor sent. */
export const truncate = (text: string, max: number): string =>
  text.slice(0, Math.max(0, max)).replace(/[\uD800-\uDBFF]$/, '')

/** The same with a mark behind it where something is missing. */
export const shorten = (text: string, max: number, mark = '…'): string =>
  text.length > max ? truncate(text, max) + mark : text

/** A text where it may be very long: cut, with its whole length behind it. */
export const shortenCounted = (text: string, max: number): string => shorten(text, max, `… (${text.length} characters)`)

/** A text as it stands at the beginning of a line or a sentence. */
export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
