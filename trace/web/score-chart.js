import { byArm, colourOf, spreadOf } from './arms.js'
import { createCard } from './card.js'
import { drawing, s } from './dom.js'
import { percent } from './format.js'
import { bestAttempt, inOrder, modeOf, shareOf } from './run-state.js'

const height = 208
const left = 30
const letter = 6.2
const short = (name) =>
  name === 'base-examples' ? '+ ex.' : name.replace('attempt-', '#').replace('reference-', 'ref. ')

const nameAt = (x, y, aslant) =>
  aslant ? { x, y, 'text-anchor': 'end', transform: `rotate(-45 ${x} ${y})` } : { x, y, 'text-anchor': 'middle' }

/** Validation score of every arm: with one training seed and Wilson's 95 % interval, with several each of them, their mean and range. */
export function createScoreChart() {
  const card = createCard('Score on validation', { hint: 'comes with the first report' })

  function draw(state) {
    const width = card.width()
    const scored = inOrder(state).filter((studentModel) => shareOf(studentModel, state) !== null)
    if (scored.length === 0) return card.show(null)
    const best = bestAttempt(state)?.[1]
    const planned = (state.config?.attempts ?? 0) + 4
    const tallyOf = (name) => state.studentModels.get(name).sheet.overall[modeOf(state)]
    const arms = [...byArm(scored.map(({ name }) => name))].map(([arm, names]) => ({
      arm,
      names,
      ...spreadOf(names.map(tallyOf)),
    }))
    const top = Math.min(1, Math.ceil(Math.max(0.3, ...arms.map(({ high }) => high)) * 10) / 10)
    const gap = (width - left - 6) / Math.max(arms.length, Math.min(planned, 9))
    const longest = letter * Math.max(...arms.map(({ arm }) => short(arm).length))
    // Names that would run into each other stand aslant.
    const aslant = longest > gap
    const bottom = aslant ? 20 + Math.min(70, longest * 0.7) : 30
    const y = (share) => 16 + (1 - share / top) * (height - bottom - 16)
    const x = (index) => left + gap * (index + 0.5)
    const base = scored.find((studentModel) => studentModel.name === 'base')

    const grid = []
    const step = top > 0.5 ? 0.2 : 0.1
    for (let share = 0; share <= top + 1e-9; share += step) {
      grid.push(
        s('line', { class: 'grid', x1: left, x2: width, y1: y(share), y2: y(share) }),
        s('text', { x: left - 6, y: y(share) + 4, 'text-anchor': 'end' }, Math.round(share * 100)),
      )
    }
    const line =
      base &&
      s('line', {
        x1: left,
        x2: width,
        y1: y(shareOf(base, state)),
        y2: y(shareOf(base, state)),
        stroke: 'var(--quiet)',
        'stroke-dasharray': '3 4',
      })
    const attempts = arms.flatMap(({ arm, mean }, index) =>
      arm.startsWith('attempt-') ? [`${x(index)},${y(mean)}`] : [],
    )
    const path = s('polyline', {
      points: attempts.join(' '),
      fill: 'none',
      stroke: 'var(--accent)',
      'stroke-width': 1.5,
      opacity: 0.5,
    })
    const points = arms.map(({ arm, names, shares, mean, low, high }, index) => {
      const colour = colourOf(arm)
      const told = names.map((name) => `${name}: ${tallyOf(name).correct} of ${tallyOf(name).total}`).join(', ')
      const range = names.length > 1 ? `${names.length} seeds, mean ${percent(mean)}, from` : '95 % interval'
      return s(
        'g',
        {},
        s('title', {}, `${told}, ${range} ${percent(low)} to ${percent(high)}`),
        s('line', {
          x1: x(index),
          x2: x(index),
          y1: y(low),
          y2: y(high),
          stroke: colour,
          'stroke-width': 5,
          opacity: 0.22,
          'stroke-linecap': 'round',
        }),
        names.includes(best?.name) &&
          s('circle', { cx: x(index), cy: y(mean), r: 8, fill: 'none', stroke: colour, 'stroke-width': 1.5 }),
        names.length > 1 &&
          shares.map((share) => s('circle', { class: 'seed', cx: x(index), cy: y(share), r: 2.5, fill: colour })),
        s('circle', { cx: x(index), cy: y(mean), r: 4.5, fill: colour }),
        s('text', { class: 'strong', x: x(index), y: y(high) - 6, 'text-anchor': 'middle' }, (mean * 100).toFixed(0)),
        s('text', nameAt(x(index), height - bottom + 18, aslant), short(arm)),
      )
    })
    const label = `Validation score: ${scored.map((studentModel) => `${studentModel.name} ${percent(shareOf(studentModel, state))}`).join(', ')}`
    card.show(
      [drawing(width, height, label, grid, line, path, points)],
      `${modeOf(state)}, %, of ${scored[0].sheet.overall[modeOf(state)].total} items`,
    )
  }
  return { element: card.element, draw }
}
