import { join } from 'node:path'
import { makeFolder } from '../../machine/folders.ts'
import { writeWhole } from '../../machine/state-file.ts'
import type { ObjectRef } from '../../schemas/ids.ts'
import type { LogEntry } from '../../schemas/log-entry.ts'
import type { Row } from '../../schemas/row.ts'
import type { PublicTask } from '../../schemas/task.ts'
import { lastVerdicts } from './analyse/datasets.ts'
import { analyse, defaultResampling } from './analyse.ts'
import { collect } from './facts/collect.ts'
import type { ReportData } from './report-data.ts'
import { reportHtml, reportMarkdown } from './report-document.ts'
import type { Resampling } from './statistics/resampling.ts'

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

export type WrittenReport = Forms & { data: ReportData }

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

/** Writes `report.json`, `report.md` and `report.html`; returns their paths and the data. */
export async function writeReport(options: WriteReportOptions): Promise<WrittenReport> {
  const data = await reportOf(options)
  const forms = { html: reportHtml(data), md: reportMarkdown(data), json: reportJson(data) }
  return { ...(await writeForms(options.dir, 'report', forms)), data }
}

/** The texts, or the paths, of a report's three forms. */
type Forms = Record<'html' | 'md' | 'json', string>

/** Writes a report's forms as `<name>.<form>`, each whole or not at all, into a folder made where it is missing. Returns the paths. */
export async function writeForms(folder: string, name: string, { html, md, json }: Forms): Promise<Forms> {
  makeFolder(folder)
  const path = (form: string) => join(folder, `${name}.${form}`)
  await writeWhole(path('json'), json)
  await writeWhole(path('md'), md)
  await writeWhole(path('html'), html)
  return { html: path('html'), md: path('md'), json: path('json') }
}

/** `report.json`, or the numbers of another report. */
export const reportJson = (data: object): string => `${JSON.stringify(data, null, 2)}\n`
