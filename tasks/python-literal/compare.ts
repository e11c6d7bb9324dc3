import type { CompareOp } from './node.ts'
import { hashKey, numberOf, PyError, type PyValue, pyEquals } from './value.ts'

/** `left op right` for a comparison. Raises `type` where Python does, `unsupported` for identity and for ordered sets. */
export function applyCompare(op: CompareOp, left: PyValue, right: PyValue): boolean {
  switch (op) {
    case '==':
      return pyEquals(left, right)
    case '!=':
      return !pyEquals(left, right)
    case 'in':
      return contains(right, left)
    case 'not in':
      return !contains(right, left)
    case 'is':
    case 'is not':
      throw new PyError('unsupported', 'identity')
    case '<':
    case '<=':
    case '>':
    case '>=':
      return isOrdered(op, left, right)
    default:
      throw op satisfies never
  }
}

function isOrdered(op: '<' | '<=' | '>' | '>=', left: PyValue, right: PyValue): boolean {
  const a = numberOf(left)
  const b = numberOf(right)
  if (a !== null && b !== null) return ordered(op, a, b)
  if ((left.type === 'str' && right.type === 'str') || (left.type === 'bytes' && right.type === 'bytes'))
    return ordered(op, left.value, right.value)
  if ((left.type === 'list' && right.type === 'list') || (left.type === 'tuple' && right.type === 'tuple')) {
    const length = Math.min(left.items.length, right.items.length)
    for (let index = 0; index < length; index += 1) {
      const [x, y] = [left.items[index]!, right.items[index]!]
      if (!pyEquals(x, y)) return isOrdered(op, x, y)
    }
    return ordered(op, left.items.length, right.items.length)
  }
  if (left.type === 'set' && right.type === 'set') throw new PyError('unsupported', 'subset')
  throw new PyError('type', `'${op}' not supported`)
}

function ordered<T extends bigint | number | string>(op: '<' | '<=' | '>' | '>=', a: T, b: T): boolean {
  switch (op) {
    case '<':
      return a < b
    case '<=':
      return a <= b
    case '>':
      return a > b
    case '>=':
      return a >= b
    default:
      throw op satisfies never
  }
}

function contains(container: PyValue, item: PyValue): boolean {
  switch (container.type) {
    case 'list':
    case 'tuple':
      return container.items.some((member) => pyEquals(member, item))
    case 'set':
      return container.items.has(hashKey(item))
    case 'dict':
      return container.entries.has(hashKey(item))
    case 'str':
      if (item.type !== 'str') throw new PyError('type', 'in needs a string')
      return container.value.includes(item.value)
    default:
      throw new PyError('type', `${container.type} is not iterable`)
  }
}
