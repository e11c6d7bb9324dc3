import { html, type Markup } from '../../markup.ts'
import { qualityPanels } from '../../plots/quality-panels.ts'
import type { ReportData } from '../../report-data.ts'
import { qualityLines, qualityNote } from '../../text/quality.ts'
import { type Cell, figure, table } from '../parts.ts'

/** What each dataset is like, beside what it did. */
export function quality(data: ReportData): Markup {
  if (data.quality.length === 0) return html``
  const { head, rows } = qualityLines(data.quality)
  const cells = (texts: readonly string[]) =>
    texts.map((text, index): Cell => (index === 0 ? { text } : { text, kind: 'number' }))
  return html`<h3>Quality of the data</h3>
${figure(qualityPanels(data), 'Each measure by attempt (C: control), on its own scale, with the validation score first.')}
${table({ head: cells(head), rows: rows.map((row) => ({ cells: cells(row) })) })}
<p class="note">${qualityNote(data.quality)}</p>`
}
