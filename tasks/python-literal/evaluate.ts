import { applyBinary, type EvaluationBudget } from './arithmetic.ts'
import type { CompareOp, Node, UnaryOp } from './node.ts'
import { hashKey, isTruthy, numberOf, PyError, type PyValue, pyEquals, pySet } from './value.ts'

/** About where CPython's compiler gives up. */
const maxDepth = 2900
/** Bits and items that one evaluation may touch. */
const budgetStart = 2e9

/**
 * The value of an expression made of literals, arithmetic, comparisons and boolean operators. Raises a PyError as Python
 * would; `unsupported` for calls, comprehensions and the like, and for a name in `scope` (it has a value that we lack).
 */
export function evaluate(node: Node, scope: ReadonlySet<string>, types?: KnownTypes): PyValue {
  return new Evaluation(scope, types).value(node)
}

/** What else than literals has a value: names, as `np.nan`, and calls, as `np.float64(3.0)`. Undefined for what is not known. */
export type KnownTypes = {
  name: (node: Node) => PyValue | undefined
  call: (callee: Node, args: PyValue[]) => PyValue | undefined
}

/** Holds the budget and the depth of one evaluation. */
class Evaluation {
  private readonly scope: ReadonlySet<string>
  private readonly types: KnownTypes | undefined
  private readonly budget: EvaluationBudget = { left: budgetStart }
  private depth = 0

  constructor(scope: ReadonlySet<string>, types?: KnownTypes) {
    this.scope = scope
    this.types = types
  }

  value(node: Node): PyValue {
    this.depth += 1
    if (this.depth > maxDepth) throw new PyError('too-deep', 'nested too deeply')
    const value = this.valueOf(node)
    this.depth -= 1
    return value
  }

  private valueOf(node: Node): PyValue {
    const known = this.types && this.knownValue(node, this.types)
    if (known) return known
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
        return this.signs(node)
      case 'binary':
        return this.chain(node)
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

  private knownValue(node: Node, types: KnownTypes): PyValue | undefined {
    if (node.kind === 'name' || node.kind === 'other') return types.name(node)
    if (node.kind === 'call')
      return types.call(
        node.callee,
        node.args.map((each) => this.argument(each, types)),
      )
    // "['x'] or ['y']" of a person is no value.
    if (node.kind === 'bool') throw unsupported('alternatives')
    const isSum = node.kind === 'binary' && (node.op === '+' || node.op === '-')
    // Nothing else is evaluated here: it would be evaluated twice at each level.
    if (!isSum || node.right.kind !== 'other') return undefined
    return complexSum(this.value(node.left), this.value(node.right), node.op as '+' | '-')
  }

  /** A name that has no value is a type, as in `defaultdict(list, …)`. */
  private argument(node: Node, types: KnownTypes): PyValue {
    return node.kind === 'name' ? (types.name(node) ?? { type: 'object', name: node.id, args: [] }) : this.value(node)
  }

  /** A long sum is as deep as it has terms, and brackets around it make a tree no deeper: the stack must not decide where it ends. */
  private chain(node: Node): PyValue {
    const spine: Extract<Node, { kind: 'binary' }>[] = []
    let first = node
    for (; first.kind === 'binary'; first = first.left) spine.push(first)
    return this.within(spine.length - 1, () => {
      let value = this.value(first)
      for (const { op, right } of spine.reverse()) {
        value = applyBinary(op, value, this.value(right), this.budget)
        this.depth -= 1
      }
      this.depth += spine.length
      return value
    })
  }

  private signs(node: Node): PyValue {
    const ops: UnaryOp[] = []
    let operand = node
    for (; operand.kind === 'unary'; operand = operand.operand) ops.push(operand.op)
    return this.within(ops.length - 1, () =>
      ops.reverse().reduce((value, op) => this.unary(op, value), this.value(operand)),
    )
  }

  /** What is evaluated so many levels further down. */
  private within(levels: number, evaluateInner: () => PyValue): PyValue {
    this.depth += levels
    if (this.depth > maxDepth) throw new PyError('too-deep', 'nested too deeply')
    const value = evaluateInner()
    this.depth -= levels
    return value
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

  private unary(op: UnaryOp, operand: PyValue): PyValue {
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

const unsupported = (what: string): PyError => new PyError('unsupported', what)

/** A real number and an imaginary one, added: `(1+2j)`. Undefined for anything else. */
function complexSum(left: PyValue, right: PyValue, op: '+' | '-'): PyValue | undefined {
  if (right.type !== 'object' || right.name !== 'complex') return undefined
  const real = numberOf(left)
  const imaginary = numberOf(right.args[1]!)
  if (real === null || imaginary === null) return undefined
  const args: PyValue[] = [Number(real), op === '-' ? -Number(imaginary) : Number(imaginary)].map((value) => ({
    type: 'float',
    value,
  }))
  return { type: 'object', name: 'complex', args }
}

/** `left op right` for a comparison. Raises `type` where Python does, `unsupported` for identity and for ordered sets. */
function applyCompare(op: CompareOp, left: PyValue, right: PyValue): boolean {
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
    default:
      return isOrdered(op, left, right)
  }
}

type Order = '<' | '<=' | '>' | '>='

function isOrdered(op: Order, left: PyValue, right: PyValue): boolean {
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

/** NaN is neither below, above nor equal. */
const ordered = <T extends bigint | number | string>(op: Order, a: T, b: T): boolean =>
  op === '<' ? a < b : op === '<=' ? a <= b : op === '>' ? a > b : a >= b

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
