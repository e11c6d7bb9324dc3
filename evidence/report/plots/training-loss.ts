import { lossPlot } from '../../../trace/plots/loss.ts'
import type { Markup } from '../document/markup.ts'
import type { StudentModelFacts } from '../report-data.ts'
import { labelAmong } from '../text/names.ts'
import { draw, seriesColour } from './draw.ts'

/** Student models that were trained, with the colour of their line. */
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
  const lines = trainedModels(studentModels)
  return lines.length === 0
    ? null
    : draw('Training loss by optimiser step', lossPlot(lines, { width: 760, height: 260 }))
}
