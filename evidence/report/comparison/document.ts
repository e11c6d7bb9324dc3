import { code, type Document, figure, heading, paragraph, strong, table } from '../document/document.ts'
import { htmlOf } from '../document/html.ts'
import { markdownOf } from '../document/markdown.ts'
import type { Comparison } from './analyse.ts'
import { armPlot, effectPlot } from './plots.ts'
import * as told from './text.ts'

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
      paragraph(strong(told.plannerSentence(comparison))),
      {
        kind: 'claims',
        claims: effects.map((effect) => ({
          tag: effect.verdict.replace('-', ' '),
          tone: effect.verdict,
          sentence: told.effectSentence(effect),
        })),
      },
      { kind: 'callout', paragraphs: told.caveatsOf(comparison) },
      heading(2, 'Differences'),
      figure(
        effectPlot(comparison),
        'Points on the test: each pair of runs (ring), their mean (dot) and its 95 % interval.',
      ),
      table(told.effectHead, told.effectCells(comparison)),
      heading(2, 'Arms'),
      paragraph(`Share right on the test: ${told.headlineText(comparison)}.`),
      figure(armPlot(comparison), 'Share right (%): each run (ring), their mean (dot) and its 95 % interval.'),
      table(told.armHead, told.armCells(comparison)),
      heading(2, 'What each arm used'),
      paragraph(
        'In the mean of its runs. Calls are requests to the teacher; what the planner’s own model was asked stands beside them.',
      ),
      table(told.useHead, told.useCells(comparison)),
      heading(2, 'Runs'),
      table(told.runHead, told.runCells(comparison)),
    ],
    footer: ['Every number here is in ', code('comparison.json'), ' beside this file. Each run has its own report.'],
  }
}

/** `comparison.html`. */
export const renderHtml = (comparison: Comparison): string => htmlOf(comparisonDocument(comparison))

/** `comparison.md`. */
export const renderMarkdown = (comparison: Comparison): string => markdownOf(comparisonDocument(comparison))
