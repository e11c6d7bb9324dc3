import { analyse, collect, defaultResampling, type LogEntry, type ReportData } from '../../evidence/report/mod.ts'
import { type RunLogOptions, runLog } from './run-log.ts'
import { datasetRows, publicTask } from './run-log-data.ts'

/** The report's data of a made-up run, or of a log. */
export function reportData(log: RunLogOptions | readonly LogEntry[] = {}): ReportData {
  const entries = Array.isArray(log) ? (log as readonly LogEntry[]) : runLog(log as RunLogOptions)
  const rows = new Map([0, 1, 2, 3].map((attempt) => [attempt, datasetRows(attempt)]))
  return analyse(collect(entries), { ...defaultResampling, task: publicTask(), versions: { syllabus: '0.1.0' }, rows })
}
