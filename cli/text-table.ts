import { printable } from './printable.ts'

const missing = '-'

const cell = (value: unknown): string =>
  printable(String(value ?? ''))
    .replaceAll(/\s+/g, ' ')
    .trim() || missing

/** Records as lines of aligned columns under their keys; what is left out, null or empty is a dash. */
export function textTable(records: readonly Readonly<Record<string, unknown>>[]): string {
  const names = [...new Set(records.flatMap((record) => Object.keys(record)))]
  const lines = [names, ...records.map((record) => names.map((name) => cell(record[name])))]
  const widths = names.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)))
  return lines
    .map((line) =>
      line
        .map((text, column) => text.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
