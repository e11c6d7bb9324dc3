import { armPlot } from '../../../trace/plots/arms.ts'
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
    const [name, colour] = [labelOf(arm), modelColour(arm)]
    const range = mean.interval ?? { low: mean.value, high: mean.value }
    const title = `${name}: ${percent(mean.value)}`
    return [{ name, colour, share: mean.value, ...range, rings: mean.perSeed, title }]
  })
  if (points.length === 0) return null
  const trivial = contrasts.trivial?.[part]?.[mode]
  return draw(
    'Mean of each arm over its seeds with 95 % intervals, and each seed',
    armPlot(points, {
      trivial: trivial ? [{ share: trivial.value }] : [],
      width: 960,
      height: 66 + 34 * points.length,
      marginLeft: 190,
      marginRight: 24,
    }),
  )
}
