import * as Plot from '@observablehq/plot'
import type { Markup } from '../report/html/markup.ts'
import { draw } from '../report/plots/draw.ts'
import { percent, points } from '../report/text/format.ts'
import type { Comparison } from './analyse.ts'
import type { OverRuns } from './effects.ts'
import { armsText } from './text.ts'

type Line = { name: string; over: OverRuns | null }

/** Each arm's runs as rings, their mean as a dot with its interval; null where no run ended with a result. */
export const armPlot = ({ arms }: Comparison): Markup | null =>
  lines(
    arms.map(({ arm, score }) => ({ name: arm, over: score })),
    { label: 'Score of each run by arm, with means and 95 % intervals', zero: false, write: percent },
  )

/** Each effect's pairs as rings, their mean as a dot with its interval, about zero. */
export const effectPlot = ({ effects }: Comparison): Markup | null =>
  lines(
    effects.map((effect) => ({ name: armsText(effect), over: effect.differences })),
    { label: 'Difference of each pair by effect, with means and 95 % intervals', zero: true, write: points },
  )

function lines(all: readonly Line[], style: { label: string; zero: boolean; write: (share: number) => string }) {
  const known = all.flatMap(({ name, over }) => (over ? [{ name, ...over }] : []))
  if (known.length === 0) return null
  const means = known.map(({ name, mean, interval }) => {
    const { low, high } = interval ?? { low: mean, high: mean }
    return { name, mean: mean * 100, low: low * 100, high: high * 100, title: `${name}: ${style.write(mean)}` }
  })
  const each = known.flatMap(({ name, values }) => values.map((value) => ({ name, value: value * 100 })))
  return draw(style.label, {
    width: 960,
    height: 46 + 36 * known.length,
    marginLeft: 270,
    marginRight: 24,
    x: { nice: true, ticks: 6, tickSize: 0, label: null, grid: true },
    y: { domain: known.map(({ name }) => name), label: null, tickSize: 0 },
    marks: [
      ...(style.zero ? [Plot.ruleX([0], { stroke: 'var(--soft)' })] : []),
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
