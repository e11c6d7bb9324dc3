import { Cursor } from './cursor.ts'
import type { Node, Statement } from './node.ts'
import { isTarget, parseExpression, parseStarList, skipYield } from './parse-expression.ts'
import { PyError } from './value.ts'

/**
 * The statements of a source. Raises `syntax`, `too-deep`, or `unsupported` for a compound statement (`if`, `def` ...).
 * Assertions and expressions are kept; the other simple statements are read for their syntax.
 */
export function parseStatements(source: string): Statement[] {
  const cursor = new Cursor(source)
  const statements: Statement[] = []
  while (!cursor.isEnd()) {
    statements.push(parseStatement(cursor))
    const semicolon = cursor.skip(';')
    if (cursor.isLineEnd()) cursor.take()
    else if (!semicolon) throw cursor.error()
  }
  return statements
}

const compound = ['async', 'class', 'def', 'for', 'if', 'try', 'while', 'with']

function parseStatement(cursor: Cursor): Statement {
  if (compound.some((word) => cursor.at(word))) throw new PyError('unsupported', 'compound statement')
  if (cursor.skip('assert')) {
    const test = parseExpression(cursor)
    if (cursor.skip(',')) parseExpression(cursor)
    return { kind: 'assert', test }
  }
  if (cursor.skip('pass')) return { kind: 'pass' }
  if (skipKeywordStatement(cursor)) return { kind: 'other' }
  return parseExpressionStatement(cursor)
}

/** Takes a statement that starts with a keyword of its own; false where there is none. */
function skipKeywordStatement(cursor: Cursor): boolean {
  if (cursor.skip('break') || cursor.skip('continue')) return true
  if (cursor.skip('return')) {
    if (!isStatementEnd(cursor)) parseStarList(cursor)
  } else if (cursor.skip('raise')) {
    if (isStatementEnd(cursor)) return true
    parseExpression(cursor)
    if (cursor.skip('from')) parseExpression(cursor)
  } else if (cursor.skip('del')) {
    if (!isTarget(parseStarList(cursor))) throw cursor.error()
  } else if (cursor.skip('global') || cursor.skip('nonlocal')) {
    do cursor.expectName()
    while (cursor.skip(','))
  } else if (cursor.skip('import')) {
    do {
      skipDottedName(cursor)
      if (cursor.skip('as')) cursor.expectName()
    } while (cursor.skip(','))
  } else if (cursor.skip('from')) {
    skipFromImport(cursor)
  } else if (cursor.at('yield')) {
    skipYield(cursor)
  } else {
    return false
  }
  return true
}

const isStatementEnd = (cursor: Cursor): boolean => cursor.isLineEnd() || cursor.at(';')

function skipDottedName(cursor: Cursor): void {
  do cursor.expectName()
  while (cursor.skip('.'))
}

function skipFromImport(cursor: Cursor): void {
  let dots = 0
  while (cursor.skip('.') || cursor.skip('...')) dots += 1
  if (dots === 0 || !cursor.at('import')) skipDottedName(cursor)
  cursor.expect('import')
  if (cursor.skip('*')) return
  const inBrackets = cursor.skip('(')
  do {
    if (inBrackets && cursor.at(')')) break
    cursor.expectName()
    if (cursor.skip('as')) cursor.expectName()
  } while (cursor.skip(','))
  if (inBrackets) cursor.expect(')')
}

/** An expression, or an assignment of any kind. */
function parseExpressionStatement(cursor: Cursor): Statement {
  const node = parseStarList(cursor)
  if (cursor.skip(':')) {
    if (!isSingleTarget(node)) throw cursor.error()
    parseExpression(cursor)
    if (cursor.skip('=')) parseValue(cursor)
    return { kind: 'other' }
  }
  if (cursor.token.kind === 'op' && /^(?:[-+*/%&|^@]|\*\*|\/\/|<<|>>)=$/.test(cursor.token.text)) {
    if (!isSingleTarget(node)) throw cursor.error()
    cursor.take()
    parseValue(cursor)
    return { kind: 'other' }
  }
  if (!cursor.at('=')) return { kind: 'expression', node }
  let target: Node | null = node
  while (cursor.skip('=')) {
    if (target === null || !isTarget(target)) throw cursor.error()
    target = parseValue(cursor)
  }
  return { kind: 'other' }
}

function isSingleTarget(node: Node): boolean {
  return node.kind !== 'tuple' && node.kind !== 'list' && node.kind !== 'starred' && isTarget(node)
}

function parseValue(cursor: Cursor): Node | null {
  if (!cursor.at('yield')) return parseStarList(cursor)
  skipYield(cursor)
  return null
}

/** The expression that `eval(source)` would evaluate. Raises `syntax` or `too-deep`. */
export function parseEval(source: string): Node {
  const cursor = new Cursor(source.replace(/^[ \t]+/, ''))
  const first = parseExpression(cursor)
  let node = first
  if (cursor.at(',')) {
    const items = [first]
    while (cursor.skip(',')) {
      if (cursor.isLineEnd()) break
      items.push(parseExpression(cursor))
    }
    node = { kind: 'tuple', items, start: first.start, end: cursor.lastEnd }
  }
  while (cursor.isLineEnd() && !cursor.isEnd()) cursor.take()
  if (!cursor.isEnd()) throw cursor.error()
  return node
}
