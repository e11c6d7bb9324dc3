import { aligned } from '../../launcher/console/terminal.ts'
import { dollars, numberText, plural } from '../../schemas/number-text.ts'
import { present } from '../../schemas/present.ts'
import { moneyOf } from '../../schemas/spent.ts'
import type { Prices } from '../../schemas/usage.ts'
import type { Estimate } from './estimate.ts'

export const time = (hours: number | null, what: string) =>
  hours === null
    ? `${what}: not known`
    : `${what}: ${hours < 1 ? `${Math.ceil(hours * 60)} min` : `${hours.toFixed(1)} h`}`

/** The estimate in one line. */
export function summaryOf({ spent, money, trainings, answers, hours, beyond }: Estimate): string {
  const parts = present([
    spent.calls === 0
      ? 'no model is called'
      : `${numberText(spent.calls)} ${plural(spent.calls, 'call')}, ${numberText(spent.inputTokens + spent.outputTokens)} tokens, ${dollars(money)}`,
    spent.calls > 0 && time(hours.calls, 'calls'),
    trainings.count > 0 && [
      `${trainings.count} ${plural(trainings.count, 'training')}`,
      time(hours.training, 'training'),
      `${numberText(answers.validation + answers.sealed)} ${plural(answers.validation + answers.sealed, 'answer')} of the student`,
      time(hours.answers, 'answering'),
    ],
    beyond.length > 0 && `beyond ${beyond.length} ${plural(beyond.length, 'limit')}`,
  ])
  return `estimate: ${parts.join('; ')}`
}

/** The same for the start of a run, with where the limits that it goes beyond are named. */
export const startLine = (estimate: Estimate): string =>
  `${summaryOf(estimate)}${estimate.beyond.length > 0 ? ', see: npx syllabus estimate' : ''}`

const head = ['role', 'model', 'stage', 'calls', 'tokens in', 'out', 'money']

/** The estimate as lines of text: by role, model and stage, with what it takes for granted. */
export function estimateLines(estimate: Estimate, prices: Prices): string[] {
  const { spent, assumptions, beyond } = estimate
  const rows = (spent.lines ?? []).map((line) => [
    line.role,
    line.model,
    line.stage,
    numberText(line.calls),
    numberText(line.inputTokens),
    numberText(line.outputTokens),
    dollars(moneyOf({ ...line, lines: [line] }, prices)),
  ])
  return [
    summaryOf(estimate),
    ...(rows.length > 0 ? ['', ...aligned([head, ...rows], 3).map((line) => `  ${line}`)] : []),
    '',
    ...assumptions.map((each) => `assumed: ${each}`),
    ...beyond.map((each) => `beyond the limit ${each}`),
  ]
}
