import { armPlot } from '../../../trace/plots/arms.ts'
import type { Markup } from '../document/markup.ts'
import type { SealedResults } from '../report-data.ts'
import { percent } from '../text/format.ts'
import { labelAmong, labelOf } from '../text/names.ts'
import { draw, modelColour } from './draw.ts'

/** Score of each student model on each part of the test, with its Wilson interval. */
export function partScores(sealed: SealedResults, mode: 'strict' | 'lenient'): Markup {
  const all = sealed.test.map(({ studentModel }) => studentModel)
  const studentModels = all.map((studentModel) => labelAmong(studentModel, all))
  const points = sealed.test.flatMap(({ studentModel, parts }) =>
    sealed.parts.flatMap((part) => {
      const { share, interval } = parts[part]?.[mode] ?? {}
      if (share == null || !interval) return []
      const [name, panel, colour] = [labelAmong(studentModel, all), labelOf(part), modelColour(studentModel)]
      return [{ name, panel, colour, share, ...interval, title: `${name}, ${panel}: ${percent(share)}` }]
    }),
  )
  return draw(
    'Score of each student model on each part of the test, with 95 % intervals',
    armPlot(points, {
      panels: 'fx',
      width: 960,
      height: 80 + 30 * studentModels.length,
      marginLeft: 190,
      marginRight: 16,
      marginTop: 34,
      x: { ticks: [0, 50, 100] },
      y: { domain: studentModels },
      fx: { domain: sealed.parts.map(labelOf), label: null, padding: 0.28 },
    }),
  )
}
