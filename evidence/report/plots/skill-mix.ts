import * as Plot from '@observablehq/plot'
import type { Markup } from '../document/markup.ts'
import type { DatasetFacts } from '../report-data.ts'
import { draw, seriesColour } from './draw.ts'

/** Rows by skill in each dataset; null where no dataset was made. */
export function skillMix(datasets: readonly DatasetFacts[], skills: readonly string[]): Markup | null {
  const bars = datasets.flatMap(({ attempt, mix }) =>
    Object.entries(mix).map(([skill, rows]) => {
      const colour = seriesColour(Math.max(0, skills.indexOf(skill)))
      return { name: attempt === 0 ? 'Control' : `Attempt ${attempt}`, attempt, skill, rows, colour }
    }),
  )
  if (bars.length === 0) return null
  const order = [...bars].sort((one, other) => (one.attempt || 1000) - (other.attempt || 1000))
  const names = [...new Set(order.map((bar) => bar.name))]
  return draw('Rows by skill in each dataset', {
    width: 480,
    height: 70 + 36 * names.length,
    marginLeft: 76,
    marginBottom: 42,
    marginRight: 24,
    x: { label: 'rows', labelOffset: 36, tickSize: 0, ticks: 6, grid: true, nice: true },
    y: { domain: names, label: null, tickSize: 0, padding: 0.28 },
    marks: [
      Plot.barX(order, {
        y: 'name',
        x: 'rows',
        fill: 'colour',
        order: skills.length > 0 ? (bar: { skill: string }) => skills.indexOf(bar.skill) : null,
        insetLeft: 0.5,
        insetRight: 0.5,
        title: (bar) => `${bar.name}, ${bar.skill}: ${bar.rows} rows`,
      }),
    ],
  })
}
