import { digitRunEnd, digitValue, isPythonSpace, pythonStrip } from './characters.ts'

/**
 * Python values that literals and arithmetic can make, with Python's equality: `1 == 1.0 == True`, a tuple is never a
 * list, a set never a list, NaN equals nothing.
 */
export type PyValue =
  | { type: 'int'; value: bigint }
  | { type: 'float'; value: number }
  | { type: 'bool'; value: boolean }
  | { type: 'none' }
  | { type: 'ellipsis' }
  | { type: 'str'; value: string }
  /** One character a byte. */
  | { type: 'bytes'; value: string }
  | { type: 'list' | 'tuple'; items: PyValue[] }
  | { type: 'set'; items: Map<string, PyValue> }
  | { type: 'dict'; entries: Map<string, [PyValue, PyValue]> }
  /** What a call of a known type makes, as `datetime.date(2024, 1, 2)`; made by `evalValue` alone. */
  | { type: 'object'; name: string; args: PyValue[] }

/** What went wrong as Python would say it, or `unsupported` where Python may well have an answer and we have none. */
export type PyErrorKind =
  | 'syntax'
  | 'name'
  | 'type'
  | 'value'
  | 'zero-division'
  | 'overflow'
  | 'too-deep'
  | 'unsupported'

/** Raised inside this folder only; its entry points return it. */
export class PyError extends Error {
  readonly kind: PyErrorKind
  constructor(kind: PyErrorKind, message: string) {
    super(message)
    this.name = 'PyError'
    this.kind = kind
  }
}

/** The number behind an int, float or bool (a bool counts as 0 or 1), else null. */
export function numberOf(value: PyValue): bigint | number | null {
  switch (value.type) {
    case 'int':
    case 'float':
      return value.value
    case 'bool':
      return value.value ? 1n : 0n
    default:
      return null
  }
}

export function isTruthy(value: PyValue): boolean {
  // NaN is true in Python.
  if ('value' in value) return Number.isNaN(value.value) || Boolean(value.value)
  if ('entries' in value) return value.entries.size > 0
  if ('items' in value) return (Array.isArray(value.items) ? value.items.length : value.items.size) > 0
  return value.type !== 'none'
}

/** Python's `==`. Never raises. */
export function pyEquals(left: PyValue, right: PyValue): boolean {
  const a = numberOf(left)
  const b = numberOf(right)
  // JavaScript compares a bigint with a number by their mathematical values, as Python does with int and float.
  // biome-ignore lint/suspicious/noDoubleEquals: a bigint and a number are meant to compare by value
  if (a !== null || b !== null) return a !== null && b !== null && a == b
  switch (left.type) {
    case 'none':
    case 'ellipsis':
      return right.type === left.type
    case 'str':
    case 'bytes':
      return right.type === left.type && right.value === left.value
    case 'list':
    case 'tuple': {
      if (right.type !== left.type || right.items.length !== left.items.length) return false
      return left.items.every((item, index) => pyEquals(item, right.items[index]!))
    }
    case 'set':
      return right.type === 'set' && right.items.size === left.items.size && allIn(left.items, right.items)
    case 'dict': {
      if (right.type !== 'dict' || right.entries.size !== left.entries.size) return false
      for (const [key, [, value]] of left.entries) {
        const other = right.entries.get(key)
        if (other === undefined || !pyEquals(value, other[1])) return false
      }
      return true
    }
    case 'object': {
      if (right.type !== 'object' || right.name !== left.name || right.args.length !== left.args.length) return false
      return left.args.every((each, index) => pyEquals(each, right.args[index]!))
    }
    default:
      return false
  }
}

function allIn(inner: Map<string, PyValue>, outer: Map<string, PyValue>): boolean {
  for (const key of inner.keys()) if (!outer.has(key)) return false
  return true
}

/** A string that two hashable values share exactly when Python finds them equal; raises `type` for an unhashable one. */
export function hashKey(value: PyValue): string {
  switch (value.type) {
    case 'int':
      return `n${value.value}`
    case 'bool':
      return value.value ? 'n1' : 'n0'
    case 'float':
      return Number.isInteger(value.value) ? `n${BigInt(value.value)}` : `n${value.value}`
    case 'none':
    case 'ellipsis':
      return value.type
    case 'str':
      return `s${value.value}`
    case 'bytes':
      return `b${value.value}`
    case 'object':
      return `o${value.name}${hashKey({ type: 'tuple', items: value.args })}`
    case 'tuple':
      // Lengths before the parts keep nested keys unambiguous without escapes that grow with each level.
      return `t${value.items
        .map(hashKey)
        .map((key) => `${key.length}:${key}`)
        .join('')}`
    default:
      throw new PyError('type', `unhashable type: ${value.type}`)
  }
}

export function pySet(items: PyValue[]): PyValue {
  const map = new Map<string, PyValue>()
  for (const item of items) {
    const key = hashKey(item)
    if (!map.has(key)) map.set(key, item)
  }
  return { type: 'set', items: map }
}

const namedFloats = new Map([
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
  const named = body.length - index <= 8 ? namedFloats.get(body.slice(index).toLowerCase()) : undefined
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

/** A literal that Python reads back as the value; a set is written as a call where it is empty. */
export function pythonRepr(value: PyValue): string {
  switch (value.type) {
    case 'int':
      return String(value.value)
    case 'float':
      if (Number.isNaN(value.value)) return "float('nan')"
      if (!Number.isFinite(value.value)) return value.value > 0 ? '1e999' : '-1e999'
      return Number.isInteger(value.value) && Math.abs(value.value) < 1e16 ? `${value.value}.0` : String(value.value)
    case 'bool':
      return value.value ? 'True' : 'False'
    case 'none':
      return 'None'
    case 'ellipsis':
      return '...'
    case 'str':
      return quoted(value.value)
    case 'bytes':
      return `b${quoted(value.value)}`
    case 'list':
      return `[${value.items.map(pythonRepr).join(', ')}]`
    case 'tuple':
      return `(${value.items.map(pythonRepr).join(', ')}${value.items.length === 1 ? ',' : ''})`
    case 'set':
      return value.items.size === 0 ? 'set()' : `{${[...value.items.values()].map(pythonRepr).join(', ')}}`
    case 'dict':
      return `{${[...value.entries.values()].map(([key, member]) => `${pythonRepr(key)}: ${pythonRepr(member)}`).join(', ')}}`
    case 'object':
      return `${value.name}(${value.args.map(pythonRepr).join(', ')})`
    default:
      throw value satisfies never
  }
}

function quoted(text: string): string {
  const escaped = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")
  // JSON escapes what Python does, and Python reads its escapes; control characters that JSON leaves would end the line.
  return `'${escaped.replace(/[\u0080-\u009f\u2028\u2029]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)}'`
}
