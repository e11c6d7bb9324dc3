import { numberText, plural } from '../../schemas/number-text.ts'
import { rowsPlot } from '../plots/rows.ts'
import { createCard, legend } from './card.ts'
import { words } from './format.ts'
import { plotted } from './plotted.ts'
import type { AttemptState, RunState } from './run-state.ts'

const colourOf = (outcome: string) => `var(--outcome-${outcome}, var(--faint))`

/** The candidates of an attempt by outcome: admitted, refused by reason, not made, and those that are still awaited. */
function outcomesOf({ asked, yield: { admitted, rejected, ...all } }: AttemptState): [outcome: string, rows: number][] {
  const refused = Object.entries(rejected).sort(([, one], [, other]) => other - one)
  const outcomes: [string, number][] = [
    ['admitted', admitted],
    ...refused,
    ['not-made', all.asked - all.generated],
    ['awaited', asked - all.asked],
  ]
  return outcomes.filter(([, rows]) => rows > 0)
}

/** What stands above the bar of an attempt. */
function noteOf({ carried, asked, made, rows, yield: { admitted, asked: checked } }: AttemptState) {
  const kept = carried ? `, ${numberText(carried)} kept` : ''
  return {
    left:
      checked > 0
        ? `${numberText(admitted)} of ${numberText(checked)} admitted${kept}`
        : `${numberText(made)} of ${numberText(asked)} made`,
    right: rows === null ? '' : `${numberText(rows)} ${plural(rows, 'row')}`,
  }
}

/** What became of the candidates of each attempt. */
export function createRowsChart() {
  const card = createCard('Rows', { hint: 'comes with the first shard' })

  function draw(state: RunState) {
    const bars = [...state.attempts.values()]
      .filter((attempt) => attempt.asked > 0 || attempt.yield.asked > 0)
      .sort((a, b) => (a.number || Infinity) - (b.number || Infinity))
      .map((attempt) => ({ name: attempt.number === 0 ? 'control' : `#${attempt.number}`, attempt }))
    if (bars.length === 0) return card.show(null)
    const outcomes = bars.flatMap(({ name, attempt }) =>
      outcomesOf(attempt).map(([outcome, rows]) => ({ name, outcome, rows })),
    )
    const parts = outcomes.map(({ name, outcome, rows }) => ({
      name,
      rows,
      colour: colourOf(outcome),
      title: `${words(outcome)}: ${rows}`,
    }))
    const notes = bars.map(({ name, attempt }) => ({ name, ...noteOf(attempt) }))
    const label = notes.map(({ name, left }) => `${name}: ${left}`).join(', ')
    const size = {
      width: card.width(),
      height: 12 + 40 * bars.length,
      marginLeft: 58,
      marginTop: 12,
      marginBottom: 0,
      marginRight: 4,
    }
    const seen = [...new Set(outcomes.map(({ outcome }) => outcome))]
    card.show(
      [
        plotted(label, rowsPlot(parts, { ...size, notes, x: { axis: null, grid: false }, y: { padding: 0.6 } })),
        legend(seen.map((outcome) => [colourOf(outcome), words(outcome)])),
      ],
      'candidates, by outcome',
    )
  }
  return { element: card.element, draw }
}
