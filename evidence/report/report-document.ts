import { describeRuntimes } from '../../schemas/runtime-identity.ts'
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

/** The sections of a run's report in their order. */
const sections = [headlines, result, evidence, search, resources, rows, provenance]

function reportDocument(data: ReportData): Document {
  const { run, task, studentModels, time } = data
  const runtimes = studentModels.find((each) => each.runtimes)?.runtimes
  return {
    tab: `${task?.title ?? 'Report'} · ${run.runId ?? 'unknown run'}`,
    kind: 'report of a run',
    title: task?.title ?? 'Unknown task',
    goal: task?.goal,
    facts: [
      ['Run', { mark: 'mono', text: run.runId ?? 'unknown' }],
      ['Started', timeText(run.startedAt)],
      ['Wall time', duration(time.wallSeconds)],
      ['Student', studentModels.find(({ student }) => student)?.student ?? 'not known yet'],
      ...(runtimes ? [['Runtimes', describeRuntimes(runtimes)] as const] : []),
      ['Status', statusText(data)],
    ],
    body: sections.map((section) => section(data)),
    isFolded: true,
    footer: ['Every number here is in ', code('report.json'), ' beside this file.'],
  }
}

const stopReasons: Readonly<Record<NonNullable<ReportData['run']['stopReason']>, string>> = {
  'attempts-used': 'all attempts were used',
  'hours-used': 'the hours were used up',
  'first-valid': 'the first valid dataset was taken',
  'no-valid-attempt': 'no attempt gave enough admitted rows',
  'stopped-by-user': 'a person ended the search',
  'budget-used': 'the budget was used up',
  'rows-complete': 'all rows wanted were admitted',
  'candidates-used': 'no more candidates may be asked for',
  'rounds-used': 'no more rounds may be asked for',
  'teacher-unavailable': 'the teacher gave no usable reply',
  'program-raised': 'the program failed on every reply of a source',
  plateau: 'further attempts would have been luck',
  'trainings-used': 'all trainings were used',
}

function statusText({ run }: Pick<ReportData, 'run'>): string {
  if (run.finished && run.stopReason)
    return `${run.status ?? 'finished'}: ${stopReasons[run.stopReason]}${run.stopDetail === undefined ? '' : ` (${run.stopDetail})`}`
  if (!run.status) return 'not started'
  return run.statusReason ? `${run.status}, not finished (${run.statusReason})` : `${run.status}, not finished`
}

export const reportHtml = (data: ReportData): string => htmlOf(reportDocument(data))

/** `report.md`: what the HTML says, without its drawings. */
export const reportMarkdown = (data: ReportData): string => markdownOf(reportDocument(data))
