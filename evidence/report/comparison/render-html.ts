import { page } from '../html/page.ts'
import { figure, plainTable } from '../html/parts.ts'
import { html } from '../markup.ts'
import type { Comparison } from './analyse.ts'
import { armPlot, effectPlot } from './plots.ts'
import * as told from './text.ts'

/** `comparison.html`: one file, no script, nothing fetched, everything from data escaped. */
export function renderHtml(comparison: Comparison): string {
  const { plan, effects } = comparison
  return page(
    plan.name,
    html`<div class="kicker">Syllabus · comparison of planners</div>
<h1>${plan.name}</h1>
<ul class="facts"><li>task <b>${plan.task}</b></li><li>pairs <b>${plan.pairs}</b></li><li>attempts of a run <b>${plan.attempts}</b></li><li>rows <b>${plan.rows}</b></li></ul>
<p><b>${told.plannerSentence(comparison)}</b></p>
<ul class="claims">${effects.map(
      (effect) =>
        html`<li><span class="verdict ${effect.verdict}">${effect.verdict.replace('-', ' ')}</span><span>${told.effectSentence(effect)}</span></li>`,
    )}</ul>
<div class="caveats">${told.caveatsOf(comparison).map((each) => html`<p>${each}</p>`)}</div>
<h2>Differences</h2>
${figure(effectPlot(comparison), 'Points on the test: each pair of runs (ring), their mean (dot) and its 95 % interval.')}
${plainTable(told.effectHead, told.effectCells(comparison))}
<h2>Arms</h2>
${figure(armPlot(comparison), `Share right (%): ${told.headlineText(comparison)}. Each run (ring), their mean (dot) and its 95 % interval.`)}
${plainTable(told.armHead, told.armCells(comparison))}
<h2>What each arm used</h2>
<p>In the mean of its runs. Calls are requests to the teacher; what the planner’s own model was asked stands beside them.</p>
${plainTable(told.useHead, told.useCells(comparison))}
<h2>Runs</h2>
${plainTable(told.runHead, told.runCells(comparison))}
<footer>Every number here is in <code>comparison.json</code> beside this file. Each run has its own report.</footer>`,
  )
}
