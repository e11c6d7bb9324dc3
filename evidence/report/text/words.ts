import type { ReportData } from '../report-data.ts'

/** `improve`, or `repair, then draft` where an attempt had several decisions; the control is not an operation of the search. */
export function operationText(dataset: ReportData['datasets'][number]): string {
  if (dataset.attempt === 0) return 'even spread'
  return dataset.operations.map(({ operation }) => operation).join(', then ') || 'unknown'
}

export function datasetName(attempt: number): string {
  return attempt === 0 ? 'Control' : `Attempt ${attempt}`
}
