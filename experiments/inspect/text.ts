import { textTable } from '../../launcher/console/terminal.ts'
import { couldBeLabels } from '../../tasks/answer-form.ts'
import type { AnsweredItem } from './answers.ts'
import type { Asked, RunRow } from './run-rows.ts'

/** Characters of a text in a table. */
const shownChars = 48

export const shortened = (text: string, chars = shownChars): string => {
  const line = text.replaceAll(/\s+/g, ' ').trim()
  return line.length > chars ? `${line.slice(0, chars - 1)}…` : line
}

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
export function rowText(
  found: RunRow,
  twin: RunRow | null,
  asked: { prompt: string; calls: readonly Asked[] } | null,
): string {
  const { id, status, reason, why, duplicateOf, row, source } = found
  const origin = row?.origin
  const checks = [...(origin?.teacher?.checks ?? []), ...(origin?.judge ? [`judge: ${origin.judge.score} of 5`] : [])]
  return [
    `${id}  ${status}${reason ? `: ${reason}` : ''}${why ? ` (${why})` : ''}`,
    `source ${source}, made by ${origin?.teacher?.model ?? origin?.generator ?? 'nobody'}`,
    ...(checks.length > 0 ? [`checks passed: ${checks.join(', ')}`] : []),
    ...block('PROMPT', asked?.prompt ?? null),
    ...(asked?.calls ?? []).flatMap(({ stage, reply, failure }) =>
      block(`REPLY (${stage})`, reply ?? `none: ${failure}`),
    ),
    ...block('INPUT', row ? `${row.instruction}\n${row.input}` : null),
    ...block('OUTPUT', row?.output ?? null),
    ...block(`REPEATS ${duplicateOf}`, twin?.row?.input ?? (duplicateOf && 'a row of an earlier round')),
  ].join('\n')
}

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

/** Replies of one kind that are shown beside a label. */
const shownReplies = 4

/**
 * What a student model replied to the items of each label, where answers are labels: one that gives the same to all of them has collapsed.
 * Null where they are not.
 */
export function labelTable(items: readonly AnsweredItem[], model: string): string | null {
  const byLabel = Map.groupBy(items, ({ expected }) => expected[0]!)
  if (!couldBeLabels([...byLabel.keys()], items.length)) return null
  const lines = [...byLabel].map(([label, own]) => {
    const replies = own.flatMap(({ answers }) => answers.filter((answer) => answer.model === model))
    const counts = Map.groupBy(replies, ({ reply }) => shortened(reply, 24))
    const most = [...counts].toSorted(([, one], [, other]) => other.length - one.length).slice(0, shownReplies)
    const right = replies.filter(({ correct }) => correct).length
    const given = most.map(([reply, { length }]) => `${reply || '(nothing)'} ${length}`).join(', ')
    return { label, items: replies.length, right, 'most frequent replies': given }
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
