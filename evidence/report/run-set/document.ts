import { code, type Document, figure, heading, paragraph, strong, table } from '../document/document.ts'
import { htmlOf } from '../document/html.ts'
import { markdownOf } from '../document/markdown.ts'
import { armPlot, gainPlot, runGainPlot } from './plots.ts'
import type { Summary } from './summary.ts'
import * as text from './text.ts'

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
      paragraph(strong(text.mainSentence(summary))),
      { kind: 'callout', paragraphs: text.notesOf(summary) },
      tested > 0 && [
        heading(2, 'Differences over runs, in points'),
        figure(
          gainPlot(summary),
          'The final minus each arm: each run (ring), their mean (dot) and its 95 % interval, over runs (thick) and over runs and items (thin).',
        ),
        table(text.gainHead(), text.gainCells(summary)),
        heading(2, 'The final minus each arm, run by run, in points'),
        paragraph('With each run’s own 95 % interval, over its items and training seeds.'),
        figure(
          runGainPlot(summary),
          'The final minus another arm in each run with that run’s own 95 % interval, over its items and training seeds; last, their mean with its interval over runs.',
        ),
        table(text.runGainHead(summary), text.runGainCells(summary)),
        heading(2, 'Arms over runs, % right'),
        paragraph(`On the test: ${text.headlineText(summary)}.`),
        figure(
          armPlot(summary),
          `${text.headlineText(summary)}: each run (ring), their mean (dot) and its 95 % interval over runs.`,
        ),
        table(text.armHead(), text.armCells(summary)),
      ],
      heading(2, 'Runs, % right on the test'),
      table(text.runHead(summary), text.runCells(summary)),
    ],
    footer: ['Every number here is in ', code('summary.json'), ' beside this file. Each run has its own report.'],
  }
}

/** `summary.html`. */
export const renderHtml = (summary: Summary): string => htmlOf(summaryDocument(summary))

/** `summary.md`. */
export const renderMarkdown = (summary: Summary): string => markdownOf(summaryDocument(summary))
