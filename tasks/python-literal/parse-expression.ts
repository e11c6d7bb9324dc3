import type { Cursor } from './cursor.ts'
import { type BinaryOp, binaryPrecedence, type CompareOp, type Node, type UnaryOp } from './node.ts'
import { parsePrimary } from './parse-primary.ts'
import { PyError } from './value.ts'

/** expression: a lambda, or a disjunction with an optional `if ... else ...`. */
export function parseExpression(cursor: Cursor): Node {
  return cursor.nested(() => {
    if (cursor.at('lambda')) return parseLambda(cursor)
    const body = parseDisjunction(cursor)
    if (!cursor.skip('if')) return body
    const test = parseDisjunction(cursor)
    cursor.expect('else')
    const orElse = parseExpression(cursor)
    return { kind: 'conditional', test, body, orElse, start: body.start, end: orElse.end }
  })
}

/** An expression, or `name := expression`. */
export function parseNamed(cursor: Cursor): Node {
  const { start } = cursor.token
  if (cursor.isName() && cursor.at(':=', 1)) {
    cursor.take()
    cursor.take()
    const value = parseExpression(cursor)
    return { kind: 'other', what: 'walrus', first: value, start, end: value.end }
  }
  return parseExpression(cursor)
}

/** What may stand in a list: `*iterable`, or a named expression. */
export function parseStarNamed(cursor: Cursor): Node {
  const { start } = cursor.token
  if (!cursor.skip('*')) return parseNamed(cursor)
  const value = parseBinary(cursor)
  return { kind: 'starred', value, start, end: value.end }
}

export function parseDisjunction(cursor: Cursor): Node {
  return parseBool(cursor, 'or', () => parseBool(cursor, 'and', () => parseInversion(cursor)))
}

function parseBool(cursor: Cursor, op: 'and' | 'or', parse: () => Node): Node {
  const first = parse()
  if (!cursor.at(op)) return first
  const values = [first]
  while (cursor.skip(op)) values.push(parse())
  return { kind: 'bool', op, values, start: first.start, end: cursor.lastEnd }
}

function parseInversion(cursor: Cursor): Node {
  const starts: number[] = []
  while (cursor.at('not')) starts.push(cursor.take().start)
  return wrapUnary(
    parseComparison(cursor),
    starts.map((start) => ({ op: 'not', start })),
  )
}

function parseComparison(cursor: Cursor): Node {
  const left = parseBinary(cursor)
  const rest: { op: CompareOp; right: Node }[] = []
  for (let op = takeCompareOp(cursor); op !== null; op = takeCompareOp(cursor)) {
    rest.push({ op, right: parseBinary(cursor) })
  }
  if (rest.length === 0) return left
  return { kind: 'compare', left, rest, start: left.start, end: cursor.lastEnd }
}

const compareOps = ['==', '!=', '<', '<=', '>', '>=', 'in'] as const

function takeCompareOp(cursor: Cursor): CompareOp | null {
  for (const op of compareOps) if (cursor.skip(op)) return op
  if (cursor.skip('is')) return cursor.skip('not') ? 'is not' : 'is'
  if (cursor.at('not') && cursor.at('in', 1)) {
    cursor.take()
    cursor.take()
    return 'not in'
  }
  return null
}

/** bitwise_or and all that binds tighter. */
export function parseBinary(cursor: Cursor, minimum = 1): Node {
  let left = parseFactor(cursor)
  for (;;) {
    const { token } = cursor
    const precedence = token.kind === 'op' ? binaryPrecedence[token.text] : undefined
    if (token.kind !== 'op' || precedence === undefined || precedence < minimum) return left
    cursor.take()
    const right = parseBinary(cursor, precedence + 1)
    left = { kind: 'binary', op: token.text as BinaryOp, left, right, start: left.start, end: right.end }
  }
}

function parseFactor(cursor: Cursor): Node {
  const signs: { op: UnaryOp; start: number }[] = []
  while (cursor.at('+') || cursor.at('-') || cursor.at('~')) {
    const token = cursor.take()
    if (token.kind === 'op') signs.push({ op: token.text as UnaryOp, start: token.start })
  }
  let operand = parsePrimary(cursor)
  if (cursor.skip('**')) {
    const left = operand
    const right = cursor.nested(() => parseFactor(cursor))
    operand = { kind: 'binary', op: '**', left, right, start: left.start, end: right.end }
  }
  return wrapUnary(operand, signs)
}

function wrapUnary(operand: Node, signs: { op: UnaryOp; start: number }[]): Node {
  return signs.reduceRight<Node>(
    (inner, { op, start }) => ({ kind: 'unary', op, operand: inner, start, end: inner.end }),
    operand,
  )
}

/** The parameter list is read loosely: a lambda is never evaluated. */
function parseLambda(cursor: Cursor): Node {
  const { start } = cursor.take()
  while (!cursor.at(':')) {
    if (!cursor.skip('/') && !cursor.skip('**')) cursor.skip('*')
    if (cursor.isName()) {
      cursor.take()
      if (cursor.skip('=')) parseExpression(cursor)
    } else if (!cursor.at(',') && !cursor.at(':')) {
      throw new PyError('syntax', 'invalid lambda')
    }
    if (!cursor.skip(',') && !cursor.at(':')) throw new PyError('syntax', 'invalid lambda')
  }
  cursor.take()
  const body = parseExpression(cursor)
  return { kind: 'other', what: 'lambda', first: null, start, end: body.end }
}
