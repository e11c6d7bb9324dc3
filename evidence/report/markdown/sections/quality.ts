import type { ReportData } from '../../report-data.ts'
import { qualityLines, qualityNote } from '../../text/quality.ts'
import { markdownTable, escapeMarkdown as text } from '../escape.ts'

/** What each dataset is like. */
export function qualitySection({ quality }: ReportData): string[] {
  if (quality.length === 0) return []
  const { head, rows } = qualityLines(quality)
  return ['### Quality of the data', markdownTable(head, rows), text(qualityNote(quality))]
}
