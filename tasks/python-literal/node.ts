import type { PyValue } from './value.ts'

/**
 * The syntax tree of an expression. Kinds that are never evaluated are kept as `other` with the part that Python would
 * evaluate first, because an undefined name there decides how evaluation ends.
 */
export type Node = { start: number; end: number } & (
  | { kind: 'constant'; value: PyValue }
  | { kind: 'name'; id: string }
  | { kind: 'list' | 'tuple' | 'set'; items: Node[] }
  | { kind: 'dict'; entries: { key: Node | null; value: Node }[] }
  | { kind: 'unary'; op: UnaryOp; operand: Node }
  | { kind: 'binary'; op: BinaryOp; left: Node; right: Node }
  | { kind: 'compare'; left: Node; rest: { op: CompareOp; right: Node }[] }
  | { kind: 'bool'; op: 'and' | 'or'; values: Node[] }
  | { kind: 'conditional'; test: Node; body: Node; orElse: Node }
  | { kind: 'call'; callee: Node; args: Node[]; hasKeywords: boolean }
  | { kind: 'starred'; value: Node }
  | { kind: 'other'; what: OtherKind; first: Node | null }
)
export type OtherKind =
  | 'attribute'
  | 'subscript'
  | 'lambda'
  | 'comprehension'
  | 'await'
  | 'yield'
  | 'walrus'
  | 'complex'
  | 'string'

export type UnaryOp = '+' | '-' | '~' | 'not'
export type BinaryOp = '|' | '^' | '&' | '<<' | '>>' | '+' | '-' | '*' | '/' | '//' | '%' | '@' | '**'
export type CompareOp = '==' | '!=' | '<' | '<=' | '>' | '>=' | 'in' | 'not in' | 'is' | 'is not'

export const binaryPrecedence: Partial<Record<string, number>> = {
  '|': 1,
  '^': 2,
  '&': 3,
  '<<': 4,
  '>>': 4,
  '+': 5,
  '-': 5,
  '*': 6,
  '/': 6,
  '//': 6,
  '%': 6,
  '@': 6,
}

export type Statement =
  | { kind: 'assert'; test: Node }
  | { kind: 'expression'; node: Node }
  | { kind: 'pass' }
  /** Read for its syntax only. */
  | { kind: 'other' }
