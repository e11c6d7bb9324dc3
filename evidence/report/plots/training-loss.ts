import * as Plot from '@observablehq/plot'
import type { Markup } from '../document/markup.ts'
import type { StudentModelFacts } from '../report-data.ts'
import { labelAmong } from '../text/names.ts'
import { draw, seriesColour } from './draw.ts'

/** Candidates that were trained, with the colour of their line. */
export function trainedModels(studentModels: readonly StudentModelFacts[]) {
  const all = studentModels.map(({ studentModel }) => studentModel)
  return studentModels
    .filter(({ training }) => training && training.lossCurve.length > 0)
    .map(({ studentModel, training }, index) => ({
      name: labelAmong(studentModel, all),
      curve: training!.lossCurve,
      colour: seriesColour(index),
    }))
}

/** Training loss by step; null where nothing was trained. */
export function trainingLoss(studentModels: readonly StudentModelFacts[]): Markup | null {
  const points = trainedModels(studentModels).flatMap(({ name, curve, colour }) =>
    curve.map(([step, loss]) => ({ name, step, loss, colour })),
  )
  if (points.length === 0) return null
  const steps = Math.max(...points.map(({ step }) => step))
  return draw('Training loss by optimiser step', {
    width: 760,
    height: 260,
    marginLeft: 44,
    marginBottom: 42,
    x: { label: 'step', ticks: Math.min(8, steps), tickFormat: 'd', tickSize: 0, labelOffset: 36 },
    y: { label: 'loss', grid: true, zero: true, ticks: 5, tickSize: 0 },
    marks: [
      Plot.ruleY([0], { strokeOpacity: 0.35 }),
      Plot.lineY(points, { x: 'step', y: 'loss', z: 'name', stroke: 'colour', strokeWidth: 1.6 }),
    ],
  })
}
