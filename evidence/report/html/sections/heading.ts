import type { TrivialBaseline } from '../../contrasts.ts'
import { html, type Markup, trusted } from '../../markup.ts'
import { candidateColour } from '../../plots/draw.ts'
import type { ReportData, SealedResults } from '../../report-data.ts'
import { headlinesOf } from '../../text/conclusion.ts'
import { duration, itemsText, percent, percentNumber, points, rangeText, timeText } from '../../text/format.ts'
import { allParts, labelOf } from '../../text/names.ts'
import { trivialText } from '../../text/replies.ts'
import { retentionWords } from '../../text/retention.ts'
import { statusText } from '../../text/words.ts'

/** Title, the headline scores, and the sentences that they carry. */
export function heading(data: ReportData): Markup {
  const { run, task, conclusion, models, sealing } = data
  return html`<header>
<div class="kicker">Syllabus · report of a run</div>
<h1>${task?.title ?? 'Unknown task'}</h1>
<p class="soft">${task?.goal}</p>
<ul class="facts">
<li>Run <b class="mono">${run.runId ?? 'unknown'}</b></li>
<li>Started <b>${timeText(run.startedAt)}</b></li>
<li>Wall time <b>${duration(data.time.wallSeconds)}</b></li>
<li>Student <b>${data.candidates.find(({ student }) => student)?.student ?? 'not known yet'}</b></li>
<li>Status <b>${statusText(data)}</b></li>
</ul>
</header>
${cards(data)}
<ul class="claims">${headlinesOf(data).map(
    ({ tag, tone, sentence }) => html`<li><span class="verdict ${tone}">${tag}</span><span>${sentence}</span></li>`,
  )}</ul>
<div class="caveats">
<p><b>${models.sentence}</b></p>
<p>${sealing.sentence}</p>
${conclusion.caveats.map((caveat) => html`<p>${caveat}</p>`)}
</div>`
}

function cards({ sealed, task }: ReportData): Markup {
  if (!sealed) return html``
  const [headline, primary] = [sealed.parts[0] ?? allParts, task?.primary ?? 'strict'] as const
  return html`<p class="note cards-title">Sealed test, ${labelOf(headline)}, ${primary} scoring, share right</p>
<div class="cards">${sealed.contrasts.arms.map(({ arm, parts, seeds }) => {
    const mean = parts[headline]?.[primary]
    const interval = mean?.interval
    const all = sealed.parts.length > 1 && headline !== allParts ? parts[allParts]?.[primary] : undefined
    const toBase = arm === 'final' ? sealed.contrasts.comparisons.find(({ to }) => to === 'base') : undefined
    const change = toBase?.parts[allParts]?.[primary]
    return html`<div class="card" style="--tone:${trusted(candidateColour(arm))}">
<div class="name">${labelOf(arm)}</div>
<div class="figure">${percent(mean?.value ?? null)}</div>
<div class="detail">${seeds.length > 1 ? `mean of ${seeds.length} seeds, ` : ''}${mean ? itemsText(mean) : ''}<br>${
      interval ? `95 %: ${percentNumber(interval.low)} to ${percentNumber(interval.high)}` : ''
    }${
      all
        ? html`<br>all parts: ${percent(all.value)}${
            change ? html`<br>${points(change.value)}${rangeText(change.interval, points)} to the base` : ''
          }`
        : ''
    }</div>
</div>`
  })}${trivialCard(sealed.contrasts.trivial?.[headline]?.[primary])}${forgottenCard(sealed)}</div>`
}

/** Beside what was learned: what was forgotten. */
function forgottenCard({ retention }: SealedResults): Markup {
  const final = retention?.changes.find(({ arm }) => arm === 'final')
  return html`<div class="card" style="--tone:var(--faint)"><div class="name">Outside the task</div>
<div class="figure">${points(final?.value ?? null)}</div>
<div class="detail">${
    final
      ? html`points to the base${rangeText(final.interval, points)}<br>${retentionWords[final.verdict]}`
      : 'what was forgotten was not measured'
  }</div>
</div>`
}

/** Beside the arms: the best that answering without knowing anything scores. */
const trivialCard = (trivial: TrivialBaseline | undefined): Markup =>
  trivial
    ? html`<div class="card" style="--tone:var(--trivial)"><div class="name">Needs no student</div>
<div class="figure">${percent(trivial.value)}</div>
<div class="detail">the best of them: ${trivialText(trivial)}</div>
</div>`
    : html``
