/**
 * Character rules where Python and JavaScript differ: which characters are white space, where lines end, what a digit is.
 * Each function is linear in its input.
 */

/** Whether `str.isspace` holds for a UTF-16 code unit (all of Python's white space lies in the first plane). */
export function isPythonSpace(code: number): boolean {
  return (
    (code >= 0x09 && code <= 0x0d) ||
    (code >= 0x1c && code <= 0x20) ||
    code === 0x85 ||
    code === 0xa0 ||
    code === 0x1680 ||
    (code >= 0x2000 && code <= 0x200a) ||
    code === 0x2028 ||
    code === 0x2029 ||
    code === 0x202f ||
    code === 0x205f ||
    code === 0x3000
  )
}

/** `str.strip()` without arguments. */
export function pythonStrip(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && isPythonSpace(text.charCodeAt(start))) start += 1
  while (end > start && isPythonSpace(text.charCodeAt(end - 1))) end -= 1
  return text.slice(start, end)
}

/** `str.split()[0]`, or null where the text is blank. */
export function firstPythonWord(text: string): string | null {
  let start = 0
  while (start < text.length && isPythonSpace(text.charCodeAt(start))) start += 1
  if (start === text.length) return null
  let end = start
  while (end < text.length && !isPythonSpace(text.charCodeAt(end))) end += 1
  return text.slice(start, end)
}

const lineEnds = new Set([0x0a, 0x0b, 0x0c, 0x0d, 0x1c, 0x1d, 0x1e, 0x85, 0x2028, 0x2029])

/** `str.splitlines()`: more characters end a line than a line feed, and a last line end opens no empty line. */
export function pythonLines(text: string): string[] {
  const lines: string[] = []
  let start = 0
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index)
    if (!lineEnds.has(code)) continue
    lines.push(text.slice(start, index))
    if (code === 0x0d && text.charCodeAt(index + 1) === 0x0a) index += 1
    start = index + 1
  }
  if (start < text.length) lines.push(text.slice(start))
  return lines
}

const decimalDigit = /^\p{Nd}$/u

/** The value of a decimal digit of any script, or null. `point` is a code point. */
export function digitValue(point: number): number | null {
  if (point < 0x80) return point >= 0x30 && point <= 0x39 ? point - 0x30 : null
  if (!decimalDigit.test(String.fromCodePoint(point))) return null
  // The mathematical digits are the one run of digit blocks that is not aligned to sixteen.
  if (point >= 0x1d7ce && point <= 0x1d7ff) return (point - 0x1d7ce) % 10
  // Blocks start at ...0 or at ...6; the second kind has no digit at ...0.
  const aligned = decimalDigit.test(String.fromCodePoint(point & ~0xf))
  return aligned ? point & 0xf : (point & 0xf) - 6
}

export const isAsciiDigit = (code: number): boolean => code >= 0x30 && code <= 0x39

/** End of a run of ASCII digits that single underscores may join, from `start`; `start` itself where there is none. */
export function digitRunEnd(text: string, start: number): number {
  let index = start
  while (isAsciiDigit(text.charCodeAt(index))) {
    index += 1
    if (text[index] === '_' && isAsciiDigit(text.charCodeAt(index + 1))) index += 1
  }
  return index
}
