import { format } from 'node:util'
import { printable } from '../../schemas/printable.ts'

/**
 * From here on whatever this process prints by the console is what a terminal may show, whoever wrote the text and whoever prints it:
 * a command, a fault with its stack, a library's warning.
 */
export function makeConsolePlain(): void {
  for (const name of ['log', 'info', 'warn', 'error'] as const) {
    const print = console[name].bind(console)
    console[name] = (...values: unknown[]) => print(printable(format(...values)))
  }
}

/** Takes a line about something that may go wrong later. */
export type Warn = (text: string) => void

/** Beside the output of a command, which may be read by a machine. */
export const warnOnTerminal: Warn = (text) => console.error(printable(`warning: ${text}`))

const missing = '-'

/** Lines of columns; those from `rightFrom` on are aligned to the right, as numbers are. All rows have as many cells as the first. */
export function aligned(rows: readonly (readonly string[])[], rightFrom = Number.POSITIVE_INFINITY): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  const pad = (text: string, column: number) =>
    column < rightFrom ? text.padEnd(widths[column]!) : text.padStart(widths[column]!)
  return rows.map((row) => row.map(pad).join('  ').trimEnd())
}

/** Records as lines of aligned columns under their keys; what is left out, null or empty is a dash. */
export function textTable(records: readonly Readonly<Record<string, unknown>>[]): string {
  const names = [...new Set(records.flatMap((record) => Object.keys(record)))]
  return aligned([names, ...records.map((record) => names.map((name) => cell(record[name])))]).join('\n')
}

const cell = (value: unknown): string =>
  printable(String(value ?? ''))
    .replaceAll(/\s+/g, ' ')
    .trim() || missing
