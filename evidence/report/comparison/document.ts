import { code, type Document, figure, heading, paragraph, strong, table } from '../document/document.ts'
import { htmlOf } from '../document/html.ts'
import { markdownOf } from '../document/markdown.ts'
import type { Markup } from '../document/markup.ts'
import { runLines } from '../plots/run-lines.ts'
import { percent, points } from '../text/format.ts'
import type { Comparison } from './analyse.ts'
import * as text from './text.ts'

function comparisonDocument(comparison: Comparison): Document {
  const { plan, effects } = comparison
  return {
    tab: plan.name,
    kind: 'comparison of planners: were they worth it?',
    title: plan.name,
    facts: [
      ['task', plan.task],
      ['pairs', String(plan.pairs)],
      ['attempts of a run', String(plan.attempts)],
      ['rows', String(plan.rows)],
    ],
    body: [
      paragraph(strong(text.plannerSentence(comparison))),
      {
        kind: 'claims',
        claims: effects.map((effect) => ({
          tag: effect.verdict.replace('-', ' '),
          tone: effect.verdict,
          sentence: text.effectSentence(effect),
        })),
      },
      { kind: 'callout', paragraphs: text.caveatsOf(comparison) },
      heading(2, 'Differences'),
      figure(
        effectPlot(comparison),
        'Points on the test: each pair of runs (ring), their mean (dot) and its 95 % interval.',
      ),
      table(text.effectHead, text.effectCells(comparison)),
      heading(2, 'Arms'),
      paragraph(`Share right on the test: ${text.headlineText(comparison)}.`),
      figure(armPlot(comparison), 'Share right (%): each run (ring), their mean (dot) and its 95 % interval.'),
      table(text.armHead, text.armCells(comparison)),
      heading(2, 'What each arm used'),
      paragraph(
        'In the mean of its runs. Calls are requests to the teacher; what the planner’s own model was asked stands beside them.',
      ),
      table(text.useHead, text.useCells(comparison)),
      heading(2, 'Runs'),
      table(text.runHead, text.runCells(comparison)),
    ],
    footer: ['Every number here is in ', code('comparison.json'), ' beside this file. Each run has its own report.'],
  }
}

/** `comparison.html`. */
export const renderHtml = (comparison: Comparison): string => htmlOf(comparisonDocument(comparison))

/** `comparison.md`. */
export const renderMarkdown = (comparison: Comparison): string => markdownOf(comparisonDocument(comparison))

/** Each arm's runs, their mean and its interval; null where no run ended with a result. */
const armPlot = ({ arms }: Comparison): Markup | null =>
  runLines(
    arms.map(({ arm, score }) => ({ name: arm, over: score })),
    {
      label: 'Score of each run by arm, with means and 95 % intervals',
      axis: '% right',
      zero: false,
      write: percent,
    },
  )

/** Each effect's pairs, their mean and its interval, about zero. */
const effectPlot = ({ effects }: Comparison): Markup | null =>
  runLines(
    effects.map((effect) => ({ name: text.armsText(effect), over: effect.differences })),
    {
      label: 'Difference of each pair by effect, with means and 95 % intervals',
      axis: 'points',
      zero: true,
      write: points,
    },
  )
