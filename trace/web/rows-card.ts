import type { RowDetail, RowLine, RowPage } from '../run-reader.ts'
import { type Child, h } from './dom.ts'
import type { Reading } from './reading.ts'
import type { RunState } from './run-state.ts'
import { createTableCard, texts } from './table-card.ts'

/** The candidates of a run and what became of them, with search; each opens with its prompt, the teacher's reply and what it repeats. */
export function createRowsCard(reading: Reading) {
  const which = h(
    'select',
    { 'aria-label': 'Which rows' },
    h('option', { value: '' }, 'all'),
    h('option', { value: 'admitted' }, 'admitted'),
    h('option', { value: 'refused' }, 'refused'),
  )
  const card = createTableCard<RowLine, RowPage>({
    title: 'All rows',
    label: 'Search rows',
    heads: ['Row', 'What became of it', 'Question', 'Answer'],
    controls(reload) {
      which.addEventListener('change', reload)
      return [which]
    },
    load: (query) => reading.get('rows', { ...query, ...(which.value && { [which.value]: '1' }) }),
    cells: ({ id, input, output, why, ...line }) => [id, outcomeOf(line), input || why, output],
    async open({ id }) {
      const answer = await reading.get<RowDetail>('row', { id })
      return 'error' in answer ? h('p.bad', answer.error) : detailOf(answer.value)
    },
    note: ({ isCut }) => (isCut ? `; more than are shown here: npx syllabus rows ${reading.run} --json` : ''),
  })
  return {
    element: card.element,
    draw(state: RunState): void {
      const made = [...state.attempts.values()].map((attempt) => attempt.made + attempt.yield.asked + attempt.rounds)
      card.draw(
        reading.isOffered(),
        made.reduce((sum, each) => sum + each, 0),
      )
    },
  }
}

const outcomeOf = ({ status, reason }: Pick<RowLine, 'status' | 'reason'>): Child =>
  h('span', { className: status === 'admitted' ? 'right' : 'wrong' }, reason ? `${status}: ${reason}` : status)

const detailOf = (row: RowDetail): Child => [
  h('p', h('b', row.id), ' ', outcomeOf(row), row.why && ` (${row.why})`),
  h('p.quiet', `source ${row.source}, made by ${row.madeBy}`),
  texts([
    ['Checks passed', row.checks.join(', ')],
    ['Prompt', row.prompt],
    ...row.calls.map(({ stage, reply, failure }) => [`Reply (${stage})`, reply ?? `none: ${failure}`] as const),
    ['Instruction', row.instruction],
    ['Question', row.input],
    ['Answer', row.output],
    [`Repeats ${row.duplicateOf}`, row.repeated ?? (row.duplicateOf && 'a row of an earlier round')],
  ]),
]
