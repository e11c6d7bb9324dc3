/** A number as written in a text: its canonical spelling and where it ends. */
export type ScannedNumber = { text: string; end: number }

/**
 * Reads the number that starts at `from` (a digit, or a point before one). Thousands separators (`1,234`, `1{,}234`,
 * `1,\!234`, `1\,234`, a no-break or thin space) and needless zeros go: 1,234.50 becomes 1234.5.
 */
export function scanNumber(text: string, from: number): ScannedNumber {
  let end = digitsEnd(text, from)
  let whole = text.slice(from, end)
  if (whole.length >= 1 && whole.length <= 3 && whole !== '0') {
    const groups = [whole]
    for (let group = groupAfter(text, end); group > 0; group = groupAfter(text, end)) {
      groups.push(text.slice(group, group + 3))
      end = group + 3
    }
    if (groups.length > 1) whole = groups.join('')
  }
  let fraction = ''
  if (text.charCodeAt(end) === 46 && isDigit(text.charCodeAt(end + 1))) {
    const start = end + 1
    end = digitsEnd(text, start)
    fraction = text.slice(start, lastNonZero(text, start, end))
  }
  const integer = whole.slice(firstNonZero(whole)) || '0'
  return { text: fraction ? `${integer}.${fraction}` : integer, end }
}

export const isDigit = (code: number): boolean => code >= 48 && code <= 57

/** Where the three digits of the next thousands group start, or 0 when there is none at `at`. */
function groupAfter(text: string, at: number): number {
  const code = text.charCodeAt(at)
  let start = 0
  if (code === 44) start = text.startsWith(',\\!', at) ? at + 3 : at + 1
  else if (code === 123 && text.startsWith('{,}', at)) start = at + 3
  else if (code === 92 && text.charCodeAt(at + 1) === 44) start = at + 2
  else if (code === 0xa0 || code === 0x2009 || code === 0x202f) start = at + 1
  if (start === 0) return 0
  for (let i = start; i < start + 3; i++) if (!isDigit(text.charCodeAt(i))) return 0
  return isDigit(text.charCodeAt(start + 3)) ? 0 : start
}

function digitsEnd(text: string, from: number): number {
  let i = from
  while (isDigit(text.charCodeAt(i))) i++
  return i
}

function firstNonZero(digits: string): number {
  let i = 0
  while (digits.charCodeAt(i) === 48) i++
  return i
}

function lastNonZero(text: string, start: number, end: number): number {
  let i = end
  while (i > start && text.charCodeAt(i - 1) === 48) i--
  return i
}
