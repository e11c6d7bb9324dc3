import { plural } from '../../../schemas/number-text.ts'
import type { Row } from '../../../schemas/row.ts'
import { absent, type Blocks, heading, note, strong } from '../document/document.ts'
import type { ReportData } from '../report-data.ts'
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
  ]
}

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
