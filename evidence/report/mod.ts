export type { LogEntry } from '../../schemas/log-entry.ts'
export { lastVerdicts } from './analyse/datasets.ts'
export { analyse, defaultResampling } from './analyse.ts'
export { collect } from './facts/collect.ts'
export type { Logged, RunFacts } from './facts/run-facts.ts'
export { ReportData } from './report-data.ts'
export { reportHtml, reportMarkdown } from './report-document.ts'
export {
  type ReportSources,
  reportJson,
  reportOf,
  type WriteReportOptions,
  type WrittenReport,
  writeForms,
  writeReport,
} from './write-report.ts'
