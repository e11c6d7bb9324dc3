import * as Plot from '@observablehq/plot'
import type { Markup } from '../document/markup.ts'
import type { SealedResults } from '../report-data.ts'
import { percent } from '../text/format.ts'
import { labelOf } from '../text/names.ts'
import { draw, modelColour } from './draw.ts'

/** Each arm's mean on one part with its interval, and each of its seeds as a ring; null where nothing was scored. */
export function armMeans({ contrasts }: SealedResults, part: string, mode: 'strict' | 'lenient'): Markup | null {
  const points = contrasts.arms.flatMap(({ arm, parts }) => {
    const mean = parts[part]?.[mode]
    if (!mean) return []
    const { low, high } = mean.interval ?? { low: mean.value, high: mean.value }
    const [name, colour] = [labelOf(arm), modelColour(arm)]
    return [{ name, colour, share: mean.value * 100, low: low * 100, high: high * 100, perSeed: mean.perSeed }]
  })
  if (points.length === 0) return null
  const seeds = points.flatMap(({ name, colour, perSeed }) =>
    perSeed.map((share) => ({ name, colour, share: share * 100 })),
  )
  const trivial = contrasts.trivial?.[part]?.[mode]
  const line = trivial ? [{ share: trivial.value * 100 }] : []
  return draw('Mean of each arm over its seeds with 95 % intervals, and each seed', {
    width: 960,
    height: 66 + 34 * points.length,
    marginLeft: 190,
    marginBottom: 40,
    marginRight: 24,
    x: { domain: [0, 100], ticks: 5, tickSize: 0, label: '% right', labelOffset: 34, grid: true },
    y: { domain: points.map(({ name }) => name), label: null, tickSize: 0 },
    marks: [
      Plot.ruleX(line, { x: 'share', stroke: 'var(--trivial)', strokeWidth: 1.6, strokeDasharray: '5,4' }),
      Plot.ruleY(points, { y: 'name', x1: 'low', x2: 'high', stroke: 'colour', strokeWidth: 3, strokeOpacity: 0.5 }),
      Plot.dot(seeds, { y: 'name', x: 'share', stroke: 'colour', r: 4, strokeWidth: 1.4, dy: 9 }),
      Plot.dot(points, {
        y: 'name',
        x: 'share',
        fill: 'colour',
        r: 5,
        title: ({ name, share }) => `${name}: ${percent(share / 100)}`,
      }),
    ],
  })
}
