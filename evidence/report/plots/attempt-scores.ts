import * as Plot from '@observablehq/plot'
import type { Markup } from '../document/markup.ts'
import type { StudentModelFacts } from '../report-data.ts'
import { percentNumber } from '../text/format.ts'
import { isOfSearch } from '../text/names.ts'
import { draw, modelColour } from './draw.ts'

/** Attempts by their number alone, so that thirty of them fit. */
const shortLabel = (name: string) => (name === 'base' ? 'Base' : name.replace(/^attempt-/, ''))

/** More points than this have no room for their figures, nor for each one's number. */
const maxFigures = 12

/** Validation score of the base and of each attempt of the search: strict with its Wilson interval, lenient as a ring; null where nothing was scored. */
export function attemptScores(studentModels: readonly StudentModelFacts[]): Markup | null {
  const searched = studentModels.filter(({ studentModel }) => isOfSearch(studentModel))
  const points = searched.flatMap(({ studentModel, validation }) => {
    const { strict, lenient } = validation?.overall ?? {}
    if (!strict?.interval || strict.share === null) return []
    const { low, high } = strict.interval
    const [name, colour] = [shortLabel(studentModel), modelColour(studentModel)]
    return [
      {
        name,
        colour,
        share: strict.share * 100,
        low: low * 100,
        high: high * 100,
        lenient: (lenient?.share ?? 0) * 100,
      },
    ]
  })
  if (points.length === 0) return null
  const base = points.filter((point) => point.name === 'Base')
  const isCrowded = points.length > maxFigures
  const names = points.map(({ name }) => name)
  const ticks = isCrowded ? names.filter((name) => name === 'Base' || Number(name) % 5 === 0) : names
  return draw('Validation score by attempt with 95 % intervals', {
    width: 480,
    height: 270,
    marginLeft: 44,
    marginBottom: 34,
    x: { type: 'point', domain: names, ticks, label: null, tickSize: 0, padding: 0.6 },
    y: { domain: [0, 100], ticks: 5, tickSize: 0, grid: true, label: '% right' },
    marks: [
      Plot.ruleY([0], { strokeOpacity: 0.35 }),
      Plot.ruleY(base, { y: 'share', stroke: 'var(--base)', strokeDasharray: '3,4' }),
      Plot.ruleX(points, { x: 'name', y1: 'low', y2: 'high', stroke: 'colour', strokeWidth: 2.5, strokeOpacity: 0.55 }),
      Plot.dot(points, {
        x: 'name',
        y: 'lenient',
        stroke: 'colour',
        r: isCrowded ? 3 : 4,
        strokeWidth: 1.4,
        dx: isCrowded ? 5 : 11,
      }),
      Plot.dot(points, { x: 'name', y: 'share', fill: 'colour', r: isCrowded ? 3 : 5 }),
      Plot.text(isCrowded ? [] : points, {
        x: 'name',
        y: 'high',
        text: (point) => percentNumber(point.share / 100),
        dy: -9,
      }),
    ],
  })
}
