import type { Cursor } from './cursor.ts'
import type { Node } from './node.ts'
import { parseBinary, parseDisjunction, parseExpression, parseStarNamed } from './parse-expression.ts'
import { parsePrimary } from './parse-primary.ts'

/** What follows `(`: a group (which keeps the span of what it holds), a tuple, or a generator expression. */
export function parseGroup(cursor: Cursor, start: number): Node {
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

export function parseList(cursor: Cursor, start: number): Node {
  if (cursor.skip(']')) return { kind: 'list', items: [], start, end: cursor.lastEnd }
  const first = parseStarNamed(cursor)
  if (atComprehension(cursor)) return parseComprehension(cursor, [first], ']', start)
  if (!cursor.at(']')) cursor.expect(',')
  return { kind: 'list', items: parseItems(cursor, [first], ']'), start, end: cursor.lastEnd }
}

/** What follows `{`: a set, a dict, or a comprehension of either. */
export function parseDict(cursor: Cursor, start: number): Node {
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

export function atComprehension(cursor: Cursor): boolean {
  return cursor.at('for') || (cursor.at('async') && cursor.at('for', 1))
}

/** The `for ... in ... if ...` clauses, up to and including `close`. */
export function parseComprehension(cursor: Cursor, elements: Node[], close: string, start: number): Node {
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

/** Whether a value can be assigned to this. */
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

function parseStarExpression(cursor: Cursor): Node {
  return cursor.at('*') ? parseStarNamed(cursor) : parseExpression(cursor)
}
