import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { writeWhole } from '../../machine/state-file.ts'
import type { ObjectRef } from '../../schemas/ids.ts'
import type { Row } from '../../schemas/row.ts'
import type { PublicTask } from '../../schemas/task.ts'
import { lastVerdicts } from './analyse/datasets.ts'
import { analyse, defaultResampling } from './analyse.ts'
import { collect } from './facts/collect.ts'
import type { LogEntry } from './facts/log-entry.ts'
import type { ReportData } from './report-data.ts'
import { renderHtml, renderMarkdown } from './report-document.ts'
import type { Resampling } from './statistics/resampler.ts'

/** What a report is made from. */
export type ReportSources = Partial<Resampling> & {
  entries: readonly LogEntry[]
  task: PublicTask | null
  /** Names of what ran with their versions, as they are to be printed. */
  versions: Readonly<Record<string, string>>
  /** Reads a dataset's rows; what cannot be read is left out, and the report says so. */
  readRows: (dataset: ObjectRef) => Promise<readonly Row[]>
}

/** `dir`: the run's folder; made where it is missing. */
export type WriteReportOptions = ReportSources & { dir: string }

export type WrittenReport = { html: string; md: string; json: string; data: ReportData }

/** The numbers of a report from what they follow from. */
export async function reportOf(options: ReportSources): Promise<ReportData> {
  const { entries, task, versions, readRows } = options
  const facts = collect(entries)
  const rows = new Map<number, readonly Row[]>()
  for (const [attempt, { dataset }] of lastVerdicts(facts)) {
    const read = await readRows(dataset).catch(() => null)
    if (read) rows.set(attempt, read)
  }
  const { resamples, seed } = { ...defaultResampling, ...options }
  return analyse(facts, { resamples, seed, task, versions, rows })
}

/** Writes `report.json`, `report.md` and `report.html`, each whole or not at all; returns their paths and the data. */
export async function writeReport(options: WriteReportOptions): Promise<WrittenReport> {
  const { dir } = options
  const data = await reportOf(options)
  await mkdir(dir, { recursive: true })
  const [html, md, json] = ['html', 'md', 'json'].map((kind) => join(dir, `report.${kind}`)) as [string, string, string]
  await writeWhole(json, reportJson(data))
  await writeWhole(md, renderMarkdown(data))
  await writeWhole(html, renderHtml(data))
  return { html, md, json, data }
}

/** `report.json`. */
export const reportJson = (data: ReportData): string => `${JSON.stringify(data, null, 2)}\n`
