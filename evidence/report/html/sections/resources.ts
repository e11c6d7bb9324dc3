import { html, type Markup } from '../../markup.ts'
import { phaseLooks, timeLine } from '../../plots/time-line.ts'
import type { ReportData } from '../../report-data.ts'
import { budgetLines, matsText, usageHead, usageRows } from '../../text/budget.ts'
import { failureLines, failureNote } from '../../text/failures.ts'
import { duration, numberText, percent } from '../../text/format.ts'
import { matsNote } from '../../text/words.ts'
import { definitions, figure, legend, table } from '../parts.ts'

/** Where the time went, and what was spent of what was allowed. */
export function resources(data: ReportData): Markup {
  const { time } = data
  const wall = time.wallSeconds ?? 0
  const seen = time.phases.filter(({ seconds }) => seconds > 0)
  return html`<h2>Time and budget</h2>
${figure(
  timeLine(time.spans, wall),
  'When each kind of agent worked on what.',
  legend(seen.filter(({ phase }) => phase !== 'other').map(({ phase }) => phaseLooks[phase])),
)}
${
  seen.length > 0
    ? table({
        caption: `Wall time by phase; where phases overlap, the time is counted once. Together ${duration(wall)}.`,
        head: [{ text: 'Phase' }, { text: 'Time', kind: 'number' }, { text: 'Share', kind: 'number' }],
        rows: seen.map(({ phase, seconds }) => ({
          cells: [
            { text: phaseLooks[phase].name },
            { text: duration(seconds), kind: 'number' as const },
            { text: percent(wall > 0 ? seconds / wall : null), kind: 'number' as const },
          ],
        })),
      })
    : ''
}
${definitions([...budgetLines(data), ['MATS', matsText(data)]])}
${
  data.budget.usage.length > 0
    ? table({
        caption:
          'Calls by role, model and stage: HTTP requests, failed ones too, and the tokens that replies reported.',
        head: usageHead.map((text, column) => (column < 4 ? { text } : { text, kind: 'number' })),
        rows: usageRows(data).map((cells) => ({
          cells: cells.map((text, column) => (column < 4 ? { text } : { text, kind: 'number' as const })),
        })),
      })
    : ''
}
<h3>Failures, in the paper’s categories</h3>
${table({
  head: [{ text: 'Category' }, { text: 'Attempts', kind: 'number' }, { text: 'Replies', kind: 'number' }],
  rows: failureLines(data).map(([category, attempts, replies]) => ({
    cells: [
      { text: category },
      { text: attempts, kind: 'number' as const },
      { text: replies, kind: 'number' as const },
    ],
  })),
})}
<p class="note">${failureNote}</p>
<p class="note">${matsNote} ${numberText(data.run.messages)} messages are in the log.</p>`
}
