import { printable } from '../schemas/printable.ts'
import type { ImportLog } from '../tasks/importers/import-log.ts'
import type { ImportResult } from '../tasks/importers/import-task.ts'

/** What was read, what was left out and why, in lines for a person. */
export function describeLog({ read, kept, dropped, listed, notes }: ImportLog): string[] {
  const lines = [`${read} records read, ${kept} kept`]
  for (const [why, count] of dropped) lines.push(`  left out, ${why}: ${count}`)
  for (const { where, why } of listed) lines.push(`    ${where}: ${why}`)
  return [...lines, ...notes.map((note) => `  ${note}`)].map(printable)
}

/** The log as facts. */
export const logFacts = ({ dropped, ...log }: ImportLog) => ({ ...log, dropped: Object.fromEntries(dropped) })

/** Where the questions went. */
export function describeCounts({ validation, test, audit, example, seed, solutions }: ImportResult['counts']): string {
  const parts = [`validation ${validation}`, `test ${test}`]
  if (audit > 0) parts.push(`audit ${audit}`)
  if (seed > 0) parts.push(`seeds ${seed}`)
  if (example > 0) parts.push(`examples ${example}`)
  if (solutions > 0) parts.push(`worked solutions ${solutions}`)
  return parts.join(', ')
}
