import { stringify } from 'yaml'
import { withoutControlCharacters } from '../../../schemas/printable.ts'
import { capital } from '../../../schemas/text.ts'
import {
  type Block,
  type Blocks,
  blocksOf,
  type Cell,
  type Column,
  type Document,
  strong,
  type Text,
} from './document.ts'

/** A document as Markdown, for a terminal or a code host: all that its HTML says, without the drawings. */
export function markdownOf({ kind, title, goal, facts, body, footer }: Document): string {
  const about = [`Syllabus · ${kind}`, ...facts.map(([name, value]) => `${escapeMarkdown(name)} ${inline(value)}`)]
  return `${[
    `# ${escapeMarkdown(title)}`,
    ...(goal === undefined ? [] : [escapeMarkdown(goal)]),
    about.join(' · '),
    ...inOrder(body),
    inline(footer),
  ].join('\n\n')}\n`
}

const inOrder = (blocks: Blocks): string[] => blocksOf(blocks).flatMap(shown)

/** Blocks as Markdown, for what is no report. */
export const markdownOfBlocks = (blocks: Blocks): string => inOrder(blocks).join('\n\n')

/** The paragraphs of a block. */
function shown(block: Block): string[] {
  switch (block.kind) {
    case 'heading':
      return [`${'#'.repeat(block.level)} ${escapeMarkdown(block.text)}`]
    case 'paragraph':
      return [inline(block.text)]
    case 'list':
      return listOf(block.items)
    case 'callout':
      return block.paragraphs.length === 0 ? [] : [block.paragraphs.map((text) => `> ${inline(text)}`).join('\n>\n')]
    case 'claims':
      return listOf(
        block.claims.map(({ tag, tone, sentence }) => [
          `${capital(tag)}. `,
          tone === 'shown' ? strong(sentence) : sentence,
        ]),
      )
    case 'cards':
      return [
        tableOf(
          [escapeMarkdown(block.title), '', ''],
          block.cards.map(({ name, figure, details }) => [
            escapeMarkdown(name),
            inline(strong(figure)),
            escapeMarkdown(details.filter(Boolean).join('; ')),
          ]),
        ),
      ]
    case 'definitions':
      return block.entries.length === 0
        ? []
        : [
            tableOf(
              ['Name', 'Value'],
              block.entries.map(([name, value]) => [escapeMarkdown(name), inline(value)]),
            ),
          ]
    case 'table':
      return [
        ...(block.caption ? [escapeMarkdown(block.caption)] : []),
        tableOf(
          block.head.map(headCell),
          block.rows.map((row) => ('cells' in row ? row.cells : row).map((cell) => escapeMarkdown(cellText(cell)))),
        ),
      ]
    case 'figure':
      return []
    case 'exhibit': {
      const { about, instruction, input, reply } = block
      return [inline(about), codeBlock(`${instruction === undefined ? '' : `${instruction}\n`}${input}\n\n${reply}`)]
    }
    case 'details':
      return [`${escapeMarkdown(block.summary)}:`, ...inOrder(block.body)]
    case 'pair':
      return inOrder(block.body)
    default:
      return block satisfies never
  }
}

const listOf = (items: readonly Text[]): string[] =>
  items.length === 0 ? [] : [items.map((item) => `- ${inline(item)}`).join('\n')]

function inline(text: Text): string {
  if (typeof text === 'string') return escapeMarkdown(text)
  if (!('mark' in text)) return text.map(inline).join('')
  if (text.mark === 'strong') return `**${escapeMarkdown(text.text)}**`
  // Nothing is escaped in a code span: one holds no text but what needs no escape.
  return text.mark === 'code' && /^[\w./ -]+$/.test(text.text) ? `\`${text.text}\`` : escapeMarkdown(text.text)
}

function headCell(column: Column): string {
  if (typeof column === 'string') return escapeMarkdown(column)
  const text = escapeMarkdown([column.text, ...(column.under ?? [])].filter(Boolean).join(', '))
  return column.isLead ? `**${text}**` : text
}

/** A cell on one line: `12.5 % (9.1 to 16.0); 148 items`. */
function cellText(cell: Cell): string {
  if (typeof cell === 'string') return cell
  const under = (cell.under ?? []).map((line) =>
    !line ? '' : typeof line === 'string' ? `; ${line}` : ` (${line.join(' to ')})`,
  )
  return cell.text + under.join('')
}
/** Data as plain Markdown text: neither HTML nor markup of any kind, on one line. */
export function escapeMarkdown(text: string): string {
  return (
    withoutControlCharacters(text)
      .replace(/\s+/g, (blank) => (/[\r\n\u2028\u2029]/.test(blank) ? ' ' : blank))
      .replace(/&/g, '&amp;')
      .replace(/</g, '&lt;')
      .replace(/>/g, '&gt;')
      // Readers make links of addresses that stand bare.
      .replace(/[\\`*_[\]|~$@]|:(?=\/\/)|(?<=\bwww)\./gi, '\\$&')
      .replace(/^(\s*)([-+=#](?=[-+=#\s]|$))/, '$1\\$2')
      .replace(/^(\s*\d+)([.)](?=\s|$))/, '$1\\$2')
  )
}

/** Data as a code block, whose fence is longer than any run of backticks in it. */
export function codeBlock(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length))
  const fence = '`'.repeat(longest + 1)
  return `${fence}text\n${withoutControlCharacters(text)}\n${fence}`
}

/** A table of plain texts, which are escaped; the first column is left-aligned, the rest to the right. */
export const markdownTable = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  tableOf(
    head.map(escapeMarkdown),
    rows.map((cells) => cells.map(escapeMarkdown)),
  )

/** As `markdownTable`, of texts that are escaped already. */
function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const alignment = head.map((_, index) => (index === 0 ? ':--' : '--:'))
  return [line(head), line(alignment), ...rows.map(line)].join('\n')
}

/**
 * The front matter of a card as the hub reads it: each text is quoted, since the hub reads an older YAML, where a bare `no`, `1_000` or
 * `12:30` is none.
 */
export const frontMatterOf = (values: object): string =>
  `---\n${stringify(values, { defaultStringType: 'QUOTE_DOUBLE', defaultKeyType: 'PLAIN', lineWidth: 0 })}---\n`
