import { html, type Markup } from '../../markup.ts'
import type { ReportData } from '../../report-data.ts'
import { labelOf } from '../../text/names.ts'
import { originText } from '../../text/origin.ts'
import { absent } from '../parts.ts'

/** Rows of the dataset and validation items that went wrong, as they are. */
export function rows({ samples, badCases }: ReportData): Markup {
  return html`<h2>Rows, and what still goes wrong</h2>
<h3>${samples ? `Rows of attempt ${samples.attempt}, two a skill, drawn without looking` : 'Sample rows'}</h3>
${
  samples
    ? samples.rows.map(
        (
          row,
        ) => html`<article class="row"><div class="what">${row.skill} · <span class="mono">${row.id}</span> · ${originText(row)}</div>
<pre><span class="asked">${row.instruction}</span>
${row.input}</pre>
<pre class="answer">${row.output}</pre></article>\n`,
      )
    : absent('No dataset could be read.')
}
<h3>${badCases ? `Validation items that ${labelOf(badCases.candidate).toLowerCase()} got wrong` : 'Failed validation items'}</h3>
<p class="note">A sample, as the planner saw it. Items of the sealed test are never shown.</p>
${
  badCases && badCases.cases.length > 0
    ? html`<details><summary>${badCases.cases.length} items</summary>${badCases.cases.map(
        (
          item,
        ) => html`<article class="row"><div class="what">${item.skill} · ${labelOf(item.part)} · ${item.reason} · expected <b>${item.expected}</b></div>
<pre>${item.input}</pre>
<pre class="wrong">${item.reply}</pre></article>\n`,
      )}</details>`
    : absent(badCases ? 'None.' : 'No attempt was scored.')
}`
}
