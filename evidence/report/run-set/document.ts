import { type Block, code, type Document, figure, heading, paragraph, strong, table } from '../document/document.ts'
import { htmlOf } from '../document/html.ts'
import { markdownOf } from '../document/markdown.ts'
import type { OverRuns } from '../statistics/over-runs.ts'
import { intervalText, missing, percentNumber, points, rangeText, type Write } from '../text/format.ts'
import { labelOf } from '../text/names.ts'
import { armPlot, gainPlot, runGainPlot } from './plots.ts'
import { type Summary, trivialArm } from './summary.ts'
import { headlineText, mainSentence, named, notesOf, relative } from './text.ts'

function summaryDocument(summary: Summary): Document {
  const { set, runs, tested } = summary
  return {
    tab: set,
    kind: 'independent searches',
    title: set,
    facts: [
      ['searches', String(runs.length)],
      ['with a result', String(tested)],
    ],
    body: [
      paragraph(strong(mainSentence(summary))),
      { kind: 'callout', paragraphs: notesOf(summary) },
      tested > 0 && [
        heading(2, 'Differences over runs, in points'),
        figure(
          gainPlot(summary),
          'The final minus each arm: each run (ring), their mean (dot) and its 95 % interval, over runs (thick) and over runs and items (thin).',
        ),
        gainTable(summary),
        heading(2, 'The final minus each arm, run by run, in points'),
        paragraph('With each run’s own 95 % interval, over its items and training seeds.'),
        figure(
          runGainPlot(summary),
          'The final minus another arm in each run with that run’s own 95 % interval, over its items and training seeds; last, their mean with its interval over runs.',
        ),
        runGainTable(summary),
        heading(2, 'Arms over runs, % right'),
        paragraph(`On the test: ${headlineText(summary)}.`),
        figure(
          armPlot(summary),
          `${headlineText(summary)}: each run (ring), their mean (dot) and its 95 % interval over runs.`,
        ),
        armTable(summary),
      ],
      heading(2, 'Runs, % right on the test'),
      runTable(summary),
    ],
    footer: ['Every number here is in ', code('summary.json'), ' beside this file. Each run has its own report.'],
  }
}

/** `summary.html`. */
export const renderHtml = (summary: Summary): string => htmlOf(summaryDocument(summary))

/** `summary.md`. */
export const renderMarkdown = (summary: Summary): string => markdownOf(summaryDocument(summary))

const overHead = (what: string, unit: string, also: readonly string[] = []) => [
  what,
  'Runs',
  `Mean, ${unit}`,
  '95 % interval over runs',
  ...also,
  'Standard deviation',
  'Each run',
]

function overCells(name: string, over: OverRuns, write: Write, also: readonly string[] = []): string[] {
  const { runs, values, mean, sd, interval } = over
  const deviation = sd === null ? missing : write(sd).replace('+', '')
  return [
    name,
    String(runs),
    write(mean),
    intervalText(interval, write),
    ...also,
    deviation,
    values.map(write).join(', '),
  ]
}

const armTable = ({ scores, trivial }: Summary): Block =>
  table(
    overHead('Arm', '%'),
    Object.entries({ ...scores, ...(trivial && { [trivialArm]: trivial.score }) }).map(([arm, over]) =>
      overCells(labelOf(arm), over, percentNumber),
    ),
  )

const gainTable = ({ gains, trivial, against, gainOverBase }: Summary): Block =>
  table(overHead('Difference', 'points', ['Over runs and items']), [
    ...Object.entries({ ...gains, ...(trivial && { [trivialArm]: trivial.gain }) }).map(([arm, over]) =>
      overCells(`${named(arm)}${arm === against ? ', named before' : ''}`, over, points, [
        intervalText(over.overItems, points),
      ]),
    ),
    ...(gainOverBase ? [overCells('Gain over base, (score − base) / base', gainOverBase, relative, [missing])] : []),
  ])

const runTable = ({ runs, scores }: Summary): Block =>
  table(
    ['Run', 'Seed', 'Status', 'Training seeds', ...Object.keys(scores).map(labelOf)],
    runs.map((run) => [
      run.runId,
      String(run.seed),
      run.status,
      run.seeds === 0 ? missing : String(run.seeds),
      ...Object.keys(scores).map((arm) => percentNumber(run.scores[arm] ?? null)),
    ]),
  )

const runGainTable = ({ runs, gains }: Summary): Block =>
  table(
    ['Run', ...Object.keys(gains).map(named)],
    runs.map((run) => [
      run.runId,
      ...Object.keys(gains).map((arm) => {
        const gain = run.gains[arm]
        return gain ? points(gain.value) + rangeText(gain.interval, points) : missing
      }),
    ]),
  )
