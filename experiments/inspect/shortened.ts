import { shorten } from '../../schemas/text.ts'

/** A text on one line of a table, of so many characters at most. */
export const shortened = (text: string, chars = 48): string => shorten(text.replaceAll(/\s+/g, ' ').trim(), chars)
