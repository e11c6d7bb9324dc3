import { plural } from '../../schemas/number-text.ts'
import { scorePlot } from '../plots/scores.ts'
import { byArm, colourOf, spreadOf } from './arms.ts'
import { createCard } from './card.ts'
import { percentText } from './format.ts'
import { plotted } from './plotted.ts'
import { bestAttempt, inReadingOrder, modeOf, type RunState, scoreShare } from './run-state.ts'

const letter = 6.2
const short = (name: string) =>
  name === 'base-examples' ? '+ ex.' : name.replace('attempt-', '#').replace('reference-', 'ref. ')

/** Validation score of every arm: with one training seed and Wilson's 95 % interval, with several each of them, their mean and range. */
export function createScoreChart() {
  const card = createCard('Score on validation', { hint: 'comes with the first report' })

  function draw(state: RunState) {
    const mode = modeOf(state)
    const scored = inReadingOrder(state).flatMap(({ name, sheet }) =>
      sheet?.overall[mode].total ? { name, ...sheet.overall[mode] } : [],
    )
    const [first] = scored
    if (!first) return card.show(null)
    const best = bestAttempt(state)?.[1].name ?? ''
    const points = [...byArm(scored.map(({ name }) => name))].map(([arm, names]) => {
      const own = scored.filter(({ name }) => names.includes(name))
      const { shares, mean, low, high } = spreadOf(own)
      const range = own.length > 1 ? `${own.length} seeds, mean ${percentText(mean)}, from` : '95 % interval'
      const tallies = own.map(({ name, correct, total }) => `${name}: ${correct} of ${total}`).join(', ')
      const title = `${tallies}, ${range} ${percentText(low)} to ${percentText(high)}`
      const rings = own.length > 1 ? shares : []
      return {
        name: short(arm),
        colour: colourOf(arm),
        share: mean,
        low,
        high,
        rings,
        title,
        isBest: names.includes(best),
      }
    })
    const width = card.width()
    const longest = letter * Math.max(...points.map(({ name }) => name.length))
    // Names that would run into each other stand aslant.
    const isAslant = longest > (width - 44) / points.length
    const top = Math.min(100, 10 * Math.ceil(10 * Math.max(0.3, ...points.map(({ high }) => high))))
    const label = `Validation score: ${scored.map(({ name }) => `${name} ${percentText(scoreShare(state.studentModels.get(name), state) ?? 0)}`).join(', ')}`
    card.show(
      plotted(
        label,
        scorePlot(points, {
          base: 'base',
          width,
          height: 208,
          marginBottom: isAslant ? 20 + Math.min(70, longest * 0.7) : 30,
          x: { tickRotate: isAslant ? -45 : 0 },
          y: { domain: [0, top] },
        }),
      ),
      `${mode}, %, of ${first.total} ${plural(first.total, 'item')}`,
    )
  }
  return { element: card.element, draw }
}
