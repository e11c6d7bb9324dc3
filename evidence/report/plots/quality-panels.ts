import * as Plot from '@observablehq/plot'
import type { Markup } from '../document/markup.ts'
import type { ReportData } from '../report-data.ts'
import { draw } from './draw.ts'

type Panel = { measure: string; name: string; value: number; colour: string }

/**
 * Small multiples: each measure of quality by attempt, the validation score first. Every panel has its own scale, from its least to its
 * greatest value, so that what goes with the score is seen; the figures are in the table. Null where there are no two datasets.
 */
export function qualityPanels({
  quality,
  studentModels,
  task,
}: Pick<ReportData, 'quality' | 'studentModels' | 'task'>): Markup | null {
  const primary = task?.primary ?? 'strict'
  const points = quality.flatMap((one): Panel[] => {
    const studentModel = one.attempt === 0 ? 'control' : `attempt-${one.attempt}`
    const score = studentModels.find((each) => each.studentModel === studentModel)?.validation?.overall[primary].share
    const measures: [string, number | null | undefined][] = [
      ['validation score, %', score == null ? score : score * 100],
      ['difficulty level', one.difficulty?.level],
      ['words a question', one.difficulty?.questionWords],
      ['question overlap', one.questions?.selfOverlap],
      ['reply overlap', one.replies?.selfOverlap],
      ['question distance', one.embedding?.questions],
      ['reply distance', one.embedding?.replies],
      ['perplexity', one.perplexity?.value],
      ['judge', one.judged?.mean],
      ['mix like validation', one.coverage?.overlap],
    ]
    const [name, colour] = [shortName(one.attempt), one.attempt === 0 ? 'var(--control)' : 'var(--attempt)']
    return measures.flatMap(([measure, value]) => (value == null ? [] : [{ measure, name, value, colour }]))
  })
  const measures = [...new Set(points.map(({ measure }) => measure))]
  const names = [...new Set(points.map(({ name }) => name))]
  if (names.length < 2) return null
  const scaled = measures.flatMap((measure) => {
    const own = points.filter((point) => point.measure === measure)
    const [low, high] = [Math.min(...own.map(({ value }) => value)), Math.max(...own.map(({ value }) => value))]
    return own.map((point) => ({ ...point, height: high > low ? (point.value - low) / (high - low) : 0.5 }))
  })
  return draw('Measures of quality by attempt beside the validation score, each on its own scale', {
    width: 960,
    height: 190,
    marginTop: 34,
    marginBottom: 30,
    marginLeft: 10,
    marginRight: 10,
    fx: { domain: measures, label: null, padding: 0.12 },
    x: { type: 'point', domain: names, label: null, tickSize: 0, padding: 0.6 },
    y: { domain: [-0.12, 1.25], axis: null },
    marks: [
      Plot.frame({ strokeOpacity: 0.15 }),
      Plot.line(scaled, { fx: 'measure', x: 'name', y: 'height', stroke: 'var(--attempt)', strokeOpacity: 0.35 }),
      Plot.dot(scaled, { fx: 'measure', x: 'name', y: 'height', fill: 'colour', r: 4 }),
      Plot.text(names.length > mostFigures ? [] : scaled, {
        fx: 'measure',
        x: 'name',
        y: 'height',
        text: ({ value }) => figureText(value),
        dy: -10,
        fontSize: 10,
      }),
    ],
  })
}

/** More points than this have no room for their figures. */
const mostFigures = 5
const shortName = (attempt: number) => (attempt === 0 ? 'C' : String(attempt))
const figureText = (value: number) => (value >= 10 ? value.toFixed(0) : value.toFixed(2))
