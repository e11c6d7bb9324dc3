import * as Plot from '@observablehq/plot'
import type { ArmPoint } from './arms.ts'

/** A share right, with rings that go with it: its lenient score, or each of its training seeds. */
export type ScorePoint = ArmPoint & { rings: readonly number[]; isBest?: boolean }

type Looks = Plot.PlotOptions & {
  /** The point whose score is drawn across. */
  base: string
  /** No room for the figures. */
  isCrowded?: boolean
  /** How far to the right of their point the rings stand, in pixels. */
  ringShift?: number
}

/** Validation scores, one beside the other. */
export function scorePlot(points: readonly ScorePoint[], looks: Looks): Plot.PlotOptions {
  const { base, isCrowded = false, ringShift = 0, ...options } = looks
  const all = points.map((point) => ({
    ...point,
    share: point.share * 100,
    low: point.low * 100,
    high: point.high * 100,
  }))
  const rings = points.flatMap(({ name, colour, rings }) =>
    rings.map((share) => ({ name, colour, share: share * 100 })),
  )
  const at = { x: 'name', y: 'share' }
  return {
    marginLeft: 44,
    marginBottom: 34,
    ...options,
    x: { type: 'point', domain: all.map(({ name }) => name), label: null, tickSize: 0, padding: 0.6, ...options.x },
    y: { domain: [0, 100], ticks: 5, tickSize: 0, grid: true, label: '% right', ...options.y },
    marks: [
      Plot.ruleY([0], { strokeOpacity: 0.35 }),
      Plot.ruleY(
        all.filter(({ name }) => name === base),
        { y: 'share', stroke: 'colour', strokeDasharray: '3,4' },
      ),
      Plot.ruleX(all, { x: 'name', y1: 'low', y2: 'high', stroke: 'colour', strokeWidth: 2.5, strokeOpacity: 0.55 }),
      Plot.dot(rings, {
        ...at,
        stroke: 'colour',
        r: isCrowded ? 3 : 4,
        strokeWidth: 1.4,
        dx: ringShift,
        className: 'ring',
      }),
      Plot.dot(
        all.filter(({ isBest }) => isBest),
        { ...at, stroke: 'colour', r: 8, strokeWidth: 1.5 },
      ),
      Plot.dot(all, { ...at, fill: 'colour', r: isCrowded ? 3 : 5, title: 'title' }),
      Plot.text(isCrowded ? [] : all, { x: 'name', y: 'high', text: ({ share }) => share.toFixed(1), dy: -9 }),
    ],
  }
}
