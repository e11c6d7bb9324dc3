import * as Plot from '@observablehq/plot'
import { plural } from '../../../schemas/number-text.ts'
import type { DatasetQuality } from '../../quality/facts.ts'
import { type Blocks, figure, figures, heading, note } from '../document/document.ts'
import type { Markup } from '../document/markup.ts'
import { draw } from '../plots/draw.ts'
import type { ReportData } from '../report-data.ts'
import { missing, numberText, percent } from '../text/format.ts'
import { datasetName } from '../text/names.ts'

/** What each dataset is like, beside what it did. */
export function quality(data: ReportData): Blocks {
  if (data.quality.length === 0) return null
  return [
    heading(3, 'Quality of the data'),
    figure(
      qualityPanels(data),
      'Each measure by attempt (C: control), on its own scale, with the validation score first.',
    ),
    figures(['Measure', ...data.quality.map(({ attempt }) => datasetName(attempt))], measures(data.quality)),
    note(qualityNote(data.quality)),
  ]
}

const one = (value: number | null | undefined, digits: number) => numberText(value ?? null, digits)

/** The measures of quality as rows of a table: the measure, then its figure for each dataset. */
function measures(quality: readonly DatasetQuality[]): string[][] {
  const line = (name: string, of: (dataset: DatasetQuality) => string) => [name, ...quality.map(of)]
  const checks = [...new Set(quality.flatMap((dataset) => Object.keys(dataset.checks)))].sort()
  const rows = [
    line('Difficulty, level in the mean', ({ difficulty }) => one(difficulty?.level, 2)),
    line('Difficulty, rows by level', ({ difficulty }) =>
      difficulty?.levels ? difficulty.levels.map(({ level, rows }) => `${level}: ${rows}`).join(', ') : missing,
    ),
    line('Proxy: words a question', ({ difficulty }) => one(difficulty?.questionWords, 1)),
    line('Proxy: numbers a question', ({ difficulty }) => one(difficulty?.questionNumbers, 1)),
    line('Proxy: words a reply', ({ difficulty }) => one(difficulty?.replyWords, 1)),
    line('Proxy: numbers a reply (steps)', ({ difficulty }) => one(difficulty?.replyNumbers, 1)),
    ...(['questions', 'replies'] as const).flatMap((side) => [
      line(`Different words of ${side} (distinct-1)`, (dataset) => one(dataset[side]?.distinct1, 3)),
      line(`Different pairs of words of ${side} (distinct-2)`, (dataset) => one(dataset[side]?.distinct2, 3)),
      line(`Two ${side} alike (Jaccard, MinHash)`, (dataset) => one(dataset[side]?.selfOverlap, 3)),
    ]),
    ...(['questions', 'replies'] as const).map((side) =>
      line(`Distance of two ${side} (1 - cosine of embeddings)`, ({ embedding }) => one(embedding?.[side], 3)),
    ),
    line('Perplexity of the replies, base student', ({ perplexity }) =>
      perplexity ? `${one(perplexity.value, 2)} (${perplexity.rows} ${plural(perplexity.rows, 'row')})` : missing,
    ),
    line('Judge, mean of 1 to 5', ({ judged }) =>
      judged
        ? `${one(judged.mean, 2)} (${judged.rows} ${plural(judged.rows, 'row')}, lowest ${judged.lowest})`
        : missing,
    ),
    ...checks.map((check) => line(`Rows checked by ${check}`, (dataset) => one(dataset.checks[check] ?? 0, 0))),
    line('Validation items whose skill has rows', ({ coverage }) => percent(coverage?.covered ?? null)),
    line('Mix of skills in common with validation', ({ coverage }) => percent(coverage?.overlap ?? null)),
    line('Entropy of skills, bits (validation)', ({ coverage }) =>
      coverage ? `${one(coverage.entropy, 2)} (${one(coverage.validationEntropy, 2)})` : missing,
    ),
    line('Refused: in validation; in the sealed test; in the retention set', ({ contamination }) =>
      [contamination.validation, contamination.sealed, contamination.retention]
        .map((count) => numberText(count))
        .join('; '),
    ),
    line('Admitted with the template of an item', ({ contamination }) => numberText(contamination.templates)),
  ]
  return rows.filter((row) => row.slice(1).some((figure) => figure !== missing))
}

const embeddedBy = (quality: readonly DatasetQuality[]): string => {
  const used = quality.flatMap(({ embedding }) => embedding ?? [])
  const names = [...new Set(used.map(({ embedder }) => embedder))]
  const failures = [...new Set(used.flatMap(({ failure }) => failure ?? []))]
  if (names.length === 0) return 'by words alone (n-gram), as the critic normalises them; no embedder is configured'
  const failed = failures.length > 0 ? `, which failed: ${failures.join('; ')}` : ''
  return `by words, as the critic normalises them, and by embeddings of ${names.join(', ')} (mean over pairs of ${used[0]!.rows} ${plural(used[0]!.rows, 'row')})${failed}`
}

const qualityNote = (quality: readonly DatasetQuality[]): string =>
  `Measured once on each complete dataset. Diversity is ${embeddedBy(quality)}. distinct-1 (the type-token ratio) and distinct-2 fall with the size of a dataset; likeness is the mean over pairs of at most 128 rows. A measure without a figure has no source in this run: levels that no generator stated, a judge that was not asked, a training that measured no perplexity.`

type Panel = { measure: string; name: string; value: number; colour: string }

/**
 * Small multiples: each measure of quality by attempt, the validation score first. Every panel has its own scale, from its least to its
 * greatest value, so that what goes with the score is seen; the figures are in the table. Null where there are no two datasets.
 */
function qualityPanels({
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
