import { isAsciiDigit } from './characters.ts'
import { hashKey, PyError, type PyValue } from './value.ts'

/** Python's own parser gives up near 1,000; a Python literal cannot nest deeper than 200. */
const maxDepth = 900
const maxIntDigits = 4300

/**
 * What `json.loads(text)` gives: NaN and Infinity are accepted, integers are exact, a repeated key keeps its last value.
 * Raises `value` where Python does.
 */
export function loadsJson(text: string): PyValue {
  const reader = new JsonReader(text)
  const value = reader.value(0)
  reader.end()
  return value
}

const words: [string, PyValue][] = [
  ['null', { type: 'none' }],
  ['true', { type: 'bool', value: true }],
  ['false', { type: 'bool', value: false }],
  ['NaN', { type: 'float', value: Number.NaN }],
  ['Infinity', { type: 'float', value: Number.POSITIVE_INFINITY }],
  ['-Infinity', { type: 'float', value: Number.NEGATIVE_INFINITY }],
]

class JsonReader {
  private readonly text: string
  private index = 0

  constructor(text: string) {
    this.text = text
  }

  value(depth: number): PyValue {
    if (depth > maxDepth) throw bad('nested too deeply')
    this.space()
    const character = this.text[this.index]
    if (character === '"') return { type: 'str', value: this.string() }
    if (character === '[') return this.array(depth)
    if (character === '{') return this.object(depth)
    for (const [word, value] of words) {
      if (!this.text.startsWith(word, this.index)) continue
      this.index += word.length
      return value
    }
    return this.number()
  }

  end(): void {
    this.space()
    if (this.index < this.text.length) throw bad('extra data')
  }

  private space(): void {
    while (' \t\n\r'.includes(this.text[this.index] ?? 'x')) this.index += 1
  }

  private array(depth: number): PyValue {
    const items: PyValue[] = []
    this.index += 1
    this.space()
    if (this.skip(']')) return { type: 'list', items }
    do items.push(this.value(depth + 1))
    while (this.next(']'))
    return { type: 'list', items }
  }

  private object(depth: number): PyValue {
    const entries = new Map<string, [PyValue, PyValue]>()
    this.index += 1
    this.space()
    if (this.skip('}')) return { type: 'dict', entries }
    do {
      this.space()
      if (this.text[this.index] !== '"') throw bad('property name expected')
      const key: PyValue = { type: 'str', value: this.string() }
      this.space()
      if (!this.skip(':')) throw bad('colon expected')
      entries.set(hashKey(key), [key, this.value(depth + 1)])
    } while (this.next('}'))
    return { type: 'dict', entries }
  }

  /** After a member: true for a comma, false for the end. */
  private next(close: string): boolean {
    this.space()
    if (this.skip(',')) return true
    if (this.skip(close)) return false
    throw bad('comma expected')
  }

  private skip(character: string): boolean {
    if (this.text[this.index] !== character) return false
    this.index += 1
    return true
  }

  private string(): string {
    const start = this.index
    for (this.index += 1; this.index < this.text.length; this.index += 1) {
      if (this.text[this.index] === '\\') this.index += 1
      else if (this.skip('"')) {
        try {
          return JSON.parse(this.text.slice(start, this.index)) as string
        } catch {
          break
        }
      }
    }
    throw bad('invalid string')
  }

  private number(): PyValue {
    const start = this.index
    this.skip('-')
    if (!this.skip('0')) this.digits()
    let isFloat = false
    if (this.text[this.index] === '.' && isAsciiDigit(this.text.charCodeAt(this.index + 1))) {
      isFloat = true
      this.index += 1
      this.digits()
    }
    const exponent = /^[eE][-+]?[0-9]/.exec(this.text.slice(this.index, this.index + 3))
    if (exponent !== null) {
      isFloat = true
      this.index += exponent[0].length - 1
      this.digits()
    }
    const text = this.text.slice(start, this.index)
    if (isFloat) return { type: 'float', value: Number(text) }
    if (text.length > maxIntDigits) throw bad('integer too long')
    return { type: 'int', value: BigInt(text) }
  }

  private digits(): void {
    if (!isAsciiDigit(this.text.charCodeAt(this.index))) throw bad('number expected')
    while (isAsciiDigit(this.text.charCodeAt(this.index))) this.index += 1
  }
}

const bad = (message: string): PyError => new PyError('value', message)
