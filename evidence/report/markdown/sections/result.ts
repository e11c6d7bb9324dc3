import type { ReportData } from '../../report-data.ts'
import { armName } from '../../text/contrasts.ts'
import { percent, percentNumber, points, rangeText } from '../../text/format.ts'
import { labelAmong, labelOf } from '../../text/names.ts'
import { skillSizes } from '../../text/skills.ts'
import { auditNote, submissionsNote } from '../../text/words.ts'
import { markdownTable, escapeMarkdown as text } from '../escape.ts'
import { armsSection } from './arms.ts'
import { retentionSection } from './retention.ts'

/** The sealed test: scores, arms, and the audit. */
export function resultSection(data: ReportData): string[] {
  const { sealed, task } = data
  if (!sealed) {
    return ['## Result', 'The test was not opened. There is no result, only what the search saw on validation.']
  }
  const primary = task?.primary ?? 'strict'
  const other = primary === 'strict' ? 'lenient' : 'strict'
  const parts = sealed.parts.map(labelOf)
  const all = sealed.test.map(({ candidate }) => candidate)
  const adapters = ([primary, other] as const).flatMap((mode) => [
    `### Every adapter by itself, ${mode}${mode === primary ? ' (primary)' : ''}`,
    markdownTable(
      ['Candidate', ...parts],
      sealed.test.map((paper) => [
        labelAmong(paper.candidate, all),
        ...sealed.parts.map((part) => {
          const rate = paper.parts[part]?.[mode]
          return percent(rate?.share ?? null) + rangeText(rate?.interval ?? null, percentNumber)
        }),
      ]),
    ),
  ])
  const [headline = ''] = sealed.parts
  const severalParts = sealed.parts.length > 1
  const audit = sealed.auditMinusTest.map((comparison) => {
    const difference = (which: 'headline' | 'all') =>
      points(comparison[which][primary].value) + rangeText(comparison[which][primary].interval, points)
    const mean = comparison.parts[headline]?.[primary]
    const share = percent(mean?.value ?? null) + rangeText(mean?.interval ?? null, percentNumber)
    return [armName(comparison), share, difference('headline'), ...(severalParts ? [difference('all')] : [])]
  })
  return [
    '## Result on the sealed test',
    `The first column, ${text(labelOf(headline))}, is the headline. Opening ${sealed.opening} of this test.`,
    ...armsSection({ ...data, sealed }),
    '### Audit beside it',
    ...(audit.length > 0
      ? [
          markdownTable(
            [
              'Arm',
              `Audit, ${labelOf(headline)}`,
              `Audit − test, ${labelOf(headline)}`,
              ...(severalParts ? ['Audit − test, parts that both have'] : []),
            ],
            audit,
          ),
        ]
      : []),
    text(auditNote(sealed)),
    `### By skill, all parts of the test, ${primary}, means over seeds`,
    markdownTable(
      ['Skill', 'Asked', ...sealed.contrasts.arms.map(armName)],
      skillSizes(sealed).map(({ skill, size }) => [
        skill,
        size,
        ...sealed.contrasts.arms.map(({ skills }) => {
          const mean = skills[skill]?.[primary]
          return percent(mean?.value ?? null) + rangeText(mean?.interval ?? null, percentNumber)
        }),
      ]),
    ),
    ...retentionSection(sealed),
    ...adapters,
    ...(all.some((candidate) => candidate.startsWith('attempt-')) ? [text(submissionsNote)] : []),
  ]
}
