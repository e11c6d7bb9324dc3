import * as Plot from '@observablehq/plot'
import type { Markup } from '../document/markup.ts'
import type { SealedResults } from '../report-data.ts'
import { percent } from '../text/format.ts'
import { labelAmong, labelOf } from '../text/names.ts'
import { draw, modelColour } from './draw.ts'

/** Score of each candidate on each part of the test, with its Wilson interval. */
export function partScores(sealed: SealedResults, mode: 'strict' | 'lenient'): Markup {
  const all = sealed.test.map(({ studentModel }) => studentModel)
  const points = sealed.test.flatMap(({ studentModel, parts }) =>
    sealed.parts.flatMap((part) => {
      const rate = parts[part]?.[mode]
      if (!rate || rate.share === null || !rate.interval) return []
      const { low, high } = rate.interval
      const name = labelAmong(studentModel, all)
      return [
        {
          name,
          part: labelOf(part),
          share: rate.share * 100,
          low: low * 100,
          high: high * 100,
          colour: modelColour(studentModel),
        },
      ]
    }),
  )
  const studentModels = all.map((studentModel) => labelAmong(studentModel, all))
  return draw('Score of each candidate on each part of the test, with 95 % intervals', {
    width: 960,
    height: 80 + 30 * studentModels.length,
    marginLeft: 190,
    marginBottom: 40,
    marginRight: 16,
    marginTop: 34,
    x: { domain: [0, 100], ticks: [0, 50, 100], tickSize: 0, label: '% right', labelOffset: 34, grid: true },
    y: { domain: studentModels, label: null, tickSize: 0 },
    fx: { domain: sealed.parts.map(labelOf), label: null, padding: 0.28 },
    marks: [
      Plot.ruleY(points, {
        fx: 'part',
        y: 'name',
        x1: 'low',
        x2: 'high',
        stroke: 'colour',
        strokeWidth: 2.5,
        strokeOpacity: 0.55,
      }),
      Plot.dot(points, {
        fx: 'part',
        y: 'name',
        x: 'share',
        fill: 'colour',
        r: 4.5,
        title: (point) => `${point.name}, ${point.part}: ${percent(point.share / 100)}`,
      }),
    ],
  })
}
