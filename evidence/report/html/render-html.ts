import { html } from '../markup.ts'
import type { ReportData } from '../report-data.ts'
import { page } from './page.ts'
import { evidence } from './sections/evidence.ts'
import { heading } from './sections/heading.ts'
import { provenance } from './sections/provenance.ts'
import { resources } from './sections/resources.ts'
import { result } from './sections/result.ts'
import { rows } from './sections/rows.ts'
import { search } from './sections/search.ts'

/** The report as one HTML file: no script, nothing fetched, everything from data escaped. */
export function renderHtml(data: ReportData): string {
  return page(
    `${data.task?.title ?? 'Report'} · ${data.run.runId ?? 'unknown run'}`,
    html`${heading(data)}
${result(data)}
${evidence(data)}
${search(data)}
${resources(data)}
${rows(data)}
${provenance(data)}
<footer>Every number here is in <code>report.json</code> beside this file.</footer>`,
  )
}
