import { page } from '../html/page.ts'
import { figure, plainTable } from '../html/parts.ts'
import { html, type Markup } from '../markup.ts'
import { armPlot, gainPlot, runGainPlot } from './plots.ts'
import type { Summary } from './summary.ts'
import * as told from './text.ts'

/** `summary.html`: one file, no script, nothing fetched, everything from data escaped. */
export function renderHtml(summary: Summary): string {
  const { set, runs, tested } = summary
  return page(
    set,
    html`<div class="kicker">Syllabus · independent searches</div>
<h1>${set}</h1>
<ul class="facts"><li>searches <b>${runs.length}</b></li><li>with a result <b>${tested}</b></li></ul>
<p><b>${told.mainSentence(summary)}</b></p>
<div class="caveats">${told.notesOf(summary).map((note) => html`<p>${note}</p>`)}</div>
${tested === 0 ? '' : results(summary)}
<h2>Runs</h2>
${plainTable(told.runHead(summary), told.runCells(summary))}
<footer>Every number here is in <code>summary.json</code> beside this file. Each run has its own report.</footer>`,
  )
}

function results(summary: Summary): Markup {
  return html`<h2>Differences over runs</h2>
${figure(gainPlot(summary), 'The final minus each arm: each run (ring), their mean (dot) and its 95 % interval, over runs (thick) and over runs and items (thin).')}
${plainTable(told.gainHead(), told.gainCells(summary))}
<h2>Run by run</h2>
${figure(runGainPlot(summary), 'The final minus another arm in each run with that run’s own 95 % interval, over its items and training seeds; last, their mean with its interval over runs.')}
${plainTable(told.runGainHead(summary), told.runGainCells(summary))}
<h2>Arms over runs</h2>
${figure(armPlot(summary), `${told.headlineText(summary)}: each run (ring), their mean (dot) and its 95 % interval over runs.`)}
${plainTable(told.armHead(), told.armCells(summary))}`
}
