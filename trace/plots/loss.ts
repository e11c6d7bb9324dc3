import * as Plot from '@observablehq/plot'

/** The losses of one training by step; with `end`, a text stands at its last one. */
export type LossLine = {
  name: string
  curve: readonly (readonly [step: number, loss: number])[]
  colour: string
  end?: string
}

/** Training losses by step, the last line in front. */
export function lossPlot(lines: readonly LossLine[], options: Plot.PlotOptions): Plot.PlotOptions {
  const points = lines.flatMap(({ curve, ...line }) => curve.map(([step, loss]) => ({ ...line, step, loss })))
  const steps = Math.max(1, ...points.map(({ step }) => step))
  const ends = lines.flatMap(({ end, name }) => {
    const last = points.findLast((point) => point.name === name)
    return end && last ? [{ ...last, end }] : []
  })
  return {
    marginLeft: 44,
    marginBottom: 42,
    ...options,
    x: { label: 'step', ticks: Math.min(8, steps), tickFormat: 'd', tickSize: 0, labelOffset: 36, ...options.x },
    y: { label: 'loss', grid: true, zero: true, ticks: 5, tickSize: 0, ...options.y },
    marks: [
      Plot.ruleY([0], { strokeOpacity: 0.35 }),
      Plot.lineY(points, { x: 'step', y: 'loss', z: 'name', stroke: 'colour', strokeWidth: 1.6 }),
      Plot.dot(ends, { x: 'step', y: 'loss', fill: 'colour', r: 4 }),
      Plot.text(ends, { frameAnchor: 'top-right', text: 'end', fontWeight: 'bold' }),
    ],
  }
}
