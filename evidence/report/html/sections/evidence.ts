import { html, type Markup } from '../../markup.ts'
import type { ReportData } from '../../report-data.ts'
import { armLines, comparisonNote, guardNote, halfLines, swapNote } from '../../text/evidence.ts'
import { table } from '../parts.ts'

/** What the result was compared with, and what was not measured. */
export function evidence({ evidence: facts }: ReportData): Markup {
  const guard = guardNote(facts)
  const compared = comparisonNote(facts)
  return html`<h2>What was compared, and what was not</h2>
${
  facts.arms.length > 0
    ? table({
        head: [{ text: 'Arm' }, { text: 'Rows', kind: 'number' }, { text: 'Dataset' }, { text: 'Remark' }],
        rows: armLines(facts).map(([arm, rows, dataset, remark]) => ({
          cells: [{ text: arm }, { text: rows, kind: 'number' as const }, { text: dataset }, { text: remark }],
        })),
      })
    : ''
}
${compared ? html`<p>${compared}</p>` : ''}
${guard ? html`<p>${guard}</p>` : ''}
${
  facts.swap
    ? html`<p>${swapNote(facts.swap)}</p>${table({
        head: [{ text: 'Candidate' }, { text: 'Half A', kind: 'number' }, { text: 'Half B', kind: 'number' }],
        rows: halfLines(facts.swap).map(([candidate, a, b]) => ({
          cells: [{ text: candidate }, { text: a, kind: 'number' as const }, { text: b, kind: 'number' as const }],
        })),
      })}`
    : ''
}
${
  facts.unmeasured.length > 0
    ? html`<h3>Not measured in this run</h3><ul class="plain">${facts.unmeasured.map(
        ({ what, how }) => html`<li>${what}: <code>${how}</code></li>`,
      )}</ul>`
    : ''
}`
}
