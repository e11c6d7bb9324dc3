import { truncate } from '../../../schemas/text.ts'

/** The beginning of a text that is too long, with how much of it was cut. */
export const shortenPrompted = (text: string, max: number): string =>
  text.length <= max ? text : `${truncate(text, max)} [${text.length - Math.max(0, max)} characters cut]`

export const oneLine = (text: string, max: number): string =>
  shortenPrompted(
    text.replaceAll(/\s+/g, (blank) => (blank.includes('\n') ? ' ' : blank)),
    max,
  )
