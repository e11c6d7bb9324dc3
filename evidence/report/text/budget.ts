import type { Stage } from '../../../schemas/usage.ts'
import type { ReportData } from '../report-data.ts'
import { missing, numberText } from './format.ts'

/** What was spent of what was allowed, as names with values. */
export function budgetLines({ budget }: Pick<ReportData, 'budget'>): [string, string][] {
  const { hoursUsed, maxHours, attempts, attemptsUsed, candidatesAsked, candidateCapPerAttempt } = budget
  const { teacherCalls, teacherCallsUsed, plannerCalls, plannerCallsUsed, tokens, money } = budget
  const of = (limit: string) => `of ${limit} allowed`
  const estimated = budget.usage.reduce((sum, line) => sum + (line.estimated ?? 0), 0)
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
    ...(plannerCallsUsed === 0
      ? []
      : ([
          [
            "Calls of the planner's model",
            `${numberText(plannerCallsUsed)} ${plannerCalls === null ? '(not limited)' : of(numberText(plannerCalls))}`,
          ],
        ] as [string, string][])),
    [
      'Tokens',
      [
        `${numberText(budget.inputTokens)} in, ${numberText(budget.outputTokens)} out`,
        ...(tokens === null ? [] : [of(numberText(tokens))]),
        ...(estimated === 0 ? [] : [`those of ${numberText(estimated)} replies estimated, their endpoint counts none`]),
      ].join(', '),
    ],
    ['Price', `${priceText(budget)}${money === null ? '' : ` ${of(`$${numberText(money, 2)}`)}`}`],
  ]
}

function priceText({ price, usage, teacherCallsUsed }: ReportData['budget']): string {
  if (price !== null) return `$${numberText(price, 2)}`
  return teacherCallsUsed === 0 && usage.length === 0 ? 'no model was called' : 'unknown'
}

/** What a stage of the paid work was for. */
const stages: Readonly<Record<Stage, string>> = {
  plan: 'plan',
  program: 'write the program',
  correct: 'correct the program',
  generate: 'write rows',
  revise: 'write rows again',
  vote: 'solve again and vote',
  judge: 'judge',
  lost: 'lost in a crash',
}

/** Calls by role, model, endpoint and stage; calls are HTTP requests, failed ones too. */
export function usageRows({ budget }: Pick<ReportData, 'budget'>): string[][] {
  return budget.usage.map(({ role, model, endpoint, stage, calls, inputTokens, outputTokens, money }) => [
    role,
    model,
    endpoint ?? missing,
    stages[stage],
    numberText(calls),
    numberText(inputTokens),
    numberText(outputTokens),
    money === null ? 'unknown' : `$${numberText(money, 2)}`,
  ])
}

/** Attempts over valid attempts. */
export function matsText({ mats }: Pick<ReportData, 'mats'>): string {
  const counts = `${mats.attempts} attempts, ${mats.validAttempts} valid`
  return mats.value === null ? `${missing} (${counts})` : `${mats.value.toFixed(2)} (${counts})`
}
