import type { ImportLog } from '../tasks/importers/import-log.ts'
import { printable } from './printable.ts'

/** What was read, what was left out and why, in lines for a person. */
export function describeLog({ read, kept, dropped, listed, notes }: ImportLog): string[] {
  const lines = [`${read} records read, ${kept} kept`]
  for (const [why, count] of dropped) lines.push(`  left out, ${why}: ${count}`)
  for (const { where, why } of listed) lines.push(`    ${where}: ${why}`)
  return [...lines, ...notes.map((note) => `  ${note}`)].map(printable)
}
