import { latexIn } from './latex.ts'

/** Brackets inside one another: whoever walks a value goes down a call for each. */
const maxDepth = 128

/** One pass through a text. */
export type Search = {
  /** Characters that may still be read in vain: a text of braces alone must not take a time that grows with its square. */
  left: number
  /** A number, true or false is its own text, digit by digit, as a row wants it (`12.50`); else a value of JSON. */
  literals?: boolean
}

/** A JSON object in a text, and the place behind it. */
export type ObjectAt = { value: Readonly<Record<string, unknown>>; end: number }

/**
 * The JSON object that begins at a brace of a text; undefined where none does.
 *
 * What models write beside JSON is read as it is meant: raw line ends and tabs inside a string, a comma before a closing bracket, comments,
 * single, typographic and backward quotes, keys without quotes, Python's words, LaTeX with one backslash. The tokens are rewritten as
 * strict JSON, and `JSON.parse` alone says whether they are an object. Nothing is ever added: a string, list or object that does not end in
 * the text is no object, for a reply that was cut off must not become a row. (Libraries that repair JSON close what is open, and join a
 * broken draft with the object after it: docs/decisions/006.)
 */
export function objectAt(text: string, from: number, search: Search): ObjectAt | undefined {
  if (search.left <= 0 || !starts.test(text.slice(from, from + beginChars))) return undefined
  const tokens = tokensFrom(text, from, search.literals ?? false)
  const value = tokens.parts && objectOf(tokens.parts)
  if (value) return { value, end: tokens.end }
  search.left -= tokens.end - from
  return undefined
}

/** The object that its tokens are, where they are one. */
function objectOf(parts: readonly Part[]): ObjectAt['value'] | undefined {
  const strings = latexIn(parts.flatMap((part) => (typeof part === 'string' ? [] : [part.inside])))
  let at = 0
  const json = parts.map((part) => (typeof part === 'string' ? part : `"${escaped(strings[at++]!, part.quote)}"`))
  try {
    return JSON.parse(json.join('')) as ObjectAt['value']
  } catch {
    return undefined
  }
}

/** How an object begins; most braces of a text, of a formula or a set, do not. */
const starts = /^\{\s*(?:["'`“”„‟}/#]|[\w$-]+\s*:|$)/
const beginChars = 200

/** A mark, a word or a number as JSON has it, or what stands between the quotes of a string. */
type Part = string | { inside: string; quote: string }

const string = /"([^"\\]*(?:\\[\s\S][^"\\]*)*)"|'([^'\\]*(?:\\[\s\S][^'\\]*)*)'|`([^`\\]*(?:\\[\s\S][^`\\]*)*)`/y
/** Between typographic quotes others may stand; the one that ends the string has a mark of JSON behind it, and after a comma another. */
const typographic = /[“”„‟]([\s\S]*?)[“”‟](?=\s*(?:[:\]}]|,\s*["'“”„}\]]))/y
const blank = /(?:\s+|(?:\/\/|#)[^\n]*|\/\*[\s\S]*?\*\/)+/y
const bare = /[^\s"'`“”„‟{}[\],:/#]+/y
const closers = { '{': '}', '[': ']' } as const

/** The tokens up to the bracket that closes the first one; without them, how far that was followed in vain. */
function tokensFrom(text: string, from: number, literals: boolean): { parts?: Part[]; end: number } {
  const parts: Part[] = []
  const open: string[] = []
  let at = from
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at
    const found = pattern.exec(text)
    if (found) at = pattern.lastIndex
    return found
  }
  while (at < text.length) {
    if (match(blank)) continue
    const char = text[at]!
    if (char === '{' || char === '[') {
      if (open.push(closers[char]) > maxDepth) return { end: at }
      parts.push(char)
      at++
    } else if (char === '}' || char === ']') {
      if (open.pop() !== char) return { end: at }
      if (parts.at(-1) === ',') parts.pop()
      parts.push(char)
      at++
      if (open.length === 0) return { parts, end: at }
    } else if (char === ',' || char === ':') {
      parts.push(char)
      at++
    } else {
      const quoted = match(string) ?? match(typographic)
      const word = quoted ? null : match(bare)
      // A string or a comment without an end was followed to the end of the text.
      if (!quoted && !word) return { end: /["'`“”„‟/]/.test(char) ? text.length : at }
      match(blank)
      // Behind a value comes a mark: a quote inside a string that was not escaped ends the search here.
      if (!/[:,\]}]/.test(text[at] ?? '')) return { end: at }
      if (quoted) parts.push({ inside: quoted[1] ?? quoted[2] ?? quoted[3] ?? '', quote: quoted[0][0]! })
      else {
        const json = text[at] === ':' ? keyOf(word![0]) : literalOf(word![0], literals)
        if (json === undefined) return { end: at }
        parts.push(json)
      }
    }
  }
  return { end: at }
}

const keyOf = (word: string): string | undefined => (/^[\w$-]+$/.test(word) ? JSON.stringify(word) : undefined)

const words: Readonly<Record<string, string>> = { True: 'true', False: 'false', None: 'null', undefined: 'null' }
const literal = /^(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)$/

function literalOf(word: string, literals: boolean): string | undefined {
  const json = words[word] ?? word
  if (!literal.test(json)) return undefined
  return literals && json !== 'null' ? JSON.stringify(word) : json
}

const controlCharacters: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }
const control = (char: string) => controlCharacters[char] ?? `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`

/** What stands between the quotes of a string, as JSON wants it between its own. */
function escaped(inside: string, quote: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what JSON wants escaped.
  const plain = inside.replaceAll(/[\u0000-\u001f]/g, control)
  return quote === '"'
    ? plain
    : plain.replaceAll(/\\[\s\S]|"/g, (found) => (found === '"' || found === '\\"' ? '\\"' : found))
}
