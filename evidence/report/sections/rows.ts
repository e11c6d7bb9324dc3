import type { FailureCause } from '../../../schemas/guidance.ts'
import { plural } from '../../../schemas/number-text.ts'
import type { Row } from '../../../schemas/row.ts'
import { absent, type Blocks, heading, note, strong, table } from '../document/document.ts'
import type { ReportData } from '../report-data.ts'
import { pNumber } from '../text/format.ts'
import { labelOf } from '../text/names.ts'

/** Rows of the dataset and validation items that went wrong, as they are. */
export function rows({ samples, badCases }: ReportData): Blocks {
  return [
    heading(2, 'Rows, and what still goes wrong'),
    samples
      ? [
          heading(3, `Rows of attempt ${samples.attempt}, two a skill, drawn without looking`),
          samples.rows.map(
            (row): Blocks => ({
              kind: 'exhibit',
              about: [row.skill, ' · ', { mark: 'mono', text: row.id }, ' · ', originText(row)],
              instruction: row.instruction,
              input: row.input,
              reply: row.output,
            }),
          ),
        ]
      : [heading(3, 'Sample rows'), absent('No dataset could be read.')],
    heading(
      3,
      badCases
        ? `Validation items that ${labelOf(badCases.studentModel).toLowerCase()} got wrong`
        : 'Failed validation items',
    ),
    note('A sample, as the planner saw it. Items of the sealed test are never shown.'),
    badCases && badCases.cases.length > 0
      ? {
          kind: 'details',
          summary: `${badCases.cases.length} ${plural(badCases.cases.length, 'item')}`,
          body: badCases.cases.map(({ skill, part, reason, expected, input, reply }) => ({
            kind: 'exhibit',
            about: [skill, ' · ', labelOf(part), ' · ', reason, ' · expected ', strong(expected)],
            input,
            reply,
            isWrong: true,
          })),
        }
      : absent(badCases ? 'None.' : 'No attempt was scored.'),
    badCases?.causes ? causesBlocks({ ...badCases, causes: badCases.causes }) : [],
  ]
}

/** What an analyst named, as far as it held when it was counted. */
function causesBlocks({ causes, hypotheses = 0, analysisFault }: CausesShown): Blocks {
  const share = ({ wrong, total }: FailureCause['with']) => `${wrong} of ${total}`
  return [
    heading(3, 'What failed items have in common'),
    note(
      'Named by a model from some of the validation items, and counted over the others. One-sided exact test; the level is divided by the number of hypotheses.',
    ),
    causes.length > 0
      ? table(
          ['Property of the question', 'Wrong with it', 'Wrong without it', 'p'],
          causes.map(({ statement, pValue, ...counts }) => [
            statement,
            share(counts.with),
            share(counts.without),
            pNumber(pValue),
          ]),
        )
      : absent(
          `None of ${hypotheses} ${plural(hypotheses, 'hypothesis', 'hypotheses')} held${analysisFault ? `: ${analysisFault}` : ''}.`,
        ),
  ]
}
type CausesShown = NonNullable<ReportData['badCases']> & { causes: FailureCause[] }

function originText({ origin }: Row): string {
  const { generator, phrasing, range, difficulty } = origin
  return [
    `generator ${generator}`,
    phrasing && `phrasing ${phrasing}`,
    range && `${range} range`,
    difficulty !== undefined && `difficulty ${difficulty}`,
  ]
    .filter(Boolean)
    .join(', ')
}
