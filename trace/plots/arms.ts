import * as Plot from '@observablehq/plot'

/**
 * A score or a difference with its interval and, as rings, what it is the mean of; all are fractions. `panel`: the part of the test.
 * `wider`: a second interval, drawn thin. `ringColour`: left out, the colour.
 */
export type ArmPoint = {
  name: string
  colour: string
  share: number
  low: number
  high: number
  wider?: { low: number; high: number } | null
  rings?: readonly number[]
  ringColour?: string
  panel?: string
  title?: string
  /** What stands at the end of the interval. */
  figure?: string
}

type Looks = Plot.PlotOptions & {
  /** Whether panels stand side by side or one above the other; left out: there is one. */
  panels?: 'fx' | 'fy'
  /** How far below their point the rings stand, in pixels. */
  ringShift?: number
  /** Whether the line of no difference is drawn: the axis is of differences then, in points. */
  isDifference?: boolean
  /** What an answer scores that needs no student. */
  trivial?: readonly { share: number; panel?: string }[]
}

/** Scores on the sealed test, or differences of them, one below the other, in panels where there are some. */
export function armPlot(points: readonly ArmPoint[], looks: Looks): Plot.PlotOptions {
  const { panels, ringShift = 9, isDifference = false, trivial = [], ...options } = looks
  const facet = panels ? { [panels]: 'panel' } : {}
  const all = points.map((point) => ({
    ...point,
    share: 100 * point.share,
    low: 100 * point.low,
    high: 100 * point.high,
  }))
  const rings = points.flatMap(({ rings = [], ringColour, ...point }) =>
    rings.map((share) => ({ ...point, colour: ringColour ?? point.colour, share: 100 * share })),
  )
  const wider = points.flatMap(({ wider, ...point }) =>
    wider ? [{ ...point, low: 100 * wider.low, high: 100 * wider.high }] : [],
  )
  const lines = trivial.map(({ share, panel }) => ({ share: 100 * share, panel }))
  const at = { ...facet, y: 'name', x: 'share' }
  const across = { ...facet, y: 'name', x1: 'low', x2: 'high', stroke: 'colour' }
  const scale = isDifference ? { label: 'points' } : { domain: [0, 100], label: '% right' }
  const dashes = { stroke: 'var(--trivial)', strokeWidth: 1.6, strokeDasharray: '5,4', className: 'trivial' }
  return {
    marginBottom: 40,
    ...options,
    x: { ...scale, ticks: 5, tickSize: 0, labelOffset: 34, grid: true, ...options.x },
    y: { domain: [...new Set(points.map(({ name }) => name))], label: null, tickSize: 0, ...options.y },
    marks: [
      Plot.ruleX(lines, { ...facet, x: 'share', ...dashes }),
      Plot.ruleX(isDifference ? [0] : [], { stroke: 'var(--soft)' }),
      Plot.ruleY(wider, { ...across, strokeWidth: 1 }),
      Plot.ruleY(all, { ...across, strokeWidth: 3, strokeOpacity: 0.5 }),
      Plot.dot(rings, { ...at, stroke: 'colour', r: 4, strokeWidth: 1.4, dy: ringShift, className: 'ring' }),
      Plot.dot(all, { ...at, fill: 'colour', r: 5, title: 'title' }),
      Plot.text(all, {
        ...facet,
        y: 'name',
        x: 'high',
        dx: 7,
        textAnchor: 'start',
        text: 'figure',
        fontWeight: 'bold',
      }),
    ],
  }
}
