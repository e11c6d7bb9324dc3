import * as Plot from '@observablehq/plot'
import type { Markup } from '../document/markup.ts'
import type { CandidateFacts } from '../report-data.ts'
import { labelAmong } from '../text/names.ts'
import { draw, seriesColour } from './draw.ts'

/** Candidates that were trained, with the colour of their line. */
export function trainedCandidates(candidates: readonly CandidateFacts[]) {
  const all = candidates.map(({ candidate }) => candidate)
  return candidates
    .filter(({ training }) => training && training.lossCurve.length > 0)
    .map(({ candidate, training }, index) => ({
      name: labelAmong(candidate, all),
      curve: training!.lossCurve,
      colour: seriesColour(index),
    }))
}

/** Training loss by step; null where nothing was trained. */
export function trainingLoss(candidates: readonly CandidateFacts[]): Markup | null {
  const points = trainedCandidates(candidates).flatMap(({ name, curve, colour }) =>
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
