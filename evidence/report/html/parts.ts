import { html, type Markup, trusted } from '../markup.ts'

/** A table with its headings; the first cell of a row names the row. */
export function table(options: {
  caption?: string
  head: readonly Cell[]
  rows: readonly { cells: readonly Cell[]; className?: string }[]
}): Markup {
  const { caption, head, rows } = options
  return html`<div class="scroll"><table>
${caption ? html`<caption>${caption}</caption>` : ''}<thead><tr>${head.map((cell) => headCell(cell))}</tr></thead>
<tbody>${rows.map(
    ({ cells, className }) =>
      html`<tr class="${className ?? ''}">${cells.map((cell, index) => (index === 0 ? rowCell(cell) : bodyCell(cell)))}</tr>\n`,
  )}</tbody></table></div>`
}

/** A table of plain texts. */
export const plainTable = (head: readonly string[], rows: readonly (readonly string[])[]): Markup =>
  table({
    head: head.map((text) => ({ text })),
    rows: rows.map((cells) => ({ cells: cells.map((text) => ({ text })) })),
  })

/** What stands in a cell: text, with a smaller line or more under it. */
export type Cell = {
  text: string | Markup
  under?: readonly string[]
  kind?: 'number'
  lead?: boolean
  tone?: 'up' | 'down' | ''
}

const className = ({ kind, lead, tone }: Cell) => [kind, lead && 'lead', tone].filter(Boolean).join(' ')
const under = (cell: Cell) => (cell.under ?? []).map((line) => html`<span class="under">${line}</span>`)
const headCell = (cell: Cell) => html`<th scope="col" class="${className(cell)}">${cell.text}${under(cell)}</th>`
const rowCell = (cell: Cell) => html`<th scope="row" class="${className(cell)}">${cell.text}${under(cell)}</th>`
const bodyCell = (cell: Cell) => html`<td class="${className(cell)}">${cell.text}${under(cell)}</td>`

/** A drawing with its caption; nothing where there is nothing to draw. */
export function figure(drawing: Markup | null, caption: string, legend: Markup | null = null): Markup {
  if (!drawing) return html``
  return html`<figure>${legend}<div class="scroll">${drawing}</div><figcaption>${caption}</figcaption></figure>`
}

/** Colours and what they stand for. The colours are our own, the names may be data. */
export function legend(entries: readonly { name: string; colour: string }[]): Markup {
  return html`<ul class="legend">${entries.map(
    ({ name, colour }) => html`<li><i style="--tone:${trusted(colour)}"></i>${name}</li>`,
  )}</ul>`
}

/** Names with their values. */
export function definitions(entries: readonly (readonly [string, string | Markup])[]): Markup {
  return html`<dl>${entries.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`
}

/** What stands where a part of the report has nothing to say yet. */
export function absent(sentence: string): Markup {
  return html`<p class="absent">${sentence}</p>`
}

type Range = { low: number; high: number } | null

/** An interval in brackets, written by `write`; nothing where there is none. */
export const range = (interval: Range, write: (share: number) => string) =>
  interval ? `[${write(interval.low)}, ${write(interval.high)}]` : ''

/** Whether an interval of a difference lies above zero, below it, or around it. */
export const tone = (interval: Range) => (!interval ? '' : interval.low > 0 ? 'up' : interval.high < 0 ? 'down' : '')
