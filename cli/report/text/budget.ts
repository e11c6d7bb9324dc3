import type { ReportData } from '../report-data.ts'
import { missing, numberText } from './format.ts'

/** What was spent of what was allowed, as names with values. */
export function budgetLines({ budget }: Pick<ReportData, 'budget'>): [string, string][] {
  const { hoursUsed, maxHours, attempts, attemptsUsed, candidatesAsked, candidateCapPerAttempt } = budget
  const { teacherCalls, teacherCallsUsed, price } = budget
  const of = (limit: string) => `of ${limit} allowed`
  return [
    ['Hours', `${numberText(hoursUsed, 2)} ${maxHours === null ? '' : of(numberText(maxHours))}`.trim()],
    ['Attempts', `${attemptsUsed} ${attempts === null ? '' : of(numberText(attempts))}`.trim()],
    [
      'Candidates asked for',
      candidateCapPerAttempt === null
        ? numberText(candidatesAsked)
        : `${numberText(candidatesAsked)}, at most ${numberText(candidateCapPerAttempt)} an attempt`,
    ],
    [
      'Teacher calls',
      `${numberText(teacherCallsUsed)} ${teacherCalls === null ? '(not limited)' : of(numberText(teacherCalls))}`,
    ],
    ['Teacher tokens', `${numberText(budget.inputTokens)} in, ${numberText(budget.outputTokens)} out`],
    ['Price', price === null ? (teacherCallsUsed === 0 ? 'no teacher was called' : 'unknown') : numberText(price, 2)],
  ]
}

/** Attempts over valid attempts. */
export function matsText({ mats }: Pick<ReportData, 'mats'>): string {
  const counts = `${mats.attempts} attempts, ${mats.validAttempts} valid`
  return mats.value === null ? `${missing} (${counts})` : `${mats.value.toFixed(2)} (${counts})`
}
