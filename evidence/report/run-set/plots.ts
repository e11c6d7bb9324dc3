import * as Plot from '@observablehq/plot'
import type { Markup } from '../document/markup.ts'
import { draw } from '../plots/draw.ts'
import { runLines } from '../plots/run-lines.ts'
import { percent, points } from '../text/format.ts'
import { labelOf } from '../text/names.ts'
import { type Summary, trivialArm } from './summary.ts'
import { named } from './text.ts'

/** Each arm's runs, their mean and its interval over runs. */
export const armPlot = ({ scores, trivial }: Summary): Markup | null =>
  runLines(
    Object.entries({ ...scores, ...(trivial && { [trivialArm]: trivial.score }) }).map(([arm, over]) => ({
      name: labelOf(arm),
      over,
    })),
    {
      label: 'Score of each run by arm, with means and 95 % intervals over runs',
      axis: '% right',
      zero: false,
      write: percent,
    },
  )

/** The final minus each arm: each run, their mean and its intervals, over runs and over runs and items. */
export const gainPlot = ({ gains, trivial }: Summary): Markup | null =>
  runLines(
    Object.entries({ ...gains, ...(trivial && { [trivialArm]: trivial.gain }) }).map(([arm, over]) => ({
      name: named(arm),
      over,
      wider: over.overItems,
    })),
    {
      label: 'Final minus each arm in each run, with means and 95 % intervals over runs',
      axis: 'points',
      zero: true,
      write: points,
    },
  )

const overRunsName = 'mean over runs'

/** The named difference, and the one to the base, run by run with each run's own interval, and the mean over runs under them. */
export function runGainPlot({ runs, gains, against }: Summary): Markup | null {
  const arms = [...new Set([against, 'base'])].filter((arm) => gains[arm])
  const lines = arms.flatMap((arm) => {
    const { mean, interval } = gains[arm]!
    const all = runs.flatMap(({ runId, gains }) => {
      const gain = gains[arm]
      return gain ? [{ name: runId, ...gain, colour: 'var(--attempt)' }] : []
    })
    return [...all, { name: overRunsName, value: mean, interval, colour: 'var(--final)' }].map((line) => ({
      difference: named(arm),
      name: line.name,
      colour: line.colour,
      value: line.value * 100,
      low: (line.interval?.low ?? line.value) * 100,
      high: (line.interval?.high ?? line.value) * 100,
    }))
  })
  if (lines.length === 0) return null
  const names = [...runs.map(({ runId }) => runId), overRunsName]
  return draw('Final minus another arm in each run with its own 95 % interval, and their mean', {
    width: 960,
    height: 92 + 28 * names.length,
    marginLeft: 200,
    marginRight: 24,
    marginTop: 34,
    marginBottom: 40,
    x: { nice: true, ticks: 5, tickSize: 0, label: 'points', labelOffset: 34, grid: true },
    y: { domain: names, label: null, tickSize: 0 },
    fx: { domain: arms.map(named), label: null, padding: 0.14 },
    marks: [
      Plot.ruleX([0], { stroke: 'var(--soft)' }),
      Plot.ruleY(lines, {
        fx: 'difference',
        y: 'name',
        x1: 'low',
        x2: 'high',
        stroke: 'colour',
        strokeWidth: 3,
        strokeOpacity: 0.5,
      }),
      Plot.dot(lines, {
        fx: 'difference',
        y: 'name',
        x: 'value',
        fill: 'colour',
        r: 4.5,
        title: (line) => `${line.name}: ${points(line.value / 100)}`,
      }),
    ],
  })
}
