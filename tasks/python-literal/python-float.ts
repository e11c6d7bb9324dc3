import { digitRunEnd, digitValue, isPythonSpace, pythonStrip } from './characters.ts'

const special = new Map([
  ['inf', Number.POSITIVE_INFINITY],
  ['infinity', Number.POSITIVE_INFINITY],
  ['nan', Number.NaN],
])

/**
 * What `float(text)` gives, or null where it raises ValueError: white space around, digits of any script, single
 * underscores between digits, `inf`, `infinity` and `nan` are accepted; hexadecimal, commas and an empty text are not.
 */
export function pythonFloat(text: string): number | null {
  const body = toAscii(pythonStrip(text))
  let index = body[0] === '+' || body[0] === '-' ? 1 : 0
  const negative = body[0] === '-'
  const named = body.length - index <= 8 ? special.get(body.slice(index).toLowerCase()) : undefined
  if (named !== undefined) return negative ? -named : named
  const whole = digitRunEnd(body, index)
  let digits = whole > index
  index = whole
  if (body[index] === '.') {
    const fraction = digitRunEnd(body, index + 1)
    digits ||= fraction > index + 1
    index = fraction
  }
  if (!digits) return null
  if (body[index] === 'e' || body[index] === 'E') {
    const start = index + (body[index + 1] === '+' || body[index + 1] === '-' ? 2 : 1)
    const end = digitRunEnd(body, start)
    if (end === start) return null
    index = end
  }
  return index === body.length ? Number(body.replaceAll('_', '')) : null
}

/** Digits of every script become ASCII digits; other characters stay, and are refused later. */
function toAscii(text: string): string {
  let plain = true
  for (let index = 0; index < text.length && plain; index += 1) plain = text.charCodeAt(index) < 0x80
  if (plain) return text
  const parts: string[] = []
  for (const character of text) {
    const value = digitValue(character.codePointAt(0) ?? 0)
    parts.push(value === null ? (isPythonSpace(character.charCodeAt(0)) ? ' ' : character) : String(value))
  }
  return parts.join('')
}
