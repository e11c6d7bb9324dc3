import { PyError, type PyValue } from './value.ts'

/** A string token: `prefix` in lower case, `body` between the quotes. */
export type StringToken = { prefix: string; body: string }

const octal = /^[0-7]{1,3}/
const simpleEscapes: Record<string, string> = {
  '\\': '\\',
  "'": "'",
  '"': '"',
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\n': '',
}
/** The name that follows `\\N`. */
const named = /\{[^{}]+\}/y
const hexWidth: Record<string, number> = { x: 2, u: 4, U: 8 }

/** Adjacent string tokens as one value. Raises `syntax` as Python's parser would, `unsupported` for f-strings with fields. */
export function joinStrings(tokens: StringToken[]): PyValue {
  const bytes = tokens.filter((token) => token.prefix.includes('b')).length
  if (bytes > 0 && bytes < tokens.length) throw new PyError('syntax', 'cannot mix bytes and nonbytes literals')
  const value = tokens.map(decode).join('')
  return { type: bytes > 0 ? 'bytes' : 'str', value }
}

function decode({ prefix, body }: StringToken): string {
  const isBytes = prefix.includes('b')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the whole of ASCII is meant
  if (isBytes && !/^[\x00-\x7f]*$/.test(body)) throw new PyError('syntax', 'bytes can only contain ASCII characters')
  if (prefix.includes('f') && /[{}]/.test(body)) throw new PyError('unsupported', 'f-string')
  if (prefix.includes('r') || !body.includes('\\')) return body
  const parts: string[] = []
  let index = 0
  while (index < body.length) {
    const slash = body.indexOf('\\', index)
    if (slash < 0) break
    parts.push(body.slice(index, slash))
    const [text, next] = readEscape(body, slash + 1, isBytes)
    // Two escaped surrogates stay two characters in Python; JavaScript would join them, so a noncharacter keeps them apart.
    if (/^[\udc00-\udfff]$/.test(text) && /[\ud800-\udbff]$/.test(parts.findLast((part) => part !== '') ?? ''))
      parts.push('\u{10ffff}')
    parts.push(text)
    index = next
  }
  parts.push(body.slice(index))
  return parts.join('')
}

/** The text of the escape whose letter stands at `at`, and where it ends. */
function readEscape(body: string, at: number, isBytes: boolean): [string, number] {
  const letter = body[at] ?? ''
  const simple = simpleEscapes[letter]
  if (simple !== undefined) return [simple, at + 1]
  const digits = octal.exec(body.slice(at, at + 3))?.[0]
  if (digits) {
    const code = Number.parseInt(digits, 8)
    return [String.fromCharCode(isBytes ? code & 0xff : code), at + digits.length]
  }
  const width = isBytes && letter !== 'x' ? undefined : hexWidth[letter]
  if (width !== undefined) {
    const hex = body.slice(at + 1, at + 1 + width)
    const code = Number.parseInt(hex, 16)
    if (hex.length < width || !/^[0-9a-fA-F]+$/.test(hex) || code > 0x10ffff)
      throw new PyError('syntax', `truncated \\${letter} escape`)
    return [String.fromCodePoint(code), at + 1 + width]
  }
  if (letter === 'N' && !isBytes) {
    named.lastIndex = at + 1
    throw named.test(body)
      ? new PyError('unsupported', 'named character')
      : new PyError('syntax', 'malformed \\N escape')
  }
  return [`\\${letter}`, at + 1]
}
