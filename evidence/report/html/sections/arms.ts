import type { Comparison, Contrasts } from '../../contrasts.ts'
import { html, type Markup } from '../../markup.ts'
import { armMeans } from '../../plots/arm-means.ts'
import { skillDifferences } from '../../plots/skill-differences.ts'
import type { ReportData, SealedResults } from '../../report-data.ts'
import {
  adjustedText,
  armName,
  differenceName,
  gainNote,
  intervalNote,
  primaryText,
  testsText,
} from '../../text/contrasts.ts'
import { gainText, itemsText, numberText, percent, percentNumber, points } from '../../text/format.ts'
import { allParts, labelOf } from '../../text/names.ts'
import {
  repliesAbsent,
  replyHead,
  replyLines,
  replyNote,
  trivialCaption,
  trivialDifferenceName,
  trivialName,
  trivialText,
} from '../../text/replies.ts'
import { skillNote } from '../../text/skills.ts'
import { absent, type Cell, figure, range, table, tone } from '../parts.ts'

type Mode = 'strict' | 'lenient'

/** The arms over their seeds, the primary comparison, and the others. */
export function arms(data: ReportData & { sealed: SealedResults }): Markup {
  const { sealed, task } = data
  const { contrasts } = sealed
  const [headline, primary] = [sealed.parts[0] ?? allParts, task?.primary ?? 'strict'] as const
  const other: Mode = primary === 'strict' ? 'lenient' : 'strict'
  const { part, mode, arm, against } = contrasts.primary
  const secondary = adjustedText(contrasts)
  return html`<h3>Arms</h3>
<p><b>${primaryText(sealed)}</b></p>
${secondary ? html`<p>${secondary}</p>` : ''}
${figure(armMeans(sealed, part, mode), `Share right (%) on ${labelOf(part)}, ${mode}: each arm’s mean over its seeds (dot) with its interval, and each seed (ring).${trivialCaption(contrasts.trivial?.[part]?.[mode])}`)}
${means(sealed, headline, primary, other)}
${replied(contrasts)}
<h3>Differences</h3>
${differences(sealed, headline, primary, other)}
<p class="note">${intervalNote(data)}</p>
${figure(
  skillDifferences(contrasts.skills, 'Difference of the primary comparison'),
  `${differenceName({ of: arm, to: against })} by skill, in points, ${mode}, all parts, with 95 % intervals. ${skillNote(contrasts.skills)}`,
)}
${skillTable(contrasts)}`
}

/** What the arms replied, where the log says it. */
function replied({ replies, trivial }: Contrasts): Markup {
  if (!trivial) return absent(repliesAbsent)
  return html`<h3>What the arms replied</h3>
${table({
  head: replyHead.map((text, column) => (column === 0 ? { text } : { text, kind: 'number' })),
  rows: replyLines(replies).map((cells) => ({
    cells: cells.map((text, column) => (column === 0 ? { text } : { text, kind: 'number' as const })),
  })),
})}
<p class="note">${replyNote}</p>`
}

const column = ({ contrasts }: SealedResults, part: string, headline: string): Cell => ({
  text: labelOf(part),
  under: [itemsText(contrasts.arms[0]?.parts[part]?.strict ?? { items: 0, groups: 0 })],
  kind: 'number',
  lead: part === headline,
})

function means(sealed: SealedResults, headline: string, primary: Mode, other: Mode): Markup {
  return table({
    caption: `Share right, ${primary}, mean over the arm’s seeds with its interval; each seed, and ${other}, under it.`,
    head: [
      { text: 'Arm' },
      { text: 'Rows', kind: 'number' },
      ...sealed.parts.map((part) => column(sealed, part, headline)),
    ],
    rows: [
      ...trivialRow(sealed, headline, primary, other),
      ...sealed.contrasts.arms.map((result) => ({
        className: result.arm,
        cells: [
          { text: armName(result) },
          { text: numberText(result.rows), kind: 'number' as const },
          ...sealed.parts.map((part): Cell => {
            const mean = result.parts[part]
            if (!mean) return { text: percent(null), kind: 'number', lead: part === headline }
            const seeds = mean[primary].perSeed
            const under = [
              range(mean[primary].interval, percentNumber),
              ...(seeds.length > 1 ? [`seeds ${seeds.map(percentNumber).join(', ')}`] : []),
              `${other} ${percent(mean[other].value)}`,
            ]
            return { text: percent(mean[primary].value), under, kind: 'number', lead: part === headline }
          }),
        ],
      })),
    ],
  })
}

/** The best that answering without knowing anything scores, part by part. */
function trivialRow({ contrasts, parts }: SealedResults, headline: string, primary: Mode, other: Mode) {
  const { trivial } = contrasts
  if (!trivial) return []
  const cells = parts.map((part): Cell => {
    const best = trivial[part]
    if (!best) return { text: percent(null), kind: 'number', lead: part === headline }
    const under = [trivialText(best[primary]), `${other} ${percent(best[other].value)}`]
    return { text: percent(best[primary].value), under, kind: 'number', lead: part === headline }
  })
  return [
    {
      className: 'trivial',
      cells: [{ text: trivialName }, { text: numberText(null), kind: 'number' as const }, ...cells],
    },
  ]
}

function differences(sealed: SealedResults, headline: string, primary: Mode, other: Mode): Markup {
  const { contrasts } = sealed
  if (contrasts.comparisons.length === 0) return absent('The opened list does not hold the candidates to compare.')
  const gain = contrasts.arms.find(({ arm }) => arm === 'final')?.gains ?? {}
  const gainCell = (part: string): Cell => ({
    text: gainText(gain[part]?.[primary] ?? null),
    under: [`${other} ${gainText(gain[part]?.[other] ?? null)}`],
    kind: 'number',
    lead: part === headline,
  })
  return table({
    caption: `Percentage points, ${primary}, with interval; items won and lost with seed ${contrasts.primary.seedIndex}; ${other} under it. ${gainNote}`,
    head: [{ text: 'Difference' }, ...sealed.parts.map((part) => column(sealed, part, headline))],
    rows: [
      ...trivialDifference(sealed, headline, primary, other),
      ...contrasts.comparisons.map((comparison) => ({
        cells: [
          { text: differenceName(comparison) },
          ...sealed.parts.map((part) => differenceCell(comparison, contrasts, part, headline, primary, other)),
        ],
      })),
      { cells: [{ text: 'Gain over base' }, ...sealed.parts.map(gainCell)] },
    ],
  })
}

/** The final minus the best that answering without knowing anything scores. */
function trivialDifference({ contrasts, parts }: SealedResults, headline: string, primary: Mode, other: Mode) {
  const { trivial } = contrasts
  if (!trivial) return []
  const differences = Object.fromEntries(
    parts.flatMap((part) => {
      const [strict, lenient] = [trivial[part]?.strict.difference, trivial[part]?.lenient.difference]
      return strict && lenient ? [[part, { strict, lenient }]] : []
    }),
  )
  const cells = parts.map((part) => differenceCell({ parts: differences }, contrasts, part, headline, primary, other))
  return [{ cells: [{ text: trivialDifferenceName }, ...cells] }]
}

function differenceCell(
  comparison: Pick<Comparison, 'parts'>,
  contrasts: Contrasts,
  part: string,
  headline: string,
  primary: Mode,
  other: Mode,
): Cell {
  const difference = comparison.parts[part]
  if (!difference) return { text: points(null), kind: 'number', lead: part === headline }
  const [main, second] = [difference[primary], difference[other]]
  const under = [
    range(main.interval, points),
    `${main.gained} won, ${main.lost} lost`,
    ...(part === headline ? testsText(main, contrasts) : []),
    `${other} ${points(second.value)}`,
    range(second.interval, points),
  ]
  return { text: points(main.value), under, kind: 'number', lead: part === headline, tone: tone(main.interval) }
}

function skillTable({ skills, primary }: Contrasts): Markup {
  if (skills.length === 0) return html``
  return table({
    head: [
      { text: 'Skill' },
      { text: 'Asked', kind: 'number' },
      { text: differenceName({ of: primary.arm, to: primary.against }), under: [primary.mode], kind: 'number' },
    ],
    rows: skills.map(({ skill, value, interval, ...asked }) => ({
      cells: [
        { text: skill },
        { text: itemsText(asked), kind: 'number' as const },
        { text: points(value), under: [range(interval, points)], kind: 'number' as const },
      ],
    })),
  })
}
