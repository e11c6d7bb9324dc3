import { createCard } from './card.ts'
import { beside, type ComparedLine, factsOf } from './compared.ts'
import { connect } from './connection.ts'
import { h } from './dom.ts'
import { renewChildren } from './renew.ts'
import { apply, createRunState, type RunState } from './run-state.ts'
import { createStore } from './store.ts'

type Options = {
  token: string
  run: string | null
  /** The run that is compared with; null: none was chosen. */
  other: string | null
  /** Called when another run is chosen, or none. */
  onChoose: (runId: string | null) => void
  /** Called when the other run has more to show. */
  onChange: () => void
}

/** Two runs side by side. The other one is read as this one is, and goes on as it does. */
export function createCompareCard({ token, run, other, onChoose, onChange }: Options) {
  const card = createCard('Compare with another run', { wide: true })
  const { element } = card
  element.classList.add('full')
  element.hidden = true
  const choice: HTMLSelectElement = h(
    'select',
    { 'aria-label': 'Compare with run', onchange: () => onChoose(choice.value || null) },
    h('option', { value: '' }, 'no other run'),
  )
  const table = h('div.scroll')
  card.show([h('div.ask', choice), table])
  const state = createRunState()
  const store = createStore()
  if (run && other)
    connect({
      token,
      run: other,
      position: store.last,
      onFrame(frame) {
        if (frame.type !== 'entry' || !store.add(frame)) return
        apply(state, store.entries.at(-1)!)
        onChange()
      },
      onState: () => {},
    })

  return {
    element,
    showRuns(runs: readonly { runId: string }[]): void {
      const ids = runs.map(({ runId }) => runId).filter((runId) => runId !== run)
      if (other && !ids.includes(other)) ids.unshift(other)
      element.hidden = ids.length === 0
      renewChildren(
        choice,
        h('option', { value: '' }, 'no other run'),
        ids.map((runId) => h('option', { value: runId }, runId)),
      )
      choice.value = other ?? ''
    },
    draw(own: RunState): void {
      if (!run || !other) return
      renewChildren(
        table,
        h(
          'table.compared',
          h('thead', h('tr', h('td'), h('th', { scope: 'col' }, run), h('th', { scope: 'col' }, other))),
          beside(factsOf(own), factsOf(state)).map(({ title, lines }) =>
            h('tbody', h('tr', h('th', { scope: 'rowgroup', colSpan: 3 }, title)), lines.map(lineOf)),
          ),
        ),
      )
    },
  }
}

const lineOf = ({ name, one, other }: ComparedLine): HTMLElement =>
  h(
    'tr',
    { className: one === other ? 'same' : 'differs' },
    h('th', { scope: 'row' }, name),
    h('td', one ?? '–'),
    h('td', other ?? '–'),
  )
