import { html, type Markup } from '../../markup.ts'
import { partScores } from '../../plots/part-scores.ts'
import type { AuditComparison, ReportData, SealedResults } from '../../report-data.ts'
import { armName } from '../../text/contrasts.ts'
import { itemsText, percent, percentNumber, points } from '../../text/format.ts'
import { allParts, labelAmong, labelOf, meaningOf } from '../../text/names.ts'
import { skillSizes } from '../../text/skills.ts'
import { auditNote, submissionsNote } from '../../text/words.ts'
import { absent, type Cell, figure, range, table, tone } from '../parts.ts'
import { arms } from './arms.ts'
import { retention } from './retention.ts'

type Mode = 'strict' | 'lenient'

/** The sealed test: scores, arms, the audit beside it, and the skills. */
export function result(data: ReportData): Markup {
  const { sealed, task } = data
  if (!sealed) {
    return html`<h2>Result</h2>${absent('The test was not opened. There is no result, only what the search saw on validation.')}`
  }
  const [headline, primary] = [sealed.parts[0] ?? allParts, task?.primary ?? 'strict'] as const
  const other: Mode = primary === 'strict' ? 'lenient' : 'strict'
  return html`<h2>Result on the sealed test</h2>
<p>The marked column, ${labelOf(headline)}, is the headline. Opening ${sealed.opening} of this test. ${partMeanings(sealed)}</p>
${arms({ ...data, sealed })}
<h3>Audit beside it</h3>
${audit(sealed, primary, other)}
<p class="note">${auditNote(sealed)}</p>
<h3>By skill, all parts of the test</h3>
${skills(sealed, primary)}
${retention(sealed)}
<h3>Every adapter by itself</h3>
${sealed.test.some(({ candidate }) => candidate.startsWith('attempt-')) ? html`<p class="note">${submissionsNote}</p>` : ''}
${figure(
  partScores(sealed, primary),
  `Share right on each part of the test, ${primary} scoring, with 95 % intervals over items: of this adapter only.`,
)}
${scores(sealed, headline, primary, other)}`
}

/** The headline first: what each part holds. */
function partMeanings(sealed: SealedResults): string {
  const known = sealed.parts.flatMap((part) => (meaningOf(part) ? [`${labelOf(part)}: ${meaningOf(part)}`] : []))
  return known.length > 0 ? `What the parts are: ${known.join('; ')}.` : ''
}

const column = (part: string, headline: string, sealed: SealedResults): Cell => {
  const { total, groups } = sealed.test[0]?.parts[part]?.strict ?? { total: 0, groups: 0 }
  return { text: labelOf(part), under: [itemsText({ items: total, groups })], kind: 'number', lead: part === headline }
}

function scores(sealed: SealedResults, headline: string, primary: Mode, other: Mode): Markup {
  const all = sealed.test.map(({ candidate }) => candidate)
  return table({
    caption: `Share right, ${primary} scoring, with its 95 % interval over items; ${other} under it.`,
    head: [{ text: 'Candidate' }, ...sealed.parts.map((part) => column(part, headline, sealed))],
    rows: sealed.test.map(({ candidate, parts, cut, items }) => ({
      className: candidate,
      cells: [
        { text: labelAmong(candidate, all), under: [`${cut} of ${items} replies cut`] },
        ...sealed.parts.map((part): Cell => {
          const rates = parts[part]
          const under = [
            range(rates?.[primary].interval ?? null, percentNumber),
            `${other} ${percent(rates?.[other].share ?? null)}`,
          ]
          return { text: percent(rates?.[primary].share ?? null), under, kind: 'number', lead: part === headline }
        }),
      ],
    })),
  })
}

function audit({ auditMinusTest, contrasts, parts }: SealedResults, primary: Mode, other: Mode): Markup {
  if (auditMinusTest.length === 0) return html``
  const cell = (comparison: AuditComparison, which: 'headline' | 'all'): Cell => {
    const [main, second] = [comparison[which][primary], comparison[which][other]]
    const under = [
      range(main.interval, points),
      `${main.items[0]} and ${main.items[1]} items`,
      `${other} ${points(second.value)}`,
      range(second.interval, points),
    ]
    return { text: points(main.value), under, kind: 'number', lead: which === 'headline', tone: tone(main.interval) }
  }
  const [headline = allParts] = parts
  const share = (means: AuditComparison['parts'] | undefined): Cell => {
    const mean = means?.[headline]?.[primary]
    return {
      text: percent(mean?.value ?? null),
      under: [range(mean?.interval ?? null, percentNumber)],
      kind: 'number',
    }
  }
  return table({
    head: [
      { text: 'Arm' },
      { text: `Test, ${labelOf(headline)}`, kind: 'number' },
      { text: `Audit, ${labelOf(headline)}`, kind: 'number' },
      { text: 'Audit − test', under: [labelOf(headline)], kind: 'number', lead: true },
      ...(parts.length > 1 ? [{ text: 'Audit − test', under: ['parts that both have'], kind: 'number' as const }] : []),
    ],
    rows: auditMinusTest.map((comparison) => ({
      className: comparison.arm,
      cells: [
        { text: armName(comparison) },
        share(contrasts.arms.find(({ arm }) => arm === comparison.arm)?.parts),
        share(comparison.parts),
        cell(comparison, 'headline'),
        ...(parts.length > 1 ? [cell(comparison, 'all')] : []),
      ],
    })),
  })
}

function skills(sealed: SealedResults, primary: Mode): Markup {
  const { arms } = sealed.contrasts
  return table({
    caption: `Share right, ${primary}, mean over the arm’s seeds with its interval.`,
    head: [
      { text: 'Skill' },
      ...arms.map(
        ({ arm, seeds }): Cell => ({
          text: labelOf(arm),
          under: seeds.length > 1 ? [`${seeds.length} seeds`] : [],
          kind: 'number',
        }),
      ),
    ],
    rows: skillSizes(sealed).map(({ skill, size }) => ({
      cells: [
        { text: skill, under: [size] },
        ...arms.map(({ skills }): Cell => {
          const mean = skills[skill]?.[primary]
          return {
            text: percent(mean?.value ?? null),
            under: [range(mean?.interval ?? null, percentNumber)],
            kind: 'number',
          }
        }),
      ],
    })),
  })
}
