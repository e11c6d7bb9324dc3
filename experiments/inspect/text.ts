import { textTable } from '../../launcher/console/terminal.ts'
import type { AnsweredItem, RowDetail } from '../../trace/run-reader.ts'
import { labelCounts } from './answers.ts'
import type { RunRow } from './run-rows.ts'
import { shortened } from './shortened.ts'

/** Rows as a table, and how many more there are. */
export function rowTable(rows: readonly RunRow[], all: number): string {
  const lines = rows.map(({ id, status, reason, why, row }) => ({
    id,
    status,
    reason,
    input: shortened(row?.input ?? why ?? ''),
    output: shortened(row?.output ?? ''),
  }))
  const more = all > rows.length ? `\n${all - rows.length} more: --limit ${all}, or --json` : ''
  return all === 0 ? 'no such rows' : `${textTable(lines)}${more}\nOne with its prompt and reply: --row <id>`
}

const block = (name: string, text: string | null): string[] => (text === null || text === '' ? [] : [`\n${name}`, text])

/** One row with all that is known of it. */
export const rowText = (row: RowDetail): string =>
  [
    `${row.id}  ${row.status}${row.reason ? `: ${row.reason}` : ''}${row.why ? ` (${row.why})` : ''}`,
    `source ${row.source}, made by ${row.madeBy}`,
    ...(row.checks.length > 0 ? [`checks passed: ${row.checks.join(', ')}`] : []),
    ...block('PROMPT', row.prompt),
    ...row.calls.flatMap(({ stage, reply, failure }) => block(`REPLY (${stage})`, reply ?? `none: ${failure}`)),
    ...block('INPUT', row.input && `${row.instruction}\n${row.input}`),
    ...block('OUTPUT', row.output),
    ...block(`REPEATS ${row.duplicateOf}`, row.repeated ?? (row.duplicateOf && 'a row of an earlier round')),
  ].join('\n')

/** Items as a table with the answers of one student model. */
export function answerTable(items: readonly AnsweredItem[], model: string, all: number): string {
  const lines = items.map(({ id, input, expected, answers }) => {
    const own = answers.find((answer) => answer.model === model)
    const mark = own === undefined ? '-' : own.correct ? 'right' : (own.noAnswer ?? 'wrong')
    const [question, reply] = [shortened(input), shortened(own?.reply ?? '')]
    return { item: id, [model]: mark, expected: shortened(expected[0]!, 24), reply, question }
  })
  const more = all > items.length ? `\n${all - items.length} more: --limit ${all}, or --json` : ''
  return all === 0
    ? 'no such items'
    : `${textTable(lines)}${more}\nOne with the answers of all: npx syllabus answers <run> <item>`
}

/** Replies that are shown beside a label. */
const shownReplies = 4

/** What a student model replied to the items of each label; null where answers are no labels. */
export function labelTable(items: readonly AnsweredItem[], model: string): string | null {
  const counts = labelCounts(items, model)
  if (counts === null) return null
  const lines = counts.byLabel.map(({ label, items: asked, right, replies }) => {
    const given = replies.slice(0, shownReplies).map(({ reply, count }) => `${reply || '(nothing)'} ${count}`)
    return { label, items: asked, right, 'most frequent replies': given.join(', ') }
  })
  return textTable(lines)
}

/** One item with the answers of all student models. */
export const itemText = ({ id, skill, input, expected, answers }: AnsweredItem): string =>
  [
    `${id}  skill ${skill}, of validation`,
    ...block('QUESTION', input),
    ...block('EXPECTED', expected.join(' or ')),
    ...answers.flatMap(({ model, reply, correct, noAnswer }) =>
      block(`${model}: ${correct ? 'right' : (noAnswer ?? 'wrong')}`, reply || '(nothing)'),
    ),
  ].join('\n')
