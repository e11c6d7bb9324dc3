import { type Block, code, type Document, figure, heading, paragraph, strong, table } from '../document/document.ts'
import { htmlOf } from '../document/html.ts'
import { markdownOf } from '../document/markdown.ts'
import type { Markup } from '../document/markup.ts'
import { runLines } from '../plots/run-lines.ts'
import { intervalText, missing, numberText, percent, percentNumber, pNumber, points } from '../text/format.ts'
import type { Comparison } from './analyse.ts'
import { agentTable, rowTables, settingTable, yieldTable } from './document-made.ts'
import type { ArmUse } from './equality.ts'
import { armsText, comparisonCaveats, comparisonHeadline, effectName, effectSentence, plannerSentence } from './text.ts'

function comparisonDocument(comparison: Comparison): Document {
  const { plan, effects } = comparison
  return {
    tab: plan.name,
    kind: plan.varied ? 'comparison of arms: was it worth it?' : 'comparison of planners: were they worth it?',
    title: plan.name,
    facts: [
      ['task', plan.task],
      ['pairs', String(plan.pairs)],
      ['attempts of a run', String(plan.attempts)],
      ['rows', String(plan.rows)],
    ],
    body: [
      paragraph(strong(plannerSentence(comparison))),
      {
        kind: 'claims',
        claims: effects.map((effect) => ({
          tag: effect.conclusion.replace('-', ' '),
          tone: effect.conclusion,
          sentence: effectSentence(effect),
        })),
      },
      { kind: 'callout', paragraphs: comparisonCaveats(comparison) },
      heading(2, 'Differences'),
      figure(
        effectPlot(comparison),
        'Points on the test: each pair of runs (ring), their mean (dot) and its 95 % interval.',
      ),
      effectTable(comparison),
      heading(2, 'Arms'),
      paragraph(`Share right on the test: ${comparisonHeadline(comparison)}.`),
      figure(armPlot(comparison), 'Share right (%): each run (ring), their mean (dot) and its 95 % interval.'),
      armTable(comparison),
      settingTable(plan),
      agentTable(comparison),
      heading(2, 'What each arm used'),
      paragraph(
        'In the mean of its runs. Calls are requests to the teacher; what the planner’s own model was asked stands beside them.',
      ),
      useTable(comparison),
      yieldTable(comparison),
      rowTables(comparison),
      heading(2, 'Runs'),
      runTable(comparison),
    ],
    footer: ['Every number here is in ', code('comparison.json'), ' beside this file. Each run has its own report.'],
  }
}

export const comparisonHtml = (comparison: Comparison): string => htmlOf(comparisonDocument(comparison))

export const comparisonMarkdown = (comparison: Comparison): string => markdownOf(comparisonDocument(comparison))

/** Each arm's runs, their mean and its interval; null where no run ended with a result. */
const armPlot = ({ arms }: Comparison): Markup | null =>
  runLines(
    arms.map(({ arm, score }) => ({ name: arm, over: score })),
    {
      label: 'Score of each run by arm, with means and 95 % intervals',
      isDifference: false,
      write: percent,
    },
  )

/** Each effect's pairs, their mean and its interval, about zero. */
const effectPlot = ({ effects }: Comparison): Markup | null =>
  runLines(
    effects.map((effect) => ({ name: armsText(effect), over: effect.differences })),
    {
      label: 'Difference of each pair by effect, with means and 95 % intervals',
      isDifference: true,
      write: points,
    },
  )

const armTable = ({ arms }: Comparison): Block =>
  table(
    ['Arm', 'Runs', 'Mean, %', 'Interval', 'Deviation', 'Each run'],
    arms.map(({ arm, score }) => [
      arm,
      String(score?.runs ?? 0),
      percentNumber(score?.mean ?? null),
      intervalText(score?.interval, percentNumber),
      percentNumber(score?.sd ?? null),
      (score?.values ?? []).map(percentNumber).join(', '),
    ]),
  )

const effectTable = ({ effects }: Comparison): Block =>
  table(
    ['Effect', 'Pairs', 'Points', 'Interval', 'p', 'p adjusted', 'Each pair'],
    effects.map((effect) => [
      `${effectName(effect)}${effect.primary ? ', primary' : ''}`,
      String(effect.pairs.length),
      points(effect.differences?.mean ?? null),
      intervalText(effect.differences?.interval, points),
      effect.differences ? pNumber(effect.p) : missing,
      effect.differences && !effect.primary ? pNumber(effect.adjustedP) : missing,
      (effect.differences?.values ?? []).map(points).join(', '),
    ]),
  )

const useTable = ({ uses }: Comparison): Block =>
  table(
    [
      'Arm',
      'Rows of a dataset',
      'Trainings',
      'Scores on validation',
      'Teacher calls',
      'Candidates',
      'Planner calls',
      'Planner tokens',
      'Money, $',
      'As the leading arm',
    ],
    uses.map(useLine),
  )

function useLine(use: ArmUse): string[] {
  const { fewest, most } = use.rows
  return [
    use.arm,
    fewest === most ? numberText(most) : `${numberText(fewest)} to ${numberText(most)}`,
    numberText(use.trainings, 1),
    numberText(use.validationScores, 1),
    numberText(use.teacherCalls, 1),
    numberText(use.candidates, 1),
    numberText(use.plannerCalls, 1),
    numberText(use.plannerTokens),
    use.money === null ? 'price unknown' : numberText(use.money, 2),
    use.unequal.length === 0 ? 'yes' : `no: ${use.unequal.join('; ')}`,
  ]
}

const runTable = ({ runs }: Comparison): Block =>
  table(
    ['Run', 'Pair', 'Arm', 'Seed', 'Status', 'Score, %', 'Base, %'],
    runs.map(({ runId, pair, arm, seed, status, score, base }) => [
      runId,
      String(pair),
      arm,
      String(seed),
      status,
      percentNumber(score),
      percentNumber(base),
    ]),
  )
