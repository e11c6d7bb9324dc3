import * as Plot from '@observablehq/plot'

/** A part of a bar; the parts of one name stand one behind the other, as they come. */
export type RowsPart = { name: string; rows: number; colour: string; title: string }

type Looks = Plot.PlotOptions & {
  /** What stands above a bar, to the left and to the right. */
  notes?: readonly { name: string; left: string; right: string }[]
}

/** Rows as stacked bars. */
export function rowsPlot(parts: readonly RowsPart[], { notes = [], ...options }: Looks): Plot.PlotOptions {
  const above = { y: 'name', dy: -16 } as const
  return {
    ...options,
    x: { label: 'rows', labelOffset: 36, tickSize: 0, ticks: 6, grid: true, nice: true, ...options.x },
    y: { domain: [...new Set(parts.map(({ name }) => name))], label: null, tickSize: 0, padding: 0.28, ...options.y },
    marks: [
      Plot.barX(parts, { y: 'name', x: 'rows', fill: 'colour', insetLeft: 0.5, insetRight: 0.5, title: 'title' }),
      Plot.text(notes, { ...above, frameAnchor: 'left', text: 'left' }),
      Plot.text(notes, { ...above, frameAnchor: 'right', text: 'right', fontWeight: 'bold' }),
    ],
  }
}
