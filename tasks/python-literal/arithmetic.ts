import type { BinaryOp } from './node.ts'
import { numberOf, PyError, type PyValue } from './value.ts'

/** Integers beyond this many bits, and sequences beyond this many items, are refused as `unsupported`. */
const maxBits = 1 << 17
const maxItems = 1 << 20

/** Work left for one evaluation, in bits of integers and items of sequences: it keeps evaluation linear in the source. */
export type EvaluationBudget = { left: number }

/** `left op right` of Python. Raises `type`, `value`, `zero-division`, `overflow`, or `unsupported` for what is not arithmetic. */
export function applyBinary(op: BinaryOp, left: PyValue, right: PyValue, budget: EvaluationBudget): PyValue {
  const a = numberOf(left)
  const b = numberOf(right)
  if (a !== null && b !== null) {
    if (left.type === 'bool' && right.type === 'bool' && (op === '&' || op === '|' || op === '^'))
      return { type: 'bool', value: intOperation(op, a as bigint, b as bigint, budget) === 1n }
    if (typeof a === 'bigint' && typeof b === 'bigint') return onInts(op, a, b, budget)
    return { type: 'float', value: floatOperation(op, toFloat(a), toFloat(b)) }
  }
  return onSequences(op, left, right, budget)
}

/** The int as a double; raises `overflow` where it has none. */
function toFloat(value: bigint | number): number {
  if (typeof value === 'number') return value
  const result = Number(value)
  if (!Number.isFinite(result)) throw new PyError('overflow', 'int too large to convert to float')
  return result
}

function onInts(op: BinaryOp, a: bigint, b: bigint, budget: EvaluationBudget): PyValue {
  if (op === '/') {
    if (b === 0n) throw new PyError('zero-division', 'division by zero')
    return { type: 'float', value: toFloat(a) / toFloat(b) }
  }
  if (op === '**' && b < 0n) {
    if (a === 0n) throw new PyError('zero-division', '0 to a negative power')
    return { type: 'float', value: toFloat(a) ** toFloat(b) }
  }
  return { type: 'int', value: intOperation(op, a, b, budget) }
}

function intOperation(op: BinaryOp, a: bigint, b: bigint, budget: EvaluationBudget): bigint {
  const bits = bitLength(a) + bitLength(b)
  spend(budget, op === '*' || op === '//' || op === '%' ? bits + (bitLength(a) * bitLength(b)) / 64 : bits)
  switch (op) {
    case '+':
      return a + b
    case '-':
      return a - b
    case '*':
      checkSize(bits)
      return a * b
    case '//':
    case '%': {
      if (b === 0n) throw new PyError('zero-division', 'integer division or modulo by zero')
      const remainder = a % b
      const isShifted = remainder !== 0n && remainder < 0n !== b < 0n
      if (op === '%') return isShifted ? remainder + b : remainder
      return isShifted ? a / b - 1n : a / b
    }
    case '**': {
      if (a === 0n || a === 1n) return b === 0n ? 1n : a
      if (a === -1n) return b % 2n === 0n ? 1n : -1n
      const size = bitLength(a) * Number(b)
      checkSize(size)
      spend(budget, (size * size) / 64)
      return a ** b
    }
    case '<<':
    case '>>':
      if (b < 0n) throw new PyError('value', 'negative shift count')
      if (op === '>>') return a >> b
      if (a === 0n) return 0n
      checkSize(bitLength(a) + Number(b))
      spend(budget, Number(b))
      return a << b
    case '&':
      return a & b
    case '|':
      return a | b
    case '^':
      return a ^ b
    default:
      throw new PyError('type', `unsupported operand for ${op}`)
  }
}

function floatOperation(op: BinaryOp, a: number, b: number): number {
  switch (op) {
    case '+':
      return a + b
    case '-':
      return a - b
    case '*':
      return a * b
    case '/':
      if (b === 0) throw new PyError('zero-division', 'float division by zero')
      return a / b
    case '//':
    case '%': {
      if (b === 0) throw new PyError('zero-division', 'float floor division by zero')
      return floorDivide(op, a, b)
    }
    case '**': {
      if (a === 0 && b < 0) throw new PyError('zero-division', '0.0 to a negative power')
      if (a < 0 && Number.isFinite(a) && Number.isFinite(b) && !Number.isInteger(b))
        throw new PyError('unsupported', 'complex result')
      // Python says 1 for both; JavaScript says NaN.
      if (a === 1 || (a === -1 && !Number.isFinite(b) && !Number.isNaN(b))) return 1
      const result = a ** b
      if (!Number.isFinite(result) && Number.isFinite(a) && Number.isFinite(b))
        throw new PyError('overflow', 'result too large')
      return result
    }
    default:
      throw new PyError('type', `unsupported operand for ${op}`)
  }
}

/** CPython's float_divmod: the remainder takes the divisor's sign, the quotient is rounded to the nearest whole. */
function floorDivide(op: '//' | '%', a: number, b: number): number {
  let remainder = a % b
  let quotient = (a - remainder) / b
  if (remainder !== 0 && b < 0 !== remainder < 0) {
    remainder += b
    quotient -= 1
  }
  if (op === '%') return remainder
  const whole = Math.floor(quotient)
  return quotient - whole > 0.5 ? whole + 1 : whole
}

function onSequences(op: BinaryOp, left: PyValue, right: PyValue, budget: EvaluationBudget): PyValue {
  if (op === '%' && (left.type === 'str' || left.type === 'bytes'))
    throw new PyError('unsupported', 'string formatting')
  if (op === '+' && left.type === right.type) {
    if ((left.type === 'list' || left.type === 'tuple') && (right.type === 'list' || right.type === 'tuple')) {
      spend(budget, left.items.length + right.items.length)
      return { type: left.type, items: [...left.items, ...right.items] }
    }
    if ((left.type === 'str' || left.type === 'bytes') && (right.type === 'str' || right.type === 'bytes'))
      return { type: left.type, value: left.value + right.value }
  }
  if (op === '*') return repeat(left, right, budget) ?? repeat(right, left, budget) ?? refuse(op)
  const areSets = (left.type === 'set' || left.type === 'dict') && (right.type === 'set' || right.type === 'dict')
  if (areSets && left.type === right.type) throw new PyError('unsupported', 'set operation')
  return refuse(op)
}

function refuse(op: BinaryOp): never {
  throw new PyError('type', `unsupported operand for ${op}`)
}

function repeat(sequence: PyValue, times: PyValue, budget: EvaluationBudget): PyValue | null {
  if (times.type !== 'int' && times.type !== 'bool') return null
  const count = Math.max(0, Number(times.value))
  if (sequence.type === 'str' || sequence.type === 'bytes') {
    const size = sequence.value.length * count
    if (size > maxItems) throw new PyError('unsupported', 'too large')
    spend(budget, size)
    return { type: sequence.type, value: size === 0 ? '' : sequence.value.repeat(count) }
  }
  if (sequence.type !== 'list' && sequence.type !== 'tuple') return null
  const size = sequence.items.length * count
  if (size > maxItems) throw new PyError('unsupported', 'too large')
  spend(budget, size)
  const items: PyValue[] = []
  for (let copy = 0; size > 0 && copy < count; copy += 1) for (const item of sequence.items) items.push(item)
  return { type: sequence.type, items }
}

function bitLength(value: bigint): number {
  if (value >= -0xffffffffffffffffn && value <= 0xffffffffffffffffn) return value === 0n ? 1 : 64
  return (value < 0n ? -value : value).toString(16).length * 4
}

function checkSize(bits: number): void {
  if (!(bits <= maxBits)) throw new PyError('unsupported', 'integer too large')
}

function spend(budget: EvaluationBudget, amount: number): void {
  budget.left -= amount
  if (budget.left < 0) throw new PyError('unsupported', 'too much work')
}
