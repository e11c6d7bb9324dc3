import { scorePlot } from '../../../trace/plots/scores.ts'
import type { Markup } from '../document/markup.ts'
import type { StudentModelFacts } from '../report-data.ts'
import { isOfSearch } from '../text/names.ts'
import { draw, modelColour } from './draw.ts'

/** Attempts by their number alone, so that thirty of them fit. */
const shortLabel = (name: string) => (name === 'base' ? 'Base' : name.replace(/^attempt-/, ''))

/** More points than this have no room for their figures, nor for each one's number. */
const maxFigures = 12

/** Validation score of the base and of each attempt of the search: strict with its Wilson interval, lenient as a ring; null where nothing was scored. */
export function attemptScores(studentModels: readonly StudentModelFacts[]): Markup | null {
  const points = studentModels.flatMap(({ studentModel, validation }) => {
    const { strict, lenient } = validation?.overall ?? {}
    if (!isOfSearch(studentModel) || !strict?.interval || strict.share === null) return []
    const [name, colour] = [shortLabel(studentModel), modelColour(studentModel)]
    return [{ name, colour, share: strict.share, ...strict.interval, rings: [lenient?.share ?? 0] }]
  })
  if (points.length === 0) return null
  const isCrowded = points.length > maxFigures
  const names = points.map(({ name }) => name)
  const ticks = isCrowded ? names.filter((name) => name === 'Base' || Number(name) % 5 === 0) : names
  const looks = { base: 'Base', isCrowded, ringShift: isCrowded ? 5 : 11 }
  return draw(
    'Validation score by attempt with 95 % intervals',
    scorePlot(points, { ...looks, width: 480, height: 270, x: { ticks } }),
  )
}
