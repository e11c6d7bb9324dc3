import { html, type Markup } from '../../markup.ts'
import type { ReportData } from '../../report-data.ts'
import { numberText } from '../../text/format.ts'
import { definitions, table } from '../parts.ts'

/** What ran, on what, and how to check it. */
export function provenance({ agents, provenance, task, run }: ReportData): Markup {
  const settings = (values: Record<string, string | number | boolean>) =>
    definitions(Object.entries(values).map(([name, value]) => [name, html`<code>${String(value)}</code>`]))
  return html`<h2>What ran</h2>
${table({
  head: [{ text: 'Role' }, { text: 'Variant' }, { text: 'Instances' }, { text: 'Messages', kind: 'number' }],
  rows: agents.map(({ role, variant, instances, messages }) => ({
    cells: [
      { text: role },
      { text: variant },
      { text: instances.join(', ') },
      { text: numberText(messages), kind: 'number' as const },
    ],
  })),
})}
${
  task
    ? html`<h3>Where the task departs from the paper</h3>
${task.departures.length > 0 ? html`<ul class="plain">${task.departures.map((departure) => html`<li>${departure}</li>`)}</ul>` : html`<p>Nowhere, says the task.</p>`}
<h3>Recipe and inference, the same for every candidate</h3><div class="pair">${settings(task.recipe)}${settings(task.inference)}</div>`
    : ''
}
<h3>Versions</h3>
${definitions(Object.entries(provenance.versions).map(([name, version]) => [name, html`<code>${version}</code>`]))}
<h3>Seeds</h3>
${definitions(provenance.seeds.map(({ name, value }) => [name, html`<code>${value}</code>`]))}
<h3>Hashes (SHA-256)</h3>
${definitions(provenance.hashes.map(({ name, sha256 }) => [name, html`<code>${sha256}</code>`]))}
${
  run.unreadable.length > 0
    ? html`<h3>Messages that could not be read</h3><ul class="plain">${run.unreadable.map(
        ({ seq, name, reason }) => html`<li>${name}, number ${seq}: ${reason}</li>`,
      )}</ul>`
    : ''
}`
}
