import type { Cursor } from './cursor.ts'
import type { Node } from './node.ts'
import { atComprehension, parseComprehension } from './parse-display.ts'
import { parseExpression, parseNamed, parseStarNamed } from './parse-expression.ts'

/** Arguments of a call, after its `(`, up to and including `)`. `args` are the positional ones. */
export function parseArguments(cursor: Cursor): { args: Node[]; hasKeywords: boolean } {
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
export function parseSlices(cursor: Cursor): void {
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
