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
  switch (value.type) {
    case 'int':
      return value.value !== 0n
    case 'float':
      return value.value !== 0
    case 'bool':
      return value.value
    case 'none':
      return false
    case 'ellipsis':
      return true
    case 'str':
    case 'bytes':
      return value.value.length > 0
    case 'list':
    case 'tuple':
      return value.items.length > 0
    case 'set':
      return value.items.size > 0
    case 'dict':
      return value.entries.size > 0
    case 'object':
      return true
    default:
      throw value satisfies never
  }
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
