import { type Blocks, definitions, figure, figures, heading, note, number, table } from '../document/document.ts'
import { phaseLooks, timeLine } from '../plots/time-line.ts'
import { FailureCategory, type ReportData } from '../report-data.ts'
import { budgetLines, matsText, usageRows } from '../text/budget.ts'
import { duration, numberText, percent } from '../text/format.ts'
import { matsNote } from '../text/words.ts'

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
    definitions([...budgetLines(data), ['MATS', matsText(data)]]),
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
    note(`${matsNote} ${numberText(run.messages)} messages are in the log.`),
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
