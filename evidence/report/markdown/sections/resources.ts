import type { ReportData } from '../../report-data.ts'
import { budgetLines, matsText, usageHead, usageRows } from '../../text/budget.ts'
import { failureLines, failureNote } from '../../text/failures.ts'
import { duration } from '../../text/format.ts'
import { matsNote, phaseNames } from '../../text/words.ts'
import { escapeMarkdown, markdownTable } from '../escape.ts'

/** Where the time went, and what was spent of what was allowed. */
export function resourcesSection(data: ReportData): string[] {
  return [
    '## Time and budget',
    markdownTable(
      ['Phase', 'Time'],
      data.time.phases
        .filter(({ seconds }) => seconds > 0)
        .map(({ phase, seconds }) => [phaseNames[phase], duration(seconds)]),
    ),
    markdownTable(['Budget', 'Used'], [...budgetLines(data), ['MATS', matsText(data)]]),
    ...(data.budget.usage.length > 0 ? [markdownTable([...usageHead], usageRows(data))] : []),
    escapeMarkdown(matsNote),
    '### Failures, in the paper’s categories',
    markdownTable(['Category', 'Attempts', 'Replies'], failureLines(data)),
    escapeMarkdown(failureNote),
  ]
}
