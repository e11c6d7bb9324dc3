import type { Cursor } from './cursor.ts'
import type { Node } from './node.ts'
import { parseDict, parseGroup, parseList } from './parse-display.ts'
import { parseArguments, parseSlices } from './parse-trailer.ts'
import { joinStrings, type StringToken } from './string-literal.ts'
import { PyError, type PyValue } from './value.ts'

/** await_primary: an atom with its calls, subscripts and attributes. */
export function parsePrimary(cursor: Cursor): Node {
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
