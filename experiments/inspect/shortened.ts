/** A text on one line of a table, of so many characters at most. */
export const shortened = (text: string, chars = 48): string => {
  const line = text.replaceAll(/\s+/g, ' ').trim()
  return line.length > chars ? `${line.slice(0, chars - 1)}…` : line
}
