import * as Plot from '@observablehq/plot'
import type { Markup } from '../document/markup.ts'
import type { Interval } from '../statistics/intervals.ts'
import type { OverRuns } from '../statistics/over-runs.ts'
import { draw } from './draw.ts'

type Line = { name: string; over: OverRuns | null; wider?: Interval | null }

/** Runs as rings, their mean as a dot with its interval and, thin, a `wider` one, a line for each name; `zero` draws the line of no difference. Null where no run has a value. */
export function runLines(
  all: readonly Line[],
  style: { label: string; axis: string; zero: boolean; write: (share: number) => string },
): Markup | null {
  const known = all.flatMap(({ name, over, wider = null }) => (over ? [{ name, wider, ...over }] : []))
  if (known.length === 0) return null
  const means = known.map(({ name, mean, interval }) => {
    const { low, high } = interval ?? { low: mean, high: mean }
    return { name, mean: mean * 100, low: low * 100, high: high * 100, title: `${name}: ${style.write(mean)}` }
  })
  const wider = known.flatMap(({ name, wider }) =>
    wider ? [{ name, low: wider.low * 100, high: wider.high * 100 }] : [],
  )
  const each = known.flatMap(({ name, values }) => values.map((value) => ({ name, value: value * 100 })))
  return draw(style.label, {
    width: 960,
    height: 66 + 36 * known.length,
    marginLeft: 270,
    marginRight: 24,
    marginBottom: 40,
    x: { nice: true, ticks: 6, tickSize: 0, label: style.axis, labelOffset: 34, grid: true },
    y: { domain: known.map(({ name }) => name), label: null, tickSize: 0 },
    marks: [
      ...(style.zero ? [Plot.ruleX([0], { stroke: 'var(--soft)' })] : []),
      Plot.ruleY(wider, { y: 'name', x1: 'low', x2: 'high', stroke: 'var(--final)', strokeWidth: 1 }),
      Plot.ruleY(means, {
        y: 'name',
        x1: 'low',
        x2: 'high',
        stroke: 'var(--final)',
        strokeWidth: 3,
        strokeOpacity: 0.5,
      }),
      Plot.dot(each, { y: 'name', x: 'value', stroke: 'var(--attempt)', r: 4, strokeWidth: 1.4, dy: 9 }),
      Plot.dot(means, { y: 'name', x: 'mean', fill: 'var(--final)', r: 5, title: 'title' }),
    ],
  })
}
