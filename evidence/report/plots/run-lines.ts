import { armPlot } from '../../../trace/plots/arms.ts'
import type { Markup } from '../document/markup.ts'
import type { Interval } from '../statistics/intervals.ts'
import type { OverRuns } from '../statistics/over-runs.ts'
import { draw } from './draw.ts'

type Line = { name: string; over: OverRuns | null; wider?: Interval | null }

/** Runs as rings, their mean as a dot with its interval and, thin, a `wider` one, a line for each name; null where no run has a value. */
export function runLines(
  all: readonly Line[],
  style: { label: string; isDifference: boolean; write: (share: number) => string },
): Markup | null {
  const points = all.flatMap(({ name, over, wider = null }) => {
    if (!over) return []
    const { mean, interval, values: rings } = over
    const own = { colour: 'var(--final)', ringColour: 'var(--attempt)', title: `${name}: ${style.write(mean)}` }
    return [{ name, share: mean, ...(interval ?? { low: mean, high: mean }), wider, rings, ...own }]
  })
  if (points.length === 0) return null
  const size = { width: 960, height: 66 + 36 * points.length, marginLeft: 270, marginRight: 24 }
  const x = { domain: undefined, nice: true, ticks: 6 }
  return draw(style.label, armPlot(points, { ...size, isDifference: style.isDifference, x }))
}
