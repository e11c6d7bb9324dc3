import { Cursor } from './cursor.ts'
import type { Node, Statement } from './node.ts'
import { parseExpression, parseStarNamed } from './parse-expression.ts'
import { PyError } from './value.ts'

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

/**
 * The simple statements of a source without compound ones. Raises `syntax`, `too-deep`, or `unsupported` for a kind of
 * statement that is neither an assertion, an expression nor `pass`.
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

const otherStatements = new Set(
  `async break class continue def del for from global if import nonlocal raise return try while with yield`.split(' '),
)

function parseStatement(cursor: Cursor): Statement {
  if (cursor.skip('pass')) return { kind: 'pass' }
  if (cursor.skip('assert')) {
    const test = parseExpression(cursor)
    if (cursor.skip(',')) parseExpression(cursor)
    return { kind: 'assert', test }
  }
  const { token } = cursor
  if (token.kind === 'keyword' && otherStatements.has(token.text)) throw new PyError('unsupported', 'statement')
  const node = parseStarNamed(cursor)
  if (cursor.at('=') || cursor.at(':') || (cursor.token.kind === 'op' && /^[^=!<>]+=$/.test(cursor.token.text))) {
    throw new PyError('unsupported', 'statement')
  }
  if (node.kind === 'other' && node.what === 'walrus') throw cursor.error()
  while (cursor.skip(',')) {
    if (cursor.isLineEnd() || cursor.at(';')) break
    parseStarNamed(cursor)
  }
  return { kind: 'expression', node }
}
