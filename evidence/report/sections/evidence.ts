import { plural } from '../../../schemas/number-text.ts'
import type { EvidenceFacts } from '../contrasts.ts'
import { type Blocks, code, figures, heading, list, number, paragraph, table } from '../document/document.ts'
import type { ReportData } from '../report-data.ts'
import { numberText, percent, shortHash } from '../text/format.ts'
import { labelOf } from '../text/names.ts'

/** What the result was compared with, and what was not measured. */
export function evidence({ evidence: facts }: ReportData): Blocks {
  const { arms, comparison, swap, unmeasured } = facts
  return [
    heading(2, 'What was compared, and what was not'),
    arms.length > 0 && table(['Arm', number('Rows'), 'Dataset', 'Remark'], armRows(facts)),
    comparison &&
      paragraph(
        `Planner effect: see the comparison ${comparison.name} (../${comparison.name}/comparison.html), of which this run is pair ${comparison.pair} of ${comparison.arm}.`,
      ),
    ladder(facts),
    swap && [
      paragraph(
        `Validation was swapped: half A guided the attempts before ${swap.at}, half B those from ${swap.at} on. What was there at the swap was scored on half B from its replies, without a training.`,
      ),
      figures(
        ['Student model', 'Half A', 'Half B'],
        swap.halves.map(({ studentModel, a, b }) => [labelOf(studentModel), percent(a.share), percent(b.share)]),
      ),
    ],
    unmeasured.length > 0 && [
      heading(3, 'Not measured in this run'),
      list(unmeasured.map(({ what, how }) => [what, ': ', code(how)])),
    ],
  ]
}

function armRows({ arms }: EvidenceFacts): string[][] {
  const wanted = arms.find(({ arm }) => arm === 'final')?.rows ?? null
  return arms.map(({ arm, rows, datasetHash, sameAs, leftOut, refused }) => {
    const remarks = [
      leftOut !== null && `left out: ${leftOut}`,
      sameAs !== null && `the very dataset of ${labelOf(sameAs).toLowerCase()}: its result`,
      leftOut === null &&
        wanted !== null &&
        rows !== wanted &&
        `${rows < wanted ? 'fewer' : 'more'} rows than the final`,
      refused && `${refused} ${plural(refused, 'row')} that copy an item were refused`,
    ]
    return [labelOf(arm), numberText(rows), shortHash(datasetHash), remarks.filter(Boolean).join('; ')]
  })
}

/** How validation was kept from being learned by heart; null where nothing kept it. */
function ladder({ ladder, keptBack }: EvidenceFacts): Blocks {
  if (ladder === 'off') return null
  const kept = keptBack.map(({ studentModel, shownAs }) => `${labelOf(studentModel)} (shown: ${labelOf(shownAs)})`)
  return paragraph(
    `Validation was answered by the Ladder: a student model that was not above the best one shown by more than chance was shown that one’s scores. ${
      kept.length > 0 ? `Kept back: ${kept.join(', ')}.` : 'No student model was kept back.'
    }`,
  )
}
