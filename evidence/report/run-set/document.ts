import { armPlot } from '../../../trace/plots/arms.ts'
import { type Block, code, type Document, figure, heading, paragraph, strong, table } from '../document/document.ts'
import { htmlOf } from '../document/html.ts'
import { markdownOf } from '../document/markdown.ts'
import type { Markup } from '../document/markup.ts'
import { draw } from '../plots/draw.ts'
import { runLines } from '../plots/run-lines.ts'
import type { OverRuns } from '../statistics/over-runs.ts'
import { intervalText, missing, percent, percentNumber, points, rangeText, type Write } from '../text/format.ts'
import { labelOf } from '../text/names.ts'
import { type Summary, trivialArm } from './summary.ts'
import { headlineScope, mainSentence, named, notesOf, relative } from './text.ts'

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
        paragraph(`On the test: ${headlineScope(summary)}.`),
        figure(
          scorePlot(summary),
          `${headlineScope(summary)}: each run (ring), their mean (dot) and its 95 % interval over runs.`,
        ),
        armTable(summary),
      ],
      heading(2, 'Runs, % right on the test'),
      runTable(summary),
    ],
    footer: ['Every number here is in ', code('summary.json'), ' beside this file. Each run has its own report.'],
  }
}

export const summaryHtml = (summary: Summary): string => htmlOf(summaryDocument(summary))

export const summaryMarkdown = (summary: Summary): string => markdownOf(summaryDocument(summary))

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

/** Each arm's runs, their mean and its interval over runs. */
const scorePlot = ({ scores, trivial }: Summary): Markup | null =>
  runLines(
    Object.entries({ ...scores, ...(trivial && { [trivialArm]: trivial.score }) }).map(([arm, over]) => ({
      name: labelOf(arm),
      over,
    })),
    {
      label: 'Score of each run by arm, with means and 95 % intervals over runs',
      isDifference: false,
      write: percent,
    },
  )

/** The final minus each arm: each run, their mean and its intervals, over runs and over runs and items. */
const gainPlot = ({ gains, trivial }: Summary): Markup | null =>
  runLines(
    Object.entries({ ...gains, ...(trivial && { [trivialArm]: trivial.gain }) }).map(([arm, over]) => ({
      name: named(arm),
      over,
      wider: over.overItems,
    })),
    {
      label: 'Final minus each arm in each run, with means and 95 % intervals over runs',
      isDifference: true,
      write: points,
    },
  )

const overRunsName = 'mean over runs'

/** The named difference, and the one to the base, run by run with each run's own interval, and the mean over runs under them. */
function runGainPlot({ runs, gains, against }: Summary): Markup | null {
  const arms = [...new Set([against, 'base'])].filter((arm) => gains[arm])
  const lines = arms.flatMap((arm) => {
    const { mean, interval } = gains[arm]!
    const all = runs.flatMap(({ runId, gains }) => {
      const gain = gains[arm]
      return gain ? [{ name: runId, ...gain, colour: 'var(--attempt)' }] : []
    })
    return [...all, { name: overRunsName, value: mean, interval, colour: 'var(--final)' }].map(
      ({ name, value, interval, colour }) => ({
        ...{ panel: named(arm), name, colour, share: value, title: `${name}: ${points(value)}` },
        ...(interval ?? { low: value, high: value }),
      }),
    )
  })
  if (lines.length === 0) return null
  const names = [...runs.map(({ runId }) => runId), overRunsName]
  return draw(
    'Final minus another arm in each run with its own 95 % interval, and their mean',
    armPlot(lines, {
      panels: 'fx',
      isDifference: true,
      ...{ width: 960, height: 92 + 28 * names.length, marginLeft: 200, marginRight: 24, marginTop: 34 },
      x: { nice: true },
      y: { domain: names },
      fx: { domain: arms.map(named), label: null, padding: 0.14 },
    }),
  )
}
