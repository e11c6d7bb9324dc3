import { type Node, parsePython, pythonLines, pythonStrip } from '../python-literal/mod.ts'

/**
 * The part of a reply that LiveCodeBench scores for test output prediction: its last line that starts with `assert`; else
 * what stands between the first Python fence and the next fence; else between the first two fences; else nothing.
 */
export function extractTestOutput(reply: string): string {
  const lines = reply.split('\n')
  const assertion = lines.findLast((line) => line.startsWith('assert'))
  if (assertion !== undefined) return assertion
  const isFence = (line: string) => line.includes('```')
  const python = lines.findIndex((line) => line.includes('```python') || line.includes('```Python'))
  const open = python < 0 ? lines.findIndex(isFence) : python
  const close = open < 0 ? -1 : lines.findIndex((line, index) => index > open && isFence(line))
  return close < 0 ? '' : lines.slice(open + 1, close).join('\n')
}

/** Of several lines the first that holds `assert` and is no comment at column 0; stripped. */
export function selectStatement(text: string): string {
  const lines = pythonLines(text)
  const chosen = lines.length > 1 ? lines.find((line) => !line.startsWith('#') && line.includes('assert')) : undefined
  return pythonStrip(chosen ?? text)
}

/** An assertion `left == right ...`: its first two operands, with their source. */
export type Assertion =
  | { ok: true; left: Node; right: Node; source: (node: Node) => string }
  | { ok: false; reason: 'not-an-assertion' | 'not-an-equality' | 'invalid-syntax' | 'unsupported-expression' }

/** Reads a statement as upstream does: its first statement must be an assertion whose first comparison is `==`. */
export function readAssertion(statement: string): Assertion {
  const parsed = parsePython(statement)
  if (!parsed.ok)
    return { ok: false, reason: parsed.kind === 'unsupported' ? 'unsupported-expression' : 'invalid-syntax' }
  const [first] = parsed.value
  if (first?.kind !== 'assert') return { ok: false, reason: 'not-an-assertion' }
  const { test } = first
  if (test.kind !== 'compare' || test.rest[0]?.op !== '==') return { ok: false, reason: 'not-an-equality' }
  const source = (node: Node) => statement.slice(node.start, node.end)
  return { ok: true, left: test.left, right: test.rest[0].right, source }
}
