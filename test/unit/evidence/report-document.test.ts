import { parseHTML } from 'linkedom'
import { describe, expect, test } from 'vitest'
import {
  type Block,
  type Blocks,
  type Document,
  figure,
  number,
  table,
} from '../../../evidence/report/document/document.ts'
import { htmlOf } from '../../../evidence/report/document/html.ts'
import { markdownOf } from '../../../evidence/report/document/markdown.ts'
import { trusted } from '../../../evidence/report/document/markup.ts'
import { reportHtml, reportMarkdown } from '../../../evidence/report/mod.ts'
import { reportData } from '../../support/report-data.ts'
import { runLog } from '../../support/run-log.ts'

const about: Document = {
  tab: 't',
  kind: 'report of a test',
  title: 'Title',
  facts: [['Run', 'r1']],
  body: [],
  footer: 'End.',
}

/** Every piece of text that the HTML shows outside its drawings; intervals as the Markdown writes them. */
function textsOf(page: string): string[] {
  const { document } = parseHTML(page)
  for (const hidden of document.querySelectorAll('figure, title, style')) hidden.remove()
  const texts: string[] = []
  const walk = (node: Node) => {
    if (node.nodeType === 3) texts.push(node.textContent!.trim())
    for (const child of node.childNodes) walk(child)
  }
  walk(document.documentElement as unknown as Node)
  return texts.filter(Boolean).map((text) => text.replace(/^\[(.+), (.+)\]$/, '$1 to $2'))
}

/** Markdown as a reader sees it. */
const seen = (text: string): string =>
  text
    .replace(/\\([^a-z0-9\s])/gi, '$1')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&amp;/g, '&')
    .replace(/\*\*|`/g, '')

describe('a report', () => {
  test.each([
    ['a finished run', runLog({ seeds: 2 })],
    ['a run whose test was not opened', runLog({ finalEval: false })],
    ['a run that has just begun', runLog().slice(0, 12)],
  ])('says in Markdown all that it says in HTML: %s', (_, log) => {
    const data = reportData(log)
    const markdown = seen(reportMarkdown(data)).toLowerCase()
    const missing = textsOf(reportHtml(data)).filter((text) => !markdown.includes(text.toLowerCase()))
    expect(missing).toEqual([])
  })
})

describe('a block', () => {
  const blocks: Block[] = [
    { kind: 'heading', level: 2, text: 'a heading' },
    { kind: 'paragraph', text: ['a ', { mark: 'strong', text: 'strong' }, ' paragraph'] },
    { kind: 'paragraph', text: 'nothing yet', tone: 'absent' },
    { kind: 'list', items: ['an item', ['with ', { mark: 'code', text: '--option 3' }]] },
    { kind: 'callout', paragraphs: ['a caveat'] },
    { kind: 'claims', claims: [{ tag: 'not shown', tone: 'not-shown', sentence: 'a claim' }] },
    { kind: 'cards', title: 'cards', cards: [{ name: 'Final', figure: '12 %', details: ['of 8', ''], colour: 'red' }] },
    { kind: 'definitions', entries: [['a name', 'its value']] },
    table(
      ['Arm', { ...number('share', '8 items'), isLead: true }],
      [['Base', { text: '3 %', under: [['1', '5'], '', 'lenient 4 %'] }]],
    ),
    { kind: 'exhibit', about: 'about', instruction: 'instructed', input: 'asked', reply: 'replied' },
    { kind: 'details', summary: 'more', body: { kind: 'paragraph', text: 'inside' } },
    { kind: 'pair', body: [{ kind: 'paragraph', text: 'one side' }] },
  ]

  test.each(blocks.map((block) => [block.kind, block] as const))('%s is in both', (_, block) => {
    const [page, text] = [htmlOf({ ...about, body: block }), seen(markdownOf({ ...about, body: block })).toLowerCase()]
    const own = textsOf(page).filter((piece) => !textsOf(htmlOf(about)).includes(piece))
    expect(own.length).toBeGreaterThan(0)
    expect(own.filter((piece) => !text.includes(piece.toLowerCase()))).toEqual([])
  })

  test('a cell is one line of Markdown, and the column that counts is marked', () => {
    const text = markdownOf({ ...about, body: blocks })
    expect(text).toContain('| Arm | **share, 8 items** |')
    expect(text).toContain('| Base | 3 % (1 to 5); lenient 4 % |')
  })

  test('a drawing, and what is left out, are not in the Markdown', () => {
    const body: Blocks = [figure(trusted('<svg></svg>'), 'a caption'), figure(null, 'nothing drawn'), null, false, []]
    expect(markdownOf({ ...about, body })).toBe(markdownOf(about))
    expect(htmlOf({ ...about, body })).toContain('<figcaption>a caption</figcaption>')
    expect(htmlOf({ ...about, body })).not.toContain('nothing drawn')
  })
})
