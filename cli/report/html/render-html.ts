import type { ReportData } from '../report-data.ts'
import { html } from './markup.ts'
import { evidence } from './sections/evidence.ts'
import { heading } from './sections/heading.ts'
import { provenance } from './sections/provenance.ts'
import { resources } from './sections/resources.ts'
import { result } from './sections/result.ts'
import { rows } from './sections/rows.ts'
import { search } from './sections/search.ts'
import { style } from './style.ts'

/** The report as one HTML file: no script, nothing fetched, everything from data escaped. */
export function renderHtml(data: ReportData): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>${data.task?.title ?? 'Report'} · ${data.run.runId ?? 'unknown run'} · Syllabus</title>
<style>${style}</style>
</head>
<body>
<main>
${heading(data)}
${result(data)}
${evidence(data)}
${search(data)}
${resources(data)}
${rows(data)}
${provenance(data)}
<footer>Every number here is in <code>report.json</code> beside this file.</footer>
</main>
</body>
</html>
`.markup
}
