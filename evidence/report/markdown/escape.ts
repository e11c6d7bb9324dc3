import { withoutControls } from '../../../schemas/printable.ts'

/** Data as plain Markdown text: neither HTML nor markup of any kind, on one line. */
export function escapeMarkdown(text: string): string {
  return (
    withoutControls(text)
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
  return `${fence}text\n${withoutControls(text)}\n${fence}`
}

/** A table of plain texts, which are escaped; the first column is left-aligned, the rest to the right. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(escapeMarkdown).join(' | ')} |`
  return [
    line(head),
    `| ${head.map((_, index) => (index === 0 ? ':--' : '--:')).join(' | ')} |`,
    ...rows.map(line),
  ].join('\n')
}
