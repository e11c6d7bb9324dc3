import type { ArmDifference, Comparison, Contrasts } from '../contrasts.ts'
import {
  absent,
  type Blocks,
  type Cell,
  figure,
  figures,
  heading,
  note,
  number,
  paragraph,
  type Row,
  strong,
  table,
} from '../document/document.ts'
import { armMeans } from '../plots/arm-means.ts'
import { skillDifferences } from '../plots/skill-differences.ts'
import type { ReportData, SealedResults } from '../report-data.ts'
import {
  adjustedText,
  armName,
  differenceName,
  gainNote,
  intervalNote,
  primaryText,
  testsText,
} from '../text/contrasts.ts'
import { gainText, missing, numberText, percent, percentNumber, points } from '../text/format.ts'
import { labelOf } from '../text/names.ts'
import { repliesAbsent, replyHead, replyLines, replyNote, trivialCaption, trivialText } from '../text/replies.ts'
import { type Mode, partColumn, range, type Scoring, scoringOf, tone, underBoth } from './scores.ts'
import { skillDifferenceTable } from './skills.ts'

/** The arms over their seeds, the primary comparison, and the others. */
export function arms(data: ReportData & { sealed: SealedResults }): Blocks {
  const { sealed } = data
  const { contrasts } = sealed
  const scoring = scoringOf(data)
  const { part, mode, arm, against } = contrasts.primary
  const secondary = adjustedText(contrasts)
  const { skills } = contrasts
  const difference = differenceName({ of: arm, to: against })
  return [
    heading(3, 'Arms'),
    paragraph(strong(primaryText(sealed))),
    secondary && paragraph(secondary),
    figure(
      armMeans(sealed, part, mode),
      `Share right (%) on ${labelOf(part)}, ${mode}: each arm’s mean over its seeds (dot) with its interval, and each seed (ring).${trivialCaption(contrasts.trivial?.[part]?.[mode])}`,
    ),
    means(sealed, scoring),
    replied(contrasts),
    heading(3, 'Differences'),
    differences(sealed, scoring),
    note(intervalNote(data)),
    figure(
      skillDifferences(skills, 'Difference of the primary comparison'),
      `${difference} by skill, in points, ${mode}, all parts, with 95 % intervals.`,
    ),
    skillDifferenceTable(skills, 'Skill', number(difference, 'points', mode, 'all parts')),
  ]
}

/** What the arms replied, where the log says it. */
const replied = ({ replies, trivial }: Contrasts): Blocks =>
  trivial
    ? [heading(3, 'What the arms replied'), figures(replyHead, replyLines(replies)), note(replyNote)]
    : absent(repliesAbsent)

const partColumns = ({ contrasts, parts }: SealedResults, scoring: Scoring) =>
  parts.map((part) => partColumn(part, scoring, contrasts.arms[0]?.parts[part]?.strict))

function means(sealed: SealedResults, scoring: Scoring): Blocks {
  const { arms, trivial } = sealed.contrasts
  const trivialCell = (part: string): Cell => {
    const best = trivial?.[part]
    const isSame = best && trivialText(best.strict) === trivialText(best.lenient)
    return underBoth(
      best,
      scoring,
      ({ value }) => percent(value),
      (each, mode) => [(mode === scoring.primary || !isSame) && trivialText(each)],
    )
  }
  const armRow = (result: Contrasts['arms'][number]): Row => ({
    name: result.arm,
    cells: [
      armName(result),
      numberText(result.rows),
      ...sealed.parts.map((part) =>
        underBoth(
          result.parts[part],
          scoring,
          ({ value }) => percent(value),
          ({ interval, perSeed }) => [
            range(interval, percentNumber),
            perSeed.length > 1 && `seeds ${perSeed.map(percentNumber).join(', ')}`,
          ],
        ),
      ),
    ],
  })
  return table(
    ['Arm', number('Rows'), ...partColumns(sealed, scoring)],
    [
      ...(trivial ? [{ name: 'trivial', cells: [labelOf('trivial'), missing, ...sealed.parts.map(trivialCell)] }] : []),
      ...arms.map(armRow),
    ],
    `Share right, ${scoring.primary} (primary), mean over the arm’s seeds with its interval; each seed, and ${scoring.other}, under it.`,
  )
}

function differences(sealed: SealedResults, scoring: Scoring): Blocks {
  const { contrasts, parts } = sealed
  const { primary, other } = scoring
  if (contrasts.comparisons.length === 0) return absent('The opened list does not hold the candidates to compare.')
  const gains = contrasts.arms.find(({ arm }) => arm === 'final')?.gains ?? {}
  const gain = (part: string) => underBoth(gains[part] ?? { strict: null, lenient: null }, scoring, gainText)
  const difference = (part: string, figures: Comparison['parts'][string] | undefined) =>
    differenceCell(part, figures, contrasts, scoring)
  return table(
    ['Difference', ...partColumns(sealed, scoring)],
    [
      ...(contrasts.trivial
        ? [
            [
              differenceName({ of: 'final', to: 'trivial' }),
              ...parts.map((part) => difference(part, trivialDifference(contrasts, part))),
            ],
          ]
        : []),
      ...contrasts.comparisons.map((comparison) => [
        differenceName(comparison),
        ...parts.map((part) => difference(part, comparison.parts[part])),
      ]),
      ['Gain over base', ...parts.map(gain)],
    ],
    `Percentage points, ${primary} (primary), with interval; items won and lost with seed ${contrasts.primary.seedIndex}; ${other} under it. ${gainNote}`,
  )
}

/** The final minus the best that answering without knowing anything scores. */
function trivialDifference({ trivial }: Contrasts, part: string): Comparison['parts'][string] | undefined {
  const [strict, lenient] = [trivial?.[part]?.strict.difference, trivial?.[part]?.lenient.difference]
  return strict && lenient ? { strict, lenient } : undefined
}

/** The tests stand where the claims are made: at the headline and at the comparison that counts. */
function differenceCell(
  part: string,
  figures: Readonly<Record<Mode, ArmDifference>> | undefined,
  contrasts: Contrasts,
  scoring: Scoring,
): Cell {
  const { headline, primary } = scoring
  const counts = (mode: Mode) => part === contrasts.primary.part && mode === contrasts.primary.mode
  const cell = underBoth(
    figures,
    scoring,
    ({ value }) => points(value),
    (difference, mode) => [
      range(difference.interval, points),
      (mode === primary || counts(mode)) && `${difference.gained} won, ${difference.lost} lost`,
      ...((mode === primary && part === headline) || counts(mode) ? testsText(difference, contrasts) : []),
    ],
  )
  return { ...cell, tone: tone(figures?.[primary].interval) }
}
