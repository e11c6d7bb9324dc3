import { foldWithOffsets } from './fold.ts'
import { latexCommands, lexicon, type Normalisation, tokenKinds } from './lexicon.ts'
import { isDigit, scanNumber } from './number-scan.ts'
import { clearTokens, pushToken, setToken, type Tokens } from './tokens.ts'

/**
 * Normalises a text for comparison, in time linear in its length: compatibility forms, case, diacritics, punctuation,
 * spacing and LaTeX wrappers go; units have one spelling ("kilograms" is kg, "%" is percent); numbers are values
 * ("1,234.50" and "twelve" are 1234.5 and 12), apart from the words around them. Currency and articles are dropped.
 */
export function readTokens(original: string, tokens: Tokens): void {
  clearTokens(tokens)
  const { text, offsets } = foldWithOffsets(original)
  const reader: Reader = { text, tokens, number: null }
  let i = 0
  while (i < text.length) i = readAt(reader, i)
  if (offsets) {
    for (let t = 0; t < tokens.count; t++) {
      tokens.end[t] = offsetAfter(original, offsets[tokens.end[t]! - 1]!)
      tokens.start[t] = offsets[tokens.start[t]!]!
    }
  }
}

/** The last token, while it is a number that a spelled-out word may continue ("twenty five", "2.5 million"). */
type OpenNumber = { index: number; value: number; spelled: boolean }
type Reader = { text: string; tokens: Tokens; number: OpenNumber | null }

/** Reads what stands at `i` and returns where to go on; always moves forward. */
function readAt(reader: Reader, i: number): number {
  const { text, tokens } = reader
  const code = text.charCodeAt(i)
  if (code === 32 || code === 10) return i + 1
  if (isLetter(code)) return readWord(reader, i, code)
  if (isDigit(code)) return readNumber(reader, i, i, '')
  switch (code) {
    case 46: // .5, but not 3.5.5
      return isDigit(text.charCodeAt(i + 1)) && !isDigit(text.charCodeAt(i - 1)) ? readNumber(reader, i, i, '') : i + 1
    case 92:
      return readLatex(reader, i)
    case 37:
      return unit(tokens, 'percent', i, i + 1)
    case 176:
      return unit(tokens, 'deg', i, i + 1)
    case 38:
      pushToken(tokens, 'and', tokenKinds.closed, i, i + 1)
      return i + 1
    case 42:
    case 43:
    case 47:
    case 60:
    case 62:
      return readOperator(reader, text[i]!, i, i + 1)
    case 45: {
      const end = readOperator(reader, '-', i, i + 1)
      const before = text.charCodeAt(i - 1)
      const sign = tokens.end[tokens.count - 1] !== i + 1 && !isDigit(before) && !(before >= 97 && before <= 122)
      return sign && isDigit(text.charCodeAt(i + 1)) ? readNumber(reader, i + 1, i, '-') : end
    }
    default:
      return i + 1
  }
}

function readNumber(reader: Reader, from: number, start: number, sign: string): number {
  const { text, end } = scanNumber(reader.text, from)
  pushToken(reader.tokens, sign + text, tokenKinds.value, start, end)
  reader.number = text.length < 16 ? { index: reader.tokens.count - 1, value: Number(text), spelled: false } : null
  return end
}

function readWord(reader: Reader, start: number, first: number): number {
  const { text, tokens } = reader
  let end = start + 1
  let apostrophe = false
  if (!isIdeograph(first)) {
    for (; end < text.length; end++) {
      const code = text.charCodeAt(end)
      if (code === 39 && isLetter(text.charCodeAt(end + 1))) apostrophe = true
      else if (!isLetter(code) || isIdeograph(code)) break
    }
  }
  let word = text.slice(start, end)
  if (apostrophe) word = word.replaceAll("'", '')
  if (word === 'per' && perCent.test(text.slice(end, end + 6))) return unit(tokens, 'percent', start, end + 5)
  const entry = lexicon.get(word)
  if (entry) return readEntry(reader, entry, word, start, end)
  pushToken(tokens, word, tokenKinds.open, start, end)
  return end
}

function readEntry(reader: Reader, entry: Normalisation, word: string, start: number, end: number): number {
  const { tokens } = reader
  switch (entry.is) {
    case 'drop':
      return end
    case 'closed':
      pushToken(tokens, entry.text, tokenKinds.closed, start, end)
      return end
    case 'unit':
      if (entry.bare || besideQuantity(reader, start)) return unit(tokens, entry.text, start, end)
      pushToken(tokens, word, tokenKinds.open, start, end)
      return end
    case 'month': {
      const isDate = !entry.ambiguous || besideNumber(reader, end)
      pushToken(tokens, isDate ? entry.text : word, isDate ? tokenKinds.value : tokenKinds.closed, start, end)
      return end
    }
    case 'number':
      return readSpelledNumber(reader, entry, start, end)
    case 'power':
      pushToken(tokens, String(entry.value), tokenKinds.value, start, end)
      return end
    case 'operator': {
      const after = readOperator(reader, entry.text, start, end)
      if (tokens.end[tokens.count - 1] !== end) pushToken(tokens, word, tokenKinds.open, start, end)
      return after
    }
    default:
      return entry satisfies never
  }
}

function readSpelledNumber(
  reader: Reader,
  entry: Normalisation & { is: 'number' },
  start: number,
  end: number,
): number {
  const { tokens, text } = reader
  const last = tokens.count - 1
  const open = reader.number
  const adjacent = open !== null && open.index === last && /^[ \n-]{1,4}$/.test(text.slice(tokens.end[last], start))
  if (adjacent && joins(open, entry)) {
    const value = entry.scale ? Number((open.value * entry.value).toPrecision(12)) : open.value + entry.value
    setToken(tokens, String(value), tokenKinds.value, tokens.start[last]!, end)
    reader.number = { index: last, value, spelled: open.spelled }
    return end
  }
  pushToken(tokens, String(entry.value), tokenKinds.value, start, end)
  reader.number = { index: tokens.count - 1, value: entry.value, spelled: true }
  return end
}

/** "two hundred", "2.5 million"; "twenty five", "two hundred five"; not "two five" and not "20 five". */
function joins(open: OpenNumber, entry: Normalisation & { is: 'number' }): boolean {
  if (entry.scale) return open.value < entry.value || entry.value >= 1_000
  if (!open.spelled || open.value < 20 || entry.value === 0) return false
  return open.value % 100 === 0 ? entry.value < 100 : open.value % 10 === 0 && entry.value < 10
}

/**
 * An operator counts only between operands (a number or a lone letter before; a digit, bracket, command or lone letter
 * after), so that list bullets, emphasis and hyphens are not taken for one. Pushes nothing otherwise.
 */
function readOperator(reader: Reader, operator: string, start: number, end: number): number {
  const { text, tokens } = reader
  const last = tokens.count - 1
  const operand =
    last >= 0 &&
    start - tokens.end[last]! <= 4 &&
    (tokens.kind[last] === tokenKinds.value || tokens.end[last]! - tokens.start[last]! === 1) &&
    ((operator !== '-' && operator !== '/') || tokens.kind[last] === tokenKinds.value)
  if (!operand) return end
  let next = end
  while (next < end + 4 && (text[next] === ' ' || text[next] === operator)) next++
  const code = text.charCodeAt(next)
  const follows =
    isDigit(code) ||
    ('(\\$'.includes(text[next] ?? ' ') && operator !== '/') ||
    (isLetter(code) && !isLetter(text.charCodeAt(next + 1)) && operator !== '/')
  if (follows) pushToken(tokens, operator, tokenKinds.value, start, end)
  return end
}

function readLatex(reader: Reader, start: number): number {
  const { text, tokens } = reader
  let end = start + 1
  while (end < text.length && isAsciiLetter(text.charCodeAt(end))) end++
  // `\,` and `\\` are spaces, `\%` is the character.
  if (end === start + 1) return text[end] === '%' || text[end] === '&' || end >= text.length ? end : end + 1
  const name = text.slice(start + 1, end)
  const meaning = latexCommands.get(name)
  if (meaning === undefined) pushToken(tokens, name, tokenKinds.open, start, end)
  else if (meaning === 'deg') return unit(tokens, 'deg', start, end)
  else if (meaning === '*' || meaning === '/') return readOperator(reader, meaning, start, end)
  else if (meaning !== '') pushToken(tokens, meaning, tokenKinds.closed, start, end)
  return end
}

function unit(tokens: Tokens, text: string, start: number, end: number): number {
  const entry = lexicon.get(text)
  if (entry?.is === 'unit') tokens.units[entry.bit >> 5]! |= 1 << (entry.bit & 31)
  pushToken(tokens, text, tokenKinds.unit, start, end)
  return end
}

/** Whether a unit symbol of one or two letters is one here: after a number, a unit, "many", "to" or "in". */
function besideQuantity({ text, tokens }: Reader, start: number): boolean {
  const last = tokens.count - 1
  if (last < 0 || start - tokens.end[last]! > 12) return false
  const kind = tokens.kind[last]
  if (kind === tokenKinds.value || kind === tokenKinds.unit) return true
  const before = text.slice(tokens.start[last], tokens.end[last])
  return before === 'many' || before === 'to' || before === 'in'
}

function besideNumber({ text, tokens }: Reader, end: number): boolean {
  const last = tokens.count - 1
  if (last >= 0 && tokens.kind[last] === tokenKinds.value && end - tokens.end[last]! <= 14) return true
  return isDigit(text.charCodeAt(end + 1)) || (text[end] === '.' && isDigit(text.charCodeAt(end + 2)))
}

const isAsciiLetter = (code: number): boolean => code >= 97 && code <= 122

function isLetter(code: number): boolean {
  if (isAsciiLetter(code)) return true
  return code > 0x7f && letter.test(String.fromCharCode(code))
}

const perCent = /^ cent(?!\p{L})/u

/** Letters and marks, and both halves of a surrogate pair. */
const letter = /[\p{L}\p{M}\ud800-\udfff]/u

/** Scripts written without spaces: each character is a token. */
const isIdeograph = (code: number): boolean => code >= 0x2e80 && code <= 0x9fff

const offsetAfter = (original: string, at: number): number => at + (original.codePointAt(at)! > 0xffff ? 2 : 1)
