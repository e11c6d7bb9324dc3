import { FailureCategory, type ReportData } from '../report-data.ts'
import { numberText } from './format.ts'

const names: Readonly<Record<FailureCategory, string>> = {
  'time-out': 'time-out',
  extraction: 'extraction',
  'runtime-error': 'runtime error',
  truncated: 'truncated',
  'insufficient-rows': 'insufficient valid rows',
  other: 'other',
}

/** The paper's categories with what was counted in attempts and in replies, every one of them. */
export function failureLines({ failures }: Pick<ReportData, 'failures'>): [string, string, string][] {
  return FailureCategory.options.map((category) => [
    names[category],
    numberText(failures.attempts[category] ?? 0),
    numberText(failures.replies[category] ?? 0),
  ])
}

export const failureNote =
  'Attempts: each that gave no valid dataset, by its first cause: a program that was cut off, could not be read or raised, hours that were used, or too few admitted rows. Replies: each item asked of a generator that gave no candidate; candidates that were not admitted are counted by reason above.'
