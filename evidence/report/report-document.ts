import { code, type Document } from './document/document.ts'
import { htmlOf } from './document/html.ts'
import { markdownOf } from './document/markdown.ts'
import type { ReportData } from './report-data.ts'
import { evidence } from './sections/evidence.ts'
import { headlines } from './sections/headlines.ts'
import { provenance } from './sections/provenance.ts'
import { resources } from './sections/resources.ts'
import { result } from './sections/result.ts'
import { rows } from './sections/rows.ts'
import { search } from './sections/search.ts'
import { duration, timeText } from './text/format.ts'
import { statusText } from './text/words.ts'

/** The sections of a run's report in their order. */
const sections = [headlines, result, evidence, search, resources, rows, provenance]

function reportDocument(data: ReportData): Document {
  const { run, task, candidates, time } = data
  return {
    tab: `${task?.title ?? 'Report'} · ${run.runId ?? 'unknown run'}`,
    kind: 'report of a run',
    title: task?.title ?? 'Unknown task',
    goal: task?.goal,
    facts: [
      ['Run', { mark: 'mono', text: run.runId ?? 'unknown' }],
      ['Started', timeText(run.startedAt)],
      ['Wall time', duration(time.wallSeconds)],
      ['Student', candidates.find(({ student }) => student)?.student ?? 'not known yet'],
      ['Status', statusText(data)],
    ],
    body: sections.map((section) => section(data)),
    footer: ['Every number here is in ', code('report.json'), ' beside this file.'],
  }
}

/** `report.html`. */
export const renderHtml = (data: ReportData): string => htmlOf(reportDocument(data))

/** `report.md`: what the HTML says, without its drawings. */
export const renderMarkdown = (data: ReportData): string => markdownOf(reportDocument(data))
