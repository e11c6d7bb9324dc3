import type { Markup } from './markup.ts'

/**
 * A report as a document: what it says and in which order, not how it looks. `html.ts` and `markdown.ts` show it. All text may be data,
 * which they escape. A block that is added to a section is in both.
 */
export type Document = {
  /** What a browser's tab is called. */
  tab: string
  /** What kind of report this is: `report of a run`. */
  kind: string
  title: string
  goal?: string
  facts: readonly DefinitionEntry[]
  body: Blocks
  /** Whether parts under a heading are folded where the document is a page: what stands before the first is read first. */
  isFolded?: boolean
  /** The file with the numbers, and what else to say at the end. */
  footer: Text
}

/** Text on one line, with marks on some of it. */
export type Text = string | Marked | readonly Text[]
export type Marked = { mark: 'strong' | 'code' | 'mono' | 'note'; text: string }

/** A name with its value. */
export type DefinitionEntry = readonly [name: string, value: Text]

/** Blocks in order; a part of a report that has nothing to say is null, false or the like. */
export type Blocks = Block | null | undefined | false | '' | readonly Blocks[]

export type Block =
  | { kind: 'heading'; level: 2 | 3; text: string }
  /** `absent`: what stands where a part of the report has nothing to say yet. `summary`: all of it in one line. */
  | { kind: 'paragraph'; text: Text; tone?: 'note' | 'absent' | 'summary' }
  | { kind: 'list'; items: readonly Text[] }
  | { kind: 'callout'; paragraphs: readonly Text[] }
  | { kind: 'claims'; claims: readonly { tag: string; tone: string; sentence: string }[] }
  | { kind: 'cards'; title: string; cards: readonly Card[] }
  | { kind: 'definitions'; entries: readonly DefinitionEntry[] }
  | ({ kind: 'table' } & Table)
  | { kind: 'figure'; drawing: Markup; caption: string; legend: readonly { name: string; colour: string }[] }
  /** A question with its reply, as they are. */
  | { kind: 'exhibit'; about: Text; instruction?: string; input: string; reply: string; isWrong?: boolean }
  | { kind: 'details'; summary: string; body: Blocks }
  /** Blocks beside each other, where there is room. */
  | { kind: 'pair'; body: Blocks }

/** A figure that is seen first. Colours are the style sheet's. */
export type Card = { name: string; figure: string; details: readonly string[]; colour: string }

/** A table; the first cell of a row names the row. */
export type Table = { caption?: string; head: readonly Column[]; rows: readonly TableRow[] }
/** `isLead`: the column that counts. */
export type Column = string | { text: string; under?: readonly string[]; isNumber?: boolean; isLead?: boolean }
/** `name`: the student model or arm whose row it is, for the style sheet. */
export type TableRow = readonly Cell[] | { name?: string; cells: readonly Cell[] }
export type Cell = string | { text: string; under?: readonly Under[]; tone?: 'up' | 'down' | '' }
/** A smaller line of a cell: a text, the ends of an interval, or nothing. */
export type Under = string | readonly [low: string, high: string] | null | false

export const strong = (text: string): Marked => ({ mark: 'strong', text })
export const code = (text: string): Marked => ({ mark: 'code', text })

export const heading = (level: 2 | 3, text: string): Block => ({ kind: 'heading', level, text })
export const paragraph = (text: Text): Block => ({ kind: 'paragraph', text })
export const note = (text: Text): Block => ({ kind: 'paragraph', text, tone: 'note' })
export const absent = (text: Text): Block => ({ kind: 'paragraph', text, tone: 'absent' })
export const list = (items: readonly Text[]): Block => ({ kind: 'list', items })
export const definitions = (entries: readonly DefinitionEntry[]): Block => ({ kind: 'definitions', entries })
export const table = (head: readonly Column[], rows: readonly TableRow[], caption?: string): Block => {
  return { kind: 'table', head, rows, caption }
}
/** A table whose columns are numbers but for the first. */
export const figures = (
  [first = '', ...others]: readonly string[],
  rows: readonly TableRow[],
  caption?: string,
): Block => table([first, ...others.map((name) => number(name))], rows, caption)
export const number = (text: string, ...under: string[]): Exclude<Column, string> => ({ text, under, isNumber: true })

/** A drawing with its caption; null where there is nothing to draw. */
export const figure = (
  drawing: Markup | null,
  caption: string,
  legend: readonly { name: string; colour: string }[] = [],
): Blocks => drawing && { kind: 'figure', drawing, caption, legend }

/** The blocks that there are, in one list. */
export const blocksOf = (blocks: Blocks): Block[] =>
  !blocks ? [] : isNested(blocks) ? blocks.flatMap(blocksOf) : [blocks]

const isNested = (blocks: Block | readonly Blocks[]): blocks is readonly Blocks[] => Array.isArray(blocks)
