import { plural } from '../../../schemas/number-text.ts'
import type { ScoreMode } from '../../../schemas/task.ts'
import { armPlot } from '../../../trace/plots/arms.ts'
import {
  absent,
  type Blocks,
  type Cell,
  figure,
  heading,
  note,
  number,
  paragraph,
  table,
} from '../document/document.ts'
import type { Markup } from '../document/markup.ts'
import { draw, modelColour } from '../plots/draw.ts'
import type { AuditComparison, ReportData, SealedResults } from '../report-data.ts'
import { itemsText, missing, percent, percentNumber, points } from '../text/format.ts'
import { armName, labelAmong, labelOf } from '../text/names.ts'
import { arms } from './arms.ts'
import { retention } from './retention.ts'
import { partColumn, range, type Scoring, scoringOf, tone, underBoth } from './scores.ts'

/** The sealed test: scores, arms, the audit beside it, and the skills. */
export function result(data: ReportData): Blocks {
  const { sealed } = data
  if (!sealed) {
    const sentence = 'There was no final evaluation. There is no result, only what the search saw on validation.'
    return [heading(2, 'Result'), absent(sentence)]
  }
  const scoring = scoringOf(data)
  const { headline, primary } = scoring
  return [
    heading(2, 'Result on the sealed test'),
    paragraph(
      `The marked column, ${labelOf(headline)}, is the headline. Final evaluation ${sealed.finalEvalNumber} of this test. ${partMeanings(sealed)}`,
    ),
    arms({ ...data, sealed }),
    heading(3, 'Audit beside it'),
    audit(sealed, scoring),
    note(auditNote(sealed)),
    heading(3, 'By skill, all parts of the test'),
    skills(sealed, primary),
    retention(sealed),
    heading(3, 'Every adapter by itself'),
    sealed.test.some(({ studentModel }) => studentModel.startsWith('attempt-')) &&
      note(
        'The attempts of the search were evaluated on the test after it had ended. Nothing was chosen by that; the best of several looks better here than it is.',
      ),
    figure(
      partScores(sealed, primary),
      `Share right on each part of the test, ${primary} scoring, with 95 % intervals over items: of this adapter only.`,
    ),
    adapters(sealed, scoring),
  ]
}

/** What a part of the test holds; a part of a task's own has no entry. */
const meanings: Readonly<Record<string, string>> = {
  'heldout-phrasing': 'wordings that no training row has',
  'heldout-range': 'numbers from ranges that no training row reaches',
  handwritten: 'written by hand, outside all templates',
  'in-template': 'new problems in the manner of the training rows',
}

/** The headline first: what each part holds. */
function partMeanings({ parts }: SealedResults): string {
  const known = parts.flatMap((part) => (meanings[part] ? [`${labelOf(part)}: ${meanings[part]}`] : []))
  return known.length > 0 ? `What the parts are: ${known.join('; ')}.` : ''
}

function adapters({ test, parts }: SealedResults, scoring: Scoring): Blocks {
  const all = test.map(({ studentModel }) => studentModel)
  const asked = (part: string) => {
    const { total = 0, groups = 0 } = test[0]?.parts[part]?.strict ?? {}
    return { items: total, groups }
  }
  return table(
    ['Student model', ...parts.map((part) => partColumn(part, scoring, asked(part)))],
    test.map(({ studentModel, parts: rates, truncated, items }) => ({
      name: studentModel,
      cells: [
        {
          text: labelAmong(studentModel, all),
          under: [`${truncated} of ${items} ${plural(items, 'reply', 'replies')} cut`],
        },
        ...parts.map((part) =>
          underBoth(
            rates[part],
            scoring,
            ({ share }) => percent(share),
            ({ interval }) => [range(interval, percentNumber)],
          ),
        ),
      ],
    })),
    `Share right, ${scoring.primary} scoring (primary), with its 95 % interval over items; ${scoring.other} under it.`,
  )
}

function audit({ auditMinusTest, contrasts, parts }: SealedResults, scoring: Scoring): Blocks {
  if (auditMinusTest.length === 0) return null
  const { headline, primary } = scoring
  const hasOthers = parts.length > 1
  const share = (means: AuditComparison['parts'] | undefined) => meanCell(means?.[headline]?.[primary])
  const difference = (figures: AuditComparison['all']): Cell => ({
    ...underBoth(
      figures,
      scoring,
      ({ value }) => points(value),
      ({ interval, items }, mode) => [
        range(interval, points),
        mode === primary && `${items[0]} and ${items[1]} ${plural(items[1], 'item')}`,
      ],
    ),
    tone: tone(figures[primary].interval),
  })
  return table(
    [
      'Arm',
      number(`Test, ${labelOf(headline)}`),
      number(`Audit, ${labelOf(headline)}`),
      { ...number('Audit − test', labelOf(headline)), isLead: true },
      ...(hasOthers ? [number('Audit − test', 'parts that both have')] : []),
    ],
    auditMinusTest.map((comparison) => ({
      name: comparison.arm,
      cells: [
        armName(comparison),
        share(contrasts.arms.find(({ arm }) => arm === comparison.arm)?.parts),
        share(comparison.parts),
        difference(comparison.headline),
        ...(hasOthers ? [difference(comparison.all)] : []),
      ],
    })),
  )
}

/** Where the audit's items come from, and how it is compared with the test. */
function auditNote({ audit, auditSeed }: Pick<SealedResults, 'audit' | 'auditSeed'>): string {
  if (audit.length === 0)
    return 'The task has no audit: none was set aside, and it has no procedure that could draw one.'
  const origin =
    auditSeed === null
      ? 'The audit is a third set of the task’s own, sealed as the test until the search had stopped; rows that repeat one of its questions were refused.'
      : 'The audit is a set of new items, drawn by the evaluator after the search had stopped, whose problems are in no dataset, validation or test.'
  return `${origin} Its items differ from the test’s, so the difference is bootstrapped unpaired over groups of items, within each part that both have; the adapters of an arm are averaged and taken as they are.`
}

function skills({ contrasts: { arms } }: SealedResults, primary: ScoreMode): Blocks {
  const names = [...new Set(arms.flatMap(({ skills }) => Object.keys(skills)))].sort()
  return table(
    ['Skill', ...arms.map(({ arm, seeds }) => number(labelOf(arm), seeds.length > 1 ? `${seeds.length} seeds` : ''))],
    names.map((skill) => {
      const asked = arms.find(({ skills }) => skill in skills)!.skills[skill]!.strict
      return [
        { text: skill, under: [itemsText(asked)] },
        ...arms.map(({ skills }) => meanCell(skills[skill]?.[primary])),
      ]
    }),
    `Share right, ${primary}, mean over the arm’s seeds with its interval.`,
  )
}

const meanCell = (mean: { value: number; interval: { low: number; high: number } | null } | undefined): Cell =>
  mean ? { text: percent(mean.value), under: [range(mean.interval, percentNumber)] } : missing

/** Score of each student model on each part of the test, with its Wilson interval. */
function partScores(sealed: SealedResults, mode: 'strict' | 'lenient'): Markup {
  const all = sealed.test.map(({ studentModel }) => studentModel)
  const studentModels = all.map((studentModel) => labelAmong(studentModel, all))
  const points = sealed.test.flatMap(({ studentModel, parts }) =>
    sealed.parts.flatMap((part) => {
      const { share, interval } = parts[part]?.[mode] ?? {}
      if (share == null || !interval) return []
      const [name, panel, colour] = [labelAmong(studentModel, all), labelOf(part), modelColour(studentModel)]
      return [{ name, panel, colour, share, ...interval, title: `${name}, ${panel}: ${percent(share)}` }]
    }),
  )
  return draw(
    'Score of each student model on each part of the test, with 95 % intervals',
    armPlot(points, {
      panels: 'fx',
      width: 960,
      height: 80 + 30 * studentModels.length,
      marginLeft: 190,
      marginRight: 16,
      marginTop: 34,
      x: { ticks: [0, 50, 100] },
      y: { domain: studentModels },
      fx: { domain: sealed.parts.map(labelOf), label: null, padding: 0.28 },
    }),
  )
}
