import { lostOf } from '../../../schemas/spent.ts'
import type { PayingRole, Stage } from '../../../schemas/usage.ts'
import {
  type Blocks,
  definitions,
  type Entry,
  figure,
  figures,
  heading,
  note,
  number,
  table,
} from '../document/document.ts'
import { phaseLooks, timeLine } from '../plots/time-line.ts'
import { FailureCategory, type ReportData } from '../report-data.ts'
import { duration, missing, numberText, percent } from '../text/format.ts'

/** Where the time went, and what was spent of what was allowed. */
export function resources(data: ReportData): Blocks {
  const { time, budget, failures, run } = data
  const wall = time.wallSeconds ?? 0
  const seen = time.phases.filter(({ seconds }) => seconds > 0)
  return [
    heading(2, 'Time and budget'),
    figure(
      timeLine(time.spans, wall),
      'When each kind of agent worked on what.',
      seen.filter(({ phase }) => phase !== 'other').map(({ phase }) => phaseLooks[phase]),
    ),
    seen.length > 0 &&
      figures(
        ['Phase', 'Time', 'Share'],
        seen.map(({ phase, seconds }) => [
          phaseLooks[phase].name,
          duration(seconds),
          percent(wall > 0 ? seconds / wall : null),
        ]),
        `Wall time by phase; where phases overlap, the time is counted once. Together ${duration(wall)}.`,
      ),
    definitions([...budgetEntries(data), ['MATS', matsText(data)]]),
    budget.usage.length > 0 &&
      table(
        [
          'Role',
          'Model',
          'Endpoint',
          'Stage',
          ...['Calls', 'Tokens in', 'Tokens out', 'Price'].map((name) => number(name)),
        ],
        usageRows(data),
        'Calls by role, model and stage: HTTP requests, failed ones too, and the tokens that replies reported.',
      ),
    heading(3, 'Failures, in the paper’s categories'),
    figures(
      ['Category', 'Attempts', 'Replies'],
      FailureCategory.options.map((category) => [
        failureNames[category],
        numberText(failures.attempts[category] ?? 0),
        numberText(failures.replies[category] ?? 0),
      ]),
    ),
    note(
      'Attempts: each that gave no valid dataset, by its first cause: a program that was cut off, could not be read or raised, hours that were used, or too few admitted rows. Replies: each item asked of a generator that gave no candidate; candidates that were not admitted are counted by reason above.',
    ),
    note(
      `MATS is attempts / attempts that gave a valid dataset. It is not comparable with the paper’s: there an attempt is a free program, here deficits are refilled within an attempt. ${numberText(run.messages)} messages are in the log.`,
    ),
  ]
}

const failureNames: Readonly<Record<FailureCategory, string>> = {
  'time-out': 'time-out',
  extraction: 'extraction',
  'runtime-error': 'runtime error',
  truncated: 'truncated',
  'insufficient-rows': 'insufficient valid rows',
  other: 'other',
}

/** What was spent of what was allowed. */
function budgetEntries({ budget }: ReportData): Entry[] {
  const { candidatesAsked, candidateCapPerAttempt, plannerCallsUsed, money } = budget
  const estimated = budget.usage.reduce((sum, line) => sum + (line.estimated ?? 0), 0)
  const of = (limit: number | null) => (limit === null ? '' : ` of ${numberText(limit)} allowed`)
  const calls = (used: number, limit: number | null, ...roles: PayingRole[]) => {
    const isAtMost = lostOf({ lines: budget.usage.filter(({ role }) => roles.includes(role)) }) > 0
    return (isAtMost ? 'at most ' : '') + numberText(used) + (of(limit) || ' (not limited)')
  }
  const planner: Entry = ["Calls of the planner's model", calls(plannerCallsUsed, budget.plannerCalls, 'planner')]
  const most = candidateCapPerAttempt === null ? '' : `, at most ${numberText(candidateCapPerAttempt)} an attempt`
  const tokens = [
    `${numberText(budget.inputTokens)} in, ${numberText(budget.outputTokens)} out`,
    of(budget.tokens).trim(),
    estimated > 0 && `those of ${numberText(estimated)} replies estimated, their endpoint counts none`,
  ]
  return [
    ['Hours', numberText(budget.hoursUsed, 2) + of(budget.maxHours)],
    ['Attempts', budget.attemptsUsed + of(budget.attempts)],
    ['Candidates asked for', numberText(candidatesAsked) + most],
    ['Teacher calls', calls(budget.teacherCallsUsed, budget.teacherCalls, 'generator', 'critic')],
    ...(plannerCallsUsed === 0 ? [] : [planner]),
    ['Tokens', tokens.filter(Boolean).join(', ')],
    ['Price', priceText(budget) + (money === null ? '' : ` of $${numberText(money, 2)} allowed`)],
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
  unanswered: 'cut short, without a reply',
  lost: 'lost in a crash, at most',
}

/** Calls by role, model, endpoint and stage; calls are HTTP requests, failed ones too. */
function usageRows({ budget }: Pick<ReportData, 'budget'>): string[][] {
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
function matsText({ mats }: Pick<ReportData, 'mats'>): string {
  const counts = `${mats.attempts} attempts, ${mats.validAttempts} valid`
  return mats.value === null ? `${missing} (${counts})` : `${mats.value.toFixed(2)} (${counts})`
}
