import * as Plot from '@observablehq/plot'
import { plural } from '../../../schemas/number-text.ts'
import { lostOf } from '../../../schemas/spent.ts'
import type { PayingRole, Stage } from '../../../schemas/usage.ts'
import {
  type Blocks,
  type DefinitionEntry,
  definitions,
  figure,
  figures,
  heading,
  note,
  number,
  table,
} from '../document/document.ts'
import type { Markup } from '../document/markup.ts'
import { draw } from '../plots/draw.ts'
import { FailureCategory, type Phase, type ReportData, type WorkStretch } from '../report-data.ts'
import { duration, missing, numberText, percent } from '../text/format.ts'

const lanes = ['generator', 'critic', 'trainer-bridge', 'evaluator']

const phaseLooks: Readonly<Record<Phase, { colour: string; name: string }>> = {
  generate: { colour: 'var(--series-1)', name: 'Making and admitting rows' },
  train: { colour: 'var(--series-2)', name: 'Training' },
  answer: { colour: 'var(--series-3)', name: 'Answering validation questions' },
  score: { colour: 'var(--series-4)', name: 'Scoring' },
  sealed: { colour: 'var(--series-5)', name: 'Sealed test and audit' },
  other: { colour: 'var(--faint)', name: 'Planning, waiting, standing still' },
}

/** Who worked on what, when; null where nothing was worked on. */
function timeLine(spans: readonly WorkStretch[], wallSeconds: number): Markup | null {
  if (spans.length === 0 || wallSeconds <= 0) return null
  const long = wallSeconds > 7200
  const unit = long ? 3600 : 60
  // A span of a second would be thinner than a pixel: it is drawn a little wider than it is.
  const least = wallSeconds / 400
  const bars = spans.map(({ lane, label, phase, from, to }) => ({
    lane,
    from: from / unit,
    to: Math.max(to, from + least) / unit,
    colour: phaseLooks[phase].colour,
    title: `${phaseLooks[phase].name}, ${label}: ${duration(to - from)}`,
  }))
  return draw('Time line of the agents by phase', {
    width: 960,
    height: 200,
    marginLeft: 104,
    marginRight: 20,
    marginBottom: 42,
    x: { domain: [0, wallSeconds / unit], label: long ? 'hours' : 'minutes', grid: true, tickSize: 0, labelOffset: 36 },
    y: { domain: lanes, label: null, tickSize: 0, padding: 0.3 },
    marks: [
      Plot.barX(bars, { y: 'lane', x1: 'from', x2: 'to', fill: 'colour', title: 'title', insetRight: 0.5, rx: 1.5 }),
    ],
  })
}

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
      `MATS is attempts / attempts that gave a valid dataset. It is not comparable with the paper’s: there an attempt is a free program, here deficits are refilled within an attempt. ${numberText(run.messages)} ${plural(run.messages, 'message')} are in the log.`,
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
function budgetEntries({ budget }: ReportData): DefinitionEntry[] {
  const { candidatesAsked, candidateCapPerAttempt, plannerCallsUsed, money } = budget
  const estimated = budget.usage.reduce((sum, line) => sum + (line.estimated ?? 0), 0)
  const of = (limit: number | null) => (limit === null ? '' : ` of ${numberText(limit)} allowed`)
  const calls = (used: number, limit: number | null, ...roles: PayingRole[]) => {
    const isAtMost = lostOf({ lines: budget.usage.filter(({ role }) => roles.includes(role)) }) > 0
    return (isAtMost ? 'at most ' : '') + numberText(used) + (of(limit) || ' (not limited)')
  }
  const planner: DefinitionEntry = [
    "Calls of the planner's model",
    calls(plannerCallsUsed, budget.plannerCalls, 'planner'),
  ]
  const most = candidateCapPerAttempt === null ? '' : `, at most ${numberText(candidateCapPerAttempt)} an attempt`
  const tokens = [
    `${numberText(budget.inputTokens)} in, ${numberText(budget.outputTokens)} out`,
    of(budget.tokens).trim(),
    estimated > 0 &&
      `those of ${numberText(estimated)} ${plural(estimated, 'reply', 'replies')} estimated, their endpoint counts none`,
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
  analyse: 'look for causes',
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

function matsText({ mats }: Pick<ReportData, 'mats'>): string {
  const counts = `${mats.attempts} ${plural(mats.attempts, 'attempt')}, ${mats.validAttempts} valid`
  return mats.value === null ? `${missing} (${counts})` : `${mats.value.toFixed(2)} (${counts})`
}
