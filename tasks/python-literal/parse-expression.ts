import type { Cursor } from './cursor.ts'
import { type BinaryOp, binaryPrecedence, type CompareOp, type Node, type UnaryOp } from './node.ts'
import { joinStrings, type StringToken } from './string-literal.ts'
import { PyError, type PyValue } from './value.ts'

// The grammar of Python's expressions is one recursion, so it is one file: operators, then atoms, calls and subscripts, then displays.

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
function parseNamed(cursor: Cursor): Node {
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
function parseStarNamed(cursor: Cursor): Node {
  const { start } = cursor.token
  if (!cursor.skip('*')) return parseNamed(cursor)
  const value = parseBinary(cursor)
  return { kind: 'starred', value, start, end: value.end }
}

function parseDisjunction(cursor: Cursor): Node {
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
  for (let op = takeCompareOp(cursor); op !== null; op = takeCompareOp(cursor))
    rest.push({ op, right: parseBinary(cursor) })
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
function parseBinary(cursor: Cursor, minimum = 1): Node {
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

/** await_primary: an atom with its calls, subscripts and attributes. */
function parsePrimary(cursor: Cursor): Node {
  const { start } = cursor.token
  const isAwaited = cursor.skip('await')
  let node = parseAtom(cursor)
  for (;;) {
    if (cursor.skip('.')) {
      cursor.expectName()
      node = { kind: 'other', what: 'attribute', first: node, start: node.start, end: cursor.lastEnd }
    } else if (cursor.skip('(')) {
      const { args, hasKeywords } = parseArguments(cursor)
      node = { kind: 'call', callee: node, args, hasKeywords, start: node.start, end: cursor.lastEnd }
    } else if (cursor.skip('[')) {
      parseSlices(cursor)
      node = { kind: 'other', what: 'subscript', first: node, start: node.start, end: cursor.lastEnd }
    } else {
      return isAwaited ? { kind: 'other', what: 'await', first: node, start, end: node.end } : node
    }
  }
}

const wordValues: Record<string, PyValue> = {
  True: { type: 'bool', value: true },
  False: { type: 'bool', value: false },
  None: { type: 'none' },
}

function parseAtom(cursor: Cursor): Node {
  const { token } = cursor
  const { start, end } = token
  switch (token.kind) {
    case 'name':
      cursor.take()
      return { kind: 'name', id: token.text, start, end }
    case 'number':
      cursor.take()
      if (token.value === null) return { kind: 'other', what: 'complex', first: null, start, end }
      return { kind: 'constant', value: token.value, start, end }
    case 'string':
      return parseStrings(cursor)
    case 'keyword': {
      const value = wordValues[token.text]
      if (value === undefined) throw cursor.error()
      cursor.take()
      return { kind: 'constant', value, start, end }
    }
    case 'op':
      if (cursor.skip('(')) return parseGroup(cursor, start)
      if (cursor.skip('[')) return parseList(cursor, start)
      if (cursor.skip('{')) return parseDict(cursor, start)
      if (cursor.skip('...')) return { kind: 'constant', value: { type: 'ellipsis' }, start, end }
      throw cursor.error()
    case 'newline':
    case 'end':
      throw cursor.error()
    default:
      throw token satisfies never
  }
}

function parseStrings(cursor: Cursor): Node {
  const { start } = cursor.token
  const strings: StringToken[] = []
  while (cursor.token.kind === 'string') {
    strings.push(cursor.token.string)
    cursor.take()
  }
  try {
    return { kind: 'constant', value: joinStrings(strings), start, end: cursor.lastEnd }
  } catch (error) {
    if (!(error instanceof PyError) || error.kind !== 'unsupported') throw error
    return { kind: 'other', what: 'string', first: null, start, end: cursor.lastEnd }
  }
}

/** Arguments of a call, after its `(`, up to and including `)`. `args` are the positional ones. */
function parseArguments(cursor: Cursor): { args: Node[]; hasKeywords: boolean } {
  const args: Node[] = []
  let hasKeywords = false
  let hasDoubleStar = false
  while (!cursor.skip(')')) {
    const { start } = cursor.token
    if (cursor.skip('**')) {
      parseExpression(cursor)
      hasKeywords = true
      hasDoubleStar = true
    } else if (cursor.skip('*')) {
      if (hasDoubleStar) throw cursor.error()
      const value = parseExpression(cursor)
      args.push({ kind: 'starred', value, start, end: value.end })
    } else if (cursor.isName() && cursor.at('=', 1)) {
      cursor.take()
      cursor.take()
      parseExpression(cursor)
      hasKeywords = true
    } else {
      if (hasKeywords) throw cursor.error()
      const value = parseNamed(cursor)
      if (atComprehension(cursor)) {
        if (args.length > 0) throw cursor.error()
        args.push(parseComprehension(cursor, [value], ')', start))
        break
      }
      args.push(value)
    }
    if (!cursor.at(')')) cursor.expect(',')
  }
  return { args, hasKeywords }
}

/** Slices of a subscript, after its `[`, up to and including `]`. */
function parseSlices(cursor: Cursor): void {
  do {
    if (cursor.at(':')) {
      parseSliceTail(cursor)
    } else {
      parseStarNamed(cursor)
      if (cursor.at(':')) parseSliceTail(cursor)
    }
  } while (cursor.skip(',') && !cursor.at(']'))
  cursor.expect(']')
}

function parseSliceTail(cursor: Cursor): void {
  for (let colons = 0; colons < 2 && cursor.skip(':'); colons += 1) {
    if (!cursor.at(':') && !cursor.at(',') && !cursor.at(']')) parseExpression(cursor)
  }
}

/** What follows `(`: a group (which keeps the span of what it holds), a tuple, or a generator expression. */
function parseGroup(cursor: Cursor, start: number): Node {
  if (cursor.skip(')')) return { kind: 'tuple', items: [], start, end: cursor.lastEnd }
  if (cursor.at('yield')) {
    skipYield(cursor)
    cursor.expect(')')
    return { kind: 'other', what: 'yield', first: null, start, end: cursor.lastEnd }
  }
  const first = parseStarNamed(cursor)
  if (atComprehension(cursor)) return parseComprehension(cursor, [first], ')', start)
  if (cursor.skip(')')) {
    if (first.kind === 'starred') throw cursor.error()
    return first
  }
  cursor.expect(',')
  return { kind: 'tuple', items: parseItems(cursor, [first], ')'), start, end: cursor.lastEnd }
}

function parseList(cursor: Cursor, start: number): Node {
  if (cursor.skip(']')) return { kind: 'list', items: [], start, end: cursor.lastEnd }
  const first = parseStarNamed(cursor)
  if (atComprehension(cursor)) return parseComprehension(cursor, [first], ']', start)
  if (!cursor.at(']')) cursor.expect(',')
  return { kind: 'list', items: parseItems(cursor, [first], ']'), start, end: cursor.lastEnd }
}

/** What follows `{`: a set, a dict, or a comprehension of either. */
function parseDict(cursor: Cursor, start: number): Node {
  if (cursor.skip('}')) return { kind: 'dict', entries: [], start, end: cursor.lastEnd }
  if (!cursor.at('**')) {
    const itemStart = cursor.token.start
    const first = parseStarNamed(cursor)
    if (first.kind === 'starred' || !cursor.at(':')) {
      if (atComprehension(cursor)) return parseComprehension(cursor, [first], '}', start)
      if (!cursor.at('}')) cursor.expect(',')
      return { kind: 'set', items: parseItems(cursor, [first], '}'), start, end: cursor.lastEnd }
    }
    // A walrus may be a key only in brackets of its own.
    if (first.kind === 'other' && first.what === 'walrus' && first.start === itemStart) throw cursor.error()
    cursor.expect(':')
    const value = parseExpression(cursor)
    if (atComprehension(cursor)) return parseComprehension(cursor, [first, value], '}', start)
    return parseEntries(cursor, [{ key: first, value }], start)
  }
  return parseEntries(cursor, [parseEntry(cursor)], start)
}

function parseEntries(cursor: Cursor, entries: { key: Node | null; value: Node }[], start: number): Node {
  while (!cursor.skip('}')) {
    cursor.expect(',')
    if (cursor.skip('}')) break
    entries.push(parseEntry(cursor))
  }
  return { kind: 'dict', entries, start, end: cursor.lastEnd }
}

function parseEntry(cursor: Cursor): { key: Node | null; value: Node } {
  if (cursor.skip('**')) return { key: null, value: parseBinary(cursor) }
  const key = parseExpression(cursor)
  cursor.expect(':')
  return { key, value: parseExpression(cursor) }
}

/** The rest of a list after its first items and their comma, up to and including `close`. */
function parseItems(cursor: Cursor, items: Node[], close: string): Node[] {
  while (!cursor.skip(close)) {
    items.push(parseStarNamed(cursor))
    if (!cursor.at(close)) cursor.expect(',')
  }
  return items
}

const atComprehension = (cursor: Cursor): boolean => cursor.at('for') || (cursor.at('async') && cursor.at('for', 1))

/** The `for ... in ... if ...` clauses, up to and including `close`. */
function parseComprehension(cursor: Cursor, elements: Node[], close: string, start: number): Node {
  if (elements.some((element) => element.kind === 'starred')) throw cursor.error()
  let first: Node | null = null
  while (atComprehension(cursor)) {
    cursor.skip('async')
    cursor.expect('for')
    parseTargets(cursor)
    cursor.expect('in')
    const source = parseDisjunction(cursor)
    first ??= source
    while (cursor.skip('if')) parseDisjunction(cursor)
  }
  cursor.expect(close)
  return { kind: 'other', what: 'comprehension', first, start, end: cursor.lastEnd }
}

function parseTargets(cursor: Cursor): void {
  do {
    if (cursor.at('in')) return
    cursor.skip('*')
    if (!isTarget(parsePrimary(cursor))) throw cursor.error()
  } while (cursor.skip(','))
}

export function isTarget(node: Node): boolean {
  if (node.kind === 'starred') return isTarget(node.value)
  if (node.kind === 'tuple' || node.kind === 'list') return node.items.every(isTarget)
  return node.kind === 'name' || (node.kind === 'other' && (node.what === 'attribute' || node.what === 'subscript'))
}

/** `yield`, with what it yields, where a yield expression may stand. */
export function skipYield(cursor: Cursor): void {
  cursor.expect('yield')
  if (cursor.skip('from')) parseExpression(cursor)
  else if (!cursor.isLineEnd() && !cursor.at(')') && !cursor.at(';')) parseStarList(cursor)
}

/** star_expressions: one or several, with an optional comma at the end; a tuple where there is a comma. */
export function parseStarList(cursor: Cursor): Node {
  const first = parseStarExpression(cursor)
  const items = [first]
  let hasComma = false
  while (cursor.skip(',')) {
    hasComma = true
    if (cursor.isLineEnd() || [')', ';', '=', ':'].some((text) => cursor.at(text))) break
    items.push(parseStarExpression(cursor))
  }
  if (hasComma) return { kind: 'tuple', items, start: first.start, end: cursor.lastEnd }
  return first
}

const parseStarExpression = (cursor: Cursor): Node =>
  cursor.at('*') ? parseStarNamed(cursor) : parseExpression(cursor)
