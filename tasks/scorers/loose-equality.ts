import { numberOf, type PyValue, pyEquals } from '../python-literal/mod.ts'

/** Floats this close, relative to the larger, count as one answer; whole numbers must be equal. */
const relativeTolerance = 1e-6

const isNan = (value: PyValue): boolean => value.type === 'float' && Number.isNaN(value.value)

/** Equality as a person sees it: lists and tuples are one, floats may differ by rounding, True is not 1. */
export function looselyEqual(left: PyValue, right: PyValue): boolean {
  if ((left.type === 'list' || left.type === 'tuple') && (right.type === 'list' || right.type === 'tuple')) {
    if (left.items.length !== right.items.length) return false
    return left.items.every((item, index) => looselyEqual(item, right.items[index]!))
  }
  if (left.type === 'dict' && right.type === 'dict') {
    if (left.entries.size !== right.entries.size) return false
    return [...left.entries].every(([key, [, value]]) => {
      const other = right.entries.get(key)
      return other !== undefined && looselyEqual(value, other[1])
    })
  }
  if (left.type === 'bool' || right.type === 'bool') return left.type === right.type && pyEquals(left, right)
  if (left.type === 'float' || right.type === 'float') {
    if (isNan(left) && isNan(right)) return true
    const [a, b] = [Number(numberOf(left) ?? Number.NaN), Number(numberOf(right) ?? Number.NaN)]
    if (a === b) return true
    if (Number.isInteger(a) && Number.isInteger(b)) return false
    return Math.abs(a - b) <= relativeTolerance * Math.max(Math.abs(a), Math.abs(b))
  }
  if (left.type === 'object' && right.type === 'object') {
    if (left.name !== right.name || left.args.length !== right.args.length) return false
    return left.args.every((each, at) => looselyEqual(each, right.args[at]!))
  }
  return pyEquals(left, right)
}
