import { numberText, plural } from '../../schemas/number-text.ts'
import type { Helped, RowDetail, RowLine, RowLineage, RowPage } from '../run-reader.ts'
import { copyButton } from './copy-button.ts'
import { type Child, h } from './dom.ts'
import { addressOf, fragmentOf, showPlace } from './place.ts'
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
      showPlace({ kind: 'row', id })
      const [answer, lineage] = await Promise.all([
        reading.get<RowDetail>('row', { id }),
        reading.get<RowLineage>('lineage', { id }),
      ])
      if ('error' in answer) return h('p.bad', answer.error)
      return [detailOf(answer.value), 'error' in lineage ? h('p.bad', lineage.error) : lineageOf(lineage.value)]
    },
    note: ({ isCut }) => (isCut ? `; more than are shown here: npx syllabus rows ${reading.run} --json` : ''),
  })
  return {
    element: card.element,
    /** Opens a row, whichever page of the table it is on. */
    openRow: (id: string) => card.openLine(id),
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
  h(
    'div.ask',
    h('p', h('b', row.id), ' ', outcomeOf(row), row.why && ` (${row.why})`),
    copyButton('Copy as JSON', () => JSON.stringify(row, null, 2)),
    copyButton('Copy link', () => addressOf({ kind: 'row', id: row.id })),
  ),
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

/** From the row on: dataset, training, items. What it says of items is association, and it says so. */
function lineageOf({ datasets, trainings }: RowLineage): Child {
  if (datasets.length === 0) return h('p.quiet', 'It is in no dataset that is closed.')
  return [
    h('h4', 'What became of it'),
    h(
      'ol.lineage',
      datasets.map(({ attempt, rows, hash }) =>
        h(
          'li',
          attempt === 0
            ? 'control'
            : h('a', { href: fragmentOf({ kind: 'attempt', number: attempt }) }, `attempt ${attempt}`),
          `: in its dataset of ${numberText(rows)} ${plural(rows, 'row')}, ${hash.slice(0, 12)}`,
        ),
      ),
      trainings.map((helped) => h('li', `trained: ${helped.model}`, helpedOf(helped))),
    ),
    trainings.length > 0 &&
      h(
        'p.quiet',
        'Items of the same skill, by how their answers changed. This is association: all rows of the dataset were trained on together, and which of them changed an answer is not known.',
      ),
  ]
}

const helpedOf = ({ skill, items, against }: Helped): Child =>
  against.length === 0
    ? ' (not scored)'
    : h(
        'ul',
        against.map(({ model, right, wrong, shown }) =>
          h(
            'li',
            `against ${model}: of ${numberText(items)} ${plural(items, 'item')} of ${skill}, `,
            h('span.right', `${numberText(right)} turned right`),
            ', ',
            h('span.wrong', `${numberText(wrong)} turned wrong`),
            shown.length > 0 &&
              h(
                'details',
                h(
                  'summary',
                  right > shown.length ? `${shown.length} of those that turned right` : 'those that turned right',
                ),
                h(
                  'table.lines',
                  shown.map(({ id, input, before, after }) =>
                    h('tr', h('th', { scope: 'row' }, id), h('td', input), h('td.wrong', before), h('td.right', after)),
                  ),
                ),
              ),
          ),
        ),
      )
