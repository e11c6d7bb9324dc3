import {
  type Block,
  type Blocks,
  blocksOf,
  type Cell,
  type Column,
  type Document,
  type Table,
  type Text,
} from './document.ts'
import { html, type Markup, trusted } from './markup.ts'
import { style } from './style.ts'

/** A document as one HTML file: no script, nothing fetched, everything from data escaped. */
export function htmlOf({ tab, kind, title, goal, facts, body, isFolded = false, footer }: Document): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>${tab} · Syllabus</title>
<style>${style}</style>
</head>
<body>
<main>
<header>
<div class="kicker">Syllabus · ${kind}</div>
<h1>${title}</h1>
${goal === undefined ? '' : html`<p class="soft">${goal}</p>`}
<ul class="facts">${facts.map(([name, value]) => html`<li>${name} <b>${inline(value)}</b></li>`)}</ul>
</header>
${isFolded ? folded(body) : inOrder(body)}
<footer>${inline(footer)}</footer>
</main>
</body>
</html>
`.markup
}

/** Each part under a heading of the second level in a fold of its own; a browser opens it where a search on the page finds something. */
function folded(body: Blocks): Markup {
  const [head = [], ...parts] = partsOf(blocksOf(body))
  return html`${inOrder(head)}${parts.map(
    ([heading, ...rest]) =>
      html`<details class="part"><summary>${shown(heading!)}</summary>${inOrder(rest)}</details>\n`,
  )}`
}

/** The blocks before the first heading of the second level, then each such heading with what follows it. */
function partsOf(blocks: readonly Block[]): Block[][] {
  const parts: Block[][] = [[]]
  for (const block of blocks) {
    if (block.kind === 'heading' && block.level === 2) parts.push([])
    parts.at(-1)!.push(block)
  }
  return parts
}

const inOrder = (blocks: Blocks): Markup => html`${blocksOf(blocks).map((block) => html`${shown(block)}\n`)}`

function shown(block: Block): Markup {
  switch (block.kind) {
    case 'heading':
      return block.level === 2 ? html`<h2>${block.text}</h2>` : html`<h3>${block.text}</h3>`
    case 'paragraph':
      return block.tone ? html`<p class="${block.tone}">${inline(block.text)}</p>` : html`<p>${inline(block.text)}</p>`
    case 'list':
      return html`<ul class="plain">${block.items.map((item) => html`<li>${inline(item)}</li>`)}</ul>`
    case 'callout':
      return html`<div class="caveats">${block.paragraphs.map((text) => html`<p>${inline(text)}</p>`)}</div>`
    case 'claims':
      return html`<ul class="claims">${block.claims.map(
        ({ tag, tone, sentence }) => html`<li><span class="verdict ${tone}">${tag}</span><span>${sentence}</span></li>`,
      )}</ul>`
    case 'cards':
      return html`<p class="note cards-title">${block.title}</p>
<div class="cards">${block.cards.map(
        ({ name, figure, details, colour }) => html`<div class="card" style="--tone:${colour}">
<div class="name">${name}</div>
<div class="figure">${figure}</div>
<div class="detail">${details.map((line, index) => html`${index > 0 && trusted('<br>')}${line}`)}</div>
</div>`,
      )}</div>`
    case 'definitions':
      return html`<dl>${block.entries.map(([name, value]) => html`<dt>${name}</dt><dd>${inline(value)}</dd>`)}</dl>`
    case 'table':
      return tableOf(block)
    case 'figure':
      return html`<figure>${block.legend.length > 0 && legendOf(block.legend)}<div class="scroll">${block.drawing}</div><figcaption>${block.caption}</figcaption></figure>`
    case 'exhibit': {
      const { about, instruction, input, reply, isWrong } = block
      return html`<article class="row"><div class="what">${inline(about)}</div>
<pre>${instruction !== undefined && html`<span class="asked">${instruction}</span>\n`}${input}</pre>
<pre class="${isWrong ? 'wrong' : 'answer'}">${reply}</pre></article>`
    }
    case 'details':
      return html`<details><summary>${block.summary}</summary>${inOrder(block.body)}</details>`
    case 'pair':
      return html`<div class="pair">\n${inOrder(block.body)}</div>`
    default:
      return block satisfies never
  }
}

function inline(text: Text): Markup {
  if (typeof text === 'string') return html`${text}`
  if (!('mark' in text)) return html`${text.map(inline)}`
  if (text.mark === 'strong') return html`<b>${text.text}</b>`
  return text.mark === 'code' ? html`<code>${text.text}</code>` : html`<span class="${text.mark}">${text.text}</span>`
}

const legendOf = (entries: readonly { name: string; colour: string }[]): Markup =>
  html`<ul class="legend">${entries.map(({ name, colour }) => html`<li><i style="--tone:${colour}"></i>${name}</li>`)}</ul>`

function tableOf({ caption, head, rows }: Table): Markup {
  return html`<div class="scroll"><table>
${caption && html`<caption>${caption}</caption>`}<thead><tr>${head.map(
    (column) => html`<th scope="col" class="${classes(column)}">${lines(column)}</th>`,
  )}</tr></thead>
<tbody>${rows.map((row) => {
    const { name, cells } = 'cells' in row ? row : { cells: row }
    return html`<tr class="${name}">${cells.map((cell, index) => {
      const look = classes(head[index] ?? '', cell)
      return index === 0
        ? html`<th scope="row" class="${look}">${lines(cell)}</th>`
        : html`<td class="${look}">${lines(cell)}</td>`
    })}</tr>\n`
  })}</tbody></table></div>`
}

/** A cell looks as its column does. */
function classes(column: Column, cell: Cell = ''): string {
  const { isNumber, isLead } = typeof column === 'string' ? {} : column
  return [isNumber && 'number', isLead && 'lead', typeof cell !== 'string' && cell.tone].filter(Boolean).join(' ')
}

function lines(cell: Cell | Column): Markup {
  if (typeof cell === 'string') return html`${cell}`
  return html`${cell.text}${(cell.under ?? []).map(
    (line) => line && html`<span class="under">${typeof line === 'string' ? line : `[${line.join(', ')}]`}</span>`,
  )}`
}
