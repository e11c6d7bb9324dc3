import { Cursor } from './cursor.ts'
import type { Node } from './node.ts'
import { parseExpression } from './parse-expression.ts'

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
