import * as Plot from '@observablehq/plot'
import type { SkillDifference } from '../contrasts.ts'
import type { Markup } from '../document/markup.ts'
import { points as pointsText } from '../text/format.ts'
import { draw } from './draw.ts'

/** A difference skill by skill with its intervals, in points; null where there is none. `what` names it. */
export function skillDifferences(skills: readonly SkillDifference[], what: string): Markup | null {
  const points = skills.flatMap(({ skill, value, interval }) =>
    interval ? [{ skill, value: value * 100, low: interval.low * 100, high: interval.high * 100 }] : [],
  )
  if (points.length === 0) return null
  return draw(`${what} by skill, in points, with 95 % intervals`, {
    width: 960,
    height: 66 + 26 * points.length,
    marginLeft: 190,
    marginBottom: 40,
    marginRight: 24,
    x: { ticks: 7, tickSize: 0, label: 'points', labelOffset: 34, grid: true },
    y: { domain: points.map(({ skill }) => skill), label: null, tickSize: 0 },
    marks: [
      Plot.ruleX([0], { strokeOpacity: 0.5 }),
      Plot.ruleY(points, {
        y: 'skill',
        x1: 'low',
        x2: 'high',
        stroke: 'var(--final)',
        strokeWidth: 2.5,
        strokeOpacity: 0.5,
      }),
      Plot.dot(points, {
        y: 'skill',
        x: 'value',
        fill: 'var(--final)',
        r: 4.5,
        title: ({ skill, value }) => `${skill}: ${pointsText(value / 100)}`,
      }),
    ],
  })
}
