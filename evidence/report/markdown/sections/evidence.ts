import type { ReportData } from '../../report-data.ts'
import { armLines, comparisonNote, guardNote, halfLines, swapNote } from '../../text/evidence.ts'
import { markdownTable, escapeMarkdown as text } from '../escape.ts'

/** What the result was compared with, and what was not measured. */
export function evidenceSection({ evidence }: ReportData): string[] {
  const guard = guardNote(evidence)
  const compared = comparisonNote(evidence)
  return [
    '## What was compared, and what was not',
    ...(evidence.arms.length > 0 ? [markdownTable(['Arm', 'Rows', 'Dataset', 'Remark'], armLines(evidence))] : []),
    ...(compared ? [text(compared)] : []),
    ...(guard ? [text(guard)] : []),
    ...(evidence.swap
      ? [text(swapNote(evidence.swap)), markdownTable(['Candidate', 'Half A', 'Half B'], halfLines(evidence.swap))]
      : []),
    evidence.unmeasured
      .map(({ what, how }) => `- Not measured: ${text(what)}. Measure it with: ${text(how)}`)
      .join('\n'),
  ]
}
