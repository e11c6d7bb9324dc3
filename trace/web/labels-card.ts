import { numberText, plural } from '../../schemas/number-text.ts'
import type { LabelCount, LabelCounts } from '../run-reader.ts'
import { createCard } from './card.ts'
import { type Child, h } from './dom.ts'
import type { Reading } from './reading.ts'
import { inReadingOrder, type RunState } from './run-state.ts'

/** Replies that are shown in a cell. */
const shownReplies = 3

/** A student model has collapsed that gives one answer to nine in ten questions or more, which is right for four in five at most. */
const isCollapsed = ({ all: { items, right, replies } }: LabelCounts): boolean =>
  (replies[0]?.count ?? 0) >= 0.9 * items && right <= 0.8 * items

/** What each student model answered to the questions of each label, of tasks whose answers are labels. */
export function createLabelsCard(reading: Reading) {
  const card = createCard('Answers by label', { wide: true })
  const { element } = card
  element.classList.add('full')
  element.hidden = true
  let read = 0

  async function load(): Promise<void> {
    const answer = await reading.get<LabelCounts[] | null>('labels')
    const models = 'value' in answer ? answer.value : null
    element.hidden = models === null
    if (models) card.show(tableOf(models), 'what each student model replied on validation, and how often')
  }

  return {
    element,
    draw(state: RunState): void {
      const scored = inReadingOrder(state).filter(({ sheet }) => sheet !== null).length
      if (!reading.isOffered() || scored === read) return
      read = scored
      void load()
    },
  }
}

function tableOf(models: readonly LabelCounts[]): Child {
  const labels = models[0]!.byLabel.map(({ label }) => label)
  const rowOf = (name: string, of: (counts: LabelCounts) => Omit<LabelCount, 'label'> | undefined) =>
    h(
      'tr',
      h('th', { scope: 'row' }, name),
      models.map((counts) => cellOf(counts.model, of(counts))),
    )
  return [
    ...models
      .filter(isCollapsed)
      .map(({ model, all: { items, replies } }) =>
        h(
          'p.bad',
          h('b', model),
          ` gives one answer, “${replies[0]!.reply || '(nothing)'}”, to ${replies[0]!.count} of ${items} ${plural(items, 'question')}.`,
        ),
      ),
    h(
      'div.scroll',
      h(
        'table.labels',
        h(
          'thead',
          h(
            'tr',
            h('th', { scope: 'col' }, 'Right answer'),
            models.map(({ model }) => h('th', { scope: 'col' }, model)),
          ),
        ),
        h(
          'tbody',
          rowOf('all', ({ all }) => all),
          labels.map((label) => rowOf(label, ({ byLabel }) => byLabel.find((each) => each.label === label))),
        ),
      ),
    ),
  ]
}

function cellOf(model: string, counts: Omit<LabelCount, 'label'> | undefined): HTMLElement {
  if (!counts) return h('td')
  const { items, right, replies } = counts
  const shown = replies.slice(0, shownReplies)
  const others = items - shown.reduce((sum, each) => sum + each.count, 0)
  return h(
    'td',
    { title: `${model}: ${right} of ${items} right` },
    h('b', `${numberText(right)} of ${numberText(items)} right`),
    h(
      'ul',
      shown.map((each) => h('li', `${each.reply || '(nothing)'} `, h('b', numberText(each.count)))),
      others > 0 && h('li.quiet', 'others ', h('b', numberText(others))),
    ),
  )
}
