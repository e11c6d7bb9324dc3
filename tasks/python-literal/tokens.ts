import { digitRunEnd } from './characters.ts'
import type { StringToken } from './string-literal.ts'
import { PyError, type PyValue } from './value.ts'

/**
 * Splits Python source into tokens. Raises `syntax` where Python's tokenizer would; brackets are matched here, so the
 * parser never nests deeper than `maxBrackets`.
 */
export type PyToken = { start: number; end: number } & (
  | { kind: 'name' | 'keyword' | 'op'; text: string }
  /** `value` is null for a complex number. */
  | { kind: 'number'; value: PyValue | null }
  | { kind: 'string'; string: StringToken }
  | { kind: 'newline' | 'end' }
)

/** CPython's own limit. */
const maxBrackets = 200
/** CPython refuses to convert longer decimal integers. */
const maxIntDigits = 4300

const keywords = new Set(
  `False None True and as assert async await break class continue def del elif else except finally for from global if
  import in is lambda nonlocal not or pass raise return try while with yield`.split(/\s+/),
)

const operators = [
  '**= //= >>= <<= ...',
  '** // >> << <= >= == != -> += -= *= /= %= &= |= ^= @= :=',
  '+ - * / % @ & | ^ ~ < > ( ) [ ] { } , : . ; =',
].map((line) => new Set(line.split(' ')))
const closers: Record<string, string> = { ')': '(', ']': '[', '}': '{' }
const identifier = /[\p{XID_Start}_][\p{XID_Continue}]*/uy
const stringStart = /(?:[rR][bBfF]?|[bBfF][rR]?|[uU])?(?:'''|"""|'|")/y
/** The words that may follow a number without a space. */
const wordAfterNumber = /and|else|for|if|in|is|or|not/y

export function tokenize(source: string): PyToken[] {
  const tokens: PyToken[] = []
  const open: string[] = []
  let lineHasTokens = false
  let index = 0
  if (source.includes('\0')) throw new PyError('syntax', 'null byte')
  // Python cannot encode it, so it never comes to its parser.
  if (!source.isWellFormed()) throw new PyError('syntax', 'lone surrogate')
  while (index < source.length) {
    const character = source[index]!
    if (character === '\n' || character === '\r') {
      if (open.length === 0 && lineHasTokens) tokens.push({ kind: 'newline', start: index, end: index + 1 })
      if (open.length === 0) lineHasTokens = false
      index += 1
      continue
    }
    if (character === ' ' || character === '\t' || character === '\f') {
      index += 1
      continue
    }
    if (character === '#') {
      index = lineEnd(source, index)
      continue
    }
    if (character === '\\') {
      index = continuation(source, index)
      continue
    }
    const token = readToken(source, index)
    if (!lineHasTokens && open.length === 0 && isIndented(source, index))
      throw new PyError('syntax', 'unexpected indent')
    lineHasTokens = true
    if (token.kind === 'op') trackBracket(token.text, open)
    tokens.push(token)
    index = token.end
  }
  if (open.length > 0) throw new PyError('syntax', `'${open.at(-1)}' was never closed`)
  tokens.push({ kind: 'end', start: source.length, end: source.length })
  return tokens
}

function lineEnd(source: string, from: number): number {
  let index = from
  while (index < source.length && source[index] !== '\n' && source[index] !== '\r') index += 1
  return index
}

function continuation(source: string, at: number): number {
  const width = source.startsWith('\r\n', at + 1) ? 2 : source[at + 1] === '\n' || source[at + 1] === '\r' ? 1 : 0
  if (width === 0 || at + 1 + width >= source.length) throw new PyError('syntax', 'stray backslash')
  return at + 1 + width
}

function isIndented(source: string, at: number): boolean {
  const before = source[at - 1]
  return before === ' ' || before === '\t'
}

function trackBracket(text: string, open: string[]): void {
  if (text === '(' || text === '[' || text === '{') {
    open.push(text)
    if (open.length > maxBrackets) throw new PyError('syntax', 'too many nested parentheses')
  } else if (closers[text] !== undefined && open.pop() !== closers[text]) {
    throw new PyError('syntax', `unmatched '${text}'`)
  }
}

function readToken(source: string, start: number): PyToken {
  const code = source.charCodeAt(start)
  const next = source.charCodeAt(start + 1)
  if (isDigit(code) || (code === 0x2e && isDigit(next))) return readNumber(source, start)
  stringStart.lastIndex = start
  const opening = stringStart.exec(source)?.[0]
  if (opening !== undefined) return readString(source, start, opening)
  identifier.lastIndex = start
  const name = identifier.exec(source)?.[0]
  if (name !== undefined)
    return { kind: keywords.has(name) ? 'keyword' : 'name', text: name, start, end: start + name.length }
  for (const [rank, set] of operators.entries()) {
    const text = source.slice(start, start + 3 - rank)
    if (set.has(text)) return { kind: 'op', text, start, end: start + text.length }
  }
  throw new PyError('syntax', 'invalid character')
}

function readString(source: string, start: number, opening: string): PyToken {
  const quote = opening.replace(/^[a-zA-Z]+/, '')
  const prefix = opening.slice(0, opening.length - quote.length).toLowerCase()
  const bodyStart = start + opening.length
  let index = bodyStart
  while (index < source.length) {
    const character = source[index]
    if (character === '\\') {
      index += source.startsWith('\r\n', index + 1) ? 3 : 2
    } else if (source.startsWith(quote, index)) {
      const body = source.slice(bodyStart, index).replace(/\r\n?/g, '\n')
      return { kind: 'string', string: { prefix, body }, start, end: index + quote.length }
    } else if (quote.length === 1 && (character === '\n' || character === '\r')) {
      break
    } else {
      index += 1
    }
  }
  throw new PyError('syntax', 'unterminated string literal')
}

function readNumber(source: string, start: number): PyToken {
  const radix = source[start] === '0' ? radixes[source[start + 1] ?? ''] : undefined
  let end: number
  let value: PyValue | null
  if (radix !== undefined) {
    end = start + 2
    while (radix.test(source[end] ?? '') || (source[end] === '_' && radix.test(source[end + 1] ?? ''))) end += 1
    if (end === start + 2) throw new PyError('syntax', 'invalid number')
    if (/[0-9]/.test(source[end] ?? '')) throw new PyError('syntax', 'invalid digit')
    // As for decimal ones: a longer integer than any answer needs would make its conversion the slowest step.
    if (end - start > 2 * maxIntDigits) throw new PyError('unsupported', 'integer too long')
    value = { type: 'int', value: BigInt(source.slice(start, end).replaceAll('_', '').toLowerCase()) }
  } else {
    end = digitRunEnd(source, start)
    let isFloat = false
    if (source[end] === '.') {
      isFloat = true
      end = digitRunEnd(source, end + 1)
    }
    const exponent = end + (/[+-]/.test(source[end + 1] ?? '') ? 2 : 1)
    if (/[eE]/.test(source[end] ?? '') && isDigit(source.charCodeAt(exponent))) {
      isFloat = true
      end = digitRunEnd(source, exponent)
    }
    const digits = source.slice(start, end).replaceAll('_', '')
    if (/[jJ]/.test(source[end] ?? '')) {
      end += 1
      value = null
    } else if (isFloat) {
      value = { type: 'float', value: Number(digits) }
    } else {
      if (digits[0] === '0' && /[1-9]/.test(digits)) throw new PyError('syntax', 'leading zeros')
      if (digits.length > maxIntDigits) throw new PyError('syntax', 'integer too long')
      value = { type: 'int', value: BigInt(digits) }
    }
  }
  identifier.lastIndex = end
  wordAfterNumber.lastIndex = end
  if (identifier.test(source) && !wordAfterNumber.test(source)) throw new PyError('syntax', 'invalid number')
  return { kind: 'number', value, start, end }
}

const radixes: Record<string, RegExp> = {
  x: /[0-9a-fA-F]/,
  X: /[0-9a-fA-F]/,
  o: /[0-7]/,
  O: /[0-7]/,
  b: /[01]/,
  B: /[01]/,
}

const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39
