import { applyBinary, type Budget } from './arithmetic.ts'
import { applyCompare } from './compare.ts'
import type { Node } from './node.ts'
import { hashKey, isTruthy, PyError, type PyValue, pySet } from './value.ts'

/** About where CPython's compiler gives up. */
const maxDepth = 2900
/** Bits and items that one evaluation may touch. */
const budgetStart = 2e9

/**
 * The value of an expression made of literals, arithmetic, comparisons and boolean operators. Raises a PyError as Python
 * would; `unsupported` for calls, comprehensions and the like, and for a name in `scope` (it has a value that we lack).
 */
export function evaluate(node: Node, scope: ReadonlySet<string>): PyValue {
  return new Evaluation(scope).value(node)
}

/** Holds the budget and the depth of one evaluation. */
class Evaluation {
  private readonly scope: ReadonlySet<string>
  private readonly budget: Budget = { left: budgetStart }
  private depth = 0

  constructor(scope: ReadonlySet<string>) {
    this.scope = scope
  }

  value(node: Node): PyValue {
    this.depth += 1
    if (this.depth > maxDepth) throw new PyError('too-deep', 'nested too deeply')
    const value = this.valueOf(node)
    this.depth -= 1
    return value
  }

  private valueOf(node: Node): PyValue {
    switch (node.kind) {
      case 'constant':
        return node.value
      case 'name':
        throw this.scope.has(node.id) ? unsupported('name') : new PyError('name', `name '${node.id}' is not defined`)
      case 'list':
      case 'tuple':
        return { type: node.kind, items: node.items.map((item) => this.value(item)) }
      case 'set':
        return pySet(node.items.map((item) => this.value(item)))
      case 'dict':
        return this.dict(node.entries)
      case 'unary':
        return this.unary(node.op, this.value(node.operand))
      case 'binary': {
        const left = this.value(node.left)
        return applyBinary(node.op, left, this.value(node.right), this.budget)
      }
      case 'compare': {
        let left = this.value(node.left)
        for (const { op, right } of node.rest) {
          const next = this.value(right)
          if (!applyCompare(op, left, next)) return { type: 'bool', value: false }
          left = next
        }
        return { type: 'bool', value: true }
      }
      case 'bool': {
        let value: PyValue = { type: 'none' }
        for (const operand of node.values) {
          value = this.value(operand)
          if (isTruthy(value) === (node.op === 'or')) return value
        }
        return value
      }
      case 'conditional':
        return this.value(isTruthy(this.value(node.test)) ? node.body : node.orElse)
      case 'call':
        // Every value that we can make is data, so a callee that has one cannot be called.
        this.value(node.callee)
        throw new PyError('type', 'not callable')
      case 'starred':
        throw unsupported('unpacking')
      case 'other':
        // Python refuses both outside a function, before it evaluates anything.
        if (node.what === 'await' || node.what === 'yield')
          throw new PyError('syntax', `'${node.what}' outside function`)
        if (node.first !== null) this.value(node.first)
        throw unsupported(node.what)
      default:
        throw node satisfies never
    }
  }

  private dict(entries: { key: Node | null; value: Node }[]): PyValue {
    const map = new Map<string, [PyValue, PyValue]>()
    for (const entry of entries) {
      if (entry.key === null) throw unsupported('unpacking')
      const key = this.value(entry.key)
      const value = this.value(entry.value)
      const hash = hashKey(key)
      // A repeated key keeps its first form and takes the last value.
      map.set(hash, [map.get(hash)?.[0] ?? key, value])
    }
    return { type: 'dict', entries: map }
  }

  private unary(op: '+' | '-' | '~' | 'not', operand: PyValue): PyValue {
    if (op === 'not') return { type: 'bool', value: !isTruthy(operand) }
    const number = operand.type === 'bool' ? BigInt(operand.value) : operand
    if (typeof number === 'bigint') return applySign(op, number)
    if (number.type === 'int') return applySign(op, number.value)
    if (number.type === 'float' && op !== '~')
      return { type: 'float', value: op === '-' ? -number.value : number.value }
    throw new PyError('type', `bad operand type for unary ${op}`)
  }
}

function applySign(op: '+' | '-' | '~', value: bigint): PyValue {
  return { type: 'int', value: op === '-' ? -value : op === '~' ? ~value : value }
}

function unsupported(what: string): PyError {
  return new PyError('unsupported', what)
}
