import type { ScoreMode } from '../../../schemas/task.ts'
import { armPlot } from '../../../trace/plots/arms.ts'
import type { ArmComparison, ArmDifference, Contrasts } from '../contrasts.ts'
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
  strong,
  type TableRow,
  table,
} from '../document/document.ts'
import type { Markup } from '../document/markup.ts'
import { draw, modelColour } from '../plots/draw.ts'
import type { ReportData, SealedResults } from '../report-data.ts'
import {
  gainText,
  intervalText,
  itemsText,
  missing,
  numberText,
  percent,
  percentNumber,
  points,
  pText,
} from '../text/format.ts'
import { armName, differenceName, labelOf } from '../text/names.ts'
import { trivialText } from '../text/replies.ts'
import { partColumn, range, type Scoring, scoringOf, tone, underBoth } from './scores.ts'
import { skillDifferenceFigure, skillDifferenceTable } from './skills.ts'

/** The arms over their seeds, the primary comparison, and the others. */
export function arms(data: ReportData & { sealed: SealedResults }): Blocks {
  const { sealed } = data
  const { contrasts } = sealed
  const scoring = scoringOf(data)
  const { part, mode, arm, against } = contrasts.primary
  const secondary = adjustedText(contrasts)
  const trivial = contrasts.trivial[part]?.[mode]
  const dashed = trivial ? ` Dashed: the best answer that needs no student (${trivialText(trivial)}).` : ''
  const { skills } = contrasts
  const difference = differenceName({ of: arm, to: against })
  return [
    heading(3, 'Arms'),
    paragraph(strong(primaryText(sealed))),
    secondary && paragraph(secondary),
    figure(
      armMeans(sealed, part, mode),
      `Share right (%) on ${labelOf(part)}, ${mode}: each arm’s mean over its seeds (dot) with its interval, and each seed (ring).${dashed}`,
    ),
    means(sealed, scoring),
    replied(contrasts),
    heading(3, 'Differences'),
    differences(sealed, scoring),
    note(intervalNote(data)),
    figure(
      skillDifferenceFigure(skills, 'Difference of the primary comparison'),
      `${difference} by skill, in points, ${mode}, all parts, with 95 % intervals.`,
    ),
    skillDifferenceTable(skills, 'Skill', number(difference, 'points', mode, 'all parts')),
  ]
}

/** The one comparison that the run is judged by. */
function primaryText({ contrasts }: SealedResults): string {
  const { primary, comparisons } = contrasts
  const name = differenceName({ of: primary.arm, to: primary.against })
  const when = primary.named ? 'named before the final evaluation' : 'as a request that names none means it'
  const where = `${labelOf(primary.part)}, ${primary.mode}`
  const difference = comparisons.find(({ to }) => to === primary.against)?.parts[primary.part]?.[primary.mode]
  if (!difference) return `Primary comparison, ${when}: ${name}, ${where}; not measured.`
  const { value, interval, seeds } = difference
  const range = interval ? `, 95 % interval ${intervalText(interval, points)}` : ', no interval'
  const counted = Math.max(...seeds) === 1 ? 'this adapter only' : `${seeds.join(' and ')} seeds`
  return `Primary comparison, ${when}: ${name}, ${where}: ${points(value)} points${range} (${itemsText(difference)}, ${counted}); ${testsText(difference, contrasts).join('; ')}.`
}

/** The secondary comparisons on the primary's part, their p-values adjusted for being read together. */
function adjustedText({ adjusted, primary }: Contrasts): string | null {
  if (adjusted.length === 0) return null
  const one = (secondary: Contrasts['adjusted'][number]) =>
    `${differenceName({ of: primary.arm, to: secondary.to })} ${pText(secondary.p)}, adjusted ${pText(secondary.adjusted)}`
  return `The other comparisons on ${labelOf(primary.part)}, ${primary.mode}, adjusted by Holm: ${adjusted.map(one).join('; ')}.`
}

const partColumns = ({ contrasts, parts }: SealedResults, scoring: Scoring) =>
  parts.map((part) => partColumn(part, scoring, contrasts.arms[0]?.parts[part]?.strict))

function means(sealed: SealedResults, scoring: Scoring): Blocks {
  const { arms, trivial } = sealed.contrasts
  const trivialCell = (part: string): Cell => {
    const best = trivial[part]
    const isSame = best && trivialText(best.strict) === trivialText(best.lenient)
    return underBoth(
      best,
      scoring,
      ({ value }) => percent(value),
      (each, mode) => [(mode === scoring.primary || !isSame) && trivialText(each)],
    )
  }
  const armRow = (result: Contrasts['arms'][number]): TableRow => ({
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
    [{ name: 'trivial', cells: [labelOf('trivial'), missing, ...sealed.parts.map(trivialCell)] }, ...arms.map(armRow)],
    `Share right, ${scoring.primary} (primary), mean over the arm’s seeds with its interval; each seed, and ${scoring.other}, under it.`,
  )
}

function differences(sealed: SealedResults, scoring: Scoring): Blocks {
  const { contrasts, parts } = sealed
  const { primary, other } = scoring
  if (contrasts.comparisons.length === 0)
    return absent('The final evaluation does not have the student models to compare.')
  const gains = contrasts.arms.find(({ arm }) => arm === 'final')?.gains ?? {}
  const gain = (part: string) => underBoth(gains[part] ?? { strict: null, lenient: null }, scoring, gainText)
  const difference = (part: string, figures: ArmComparison['parts'][string] | undefined) =>
    differenceCell(part, figures, contrasts, scoring)
  return table(
    ['Difference', ...partColumns(sealed, scoring)],
    [
      [
        differenceName({ of: 'final', to: 'trivial' }),
        ...parts.map((part) => difference(part, trivialDifference(contrasts, part))),
      ],
      ...contrasts.comparisons.map((comparison) => [
        differenceName(comparison),
        ...parts.map((part) => difference(part, comparison.parts[part])),
      ]),
      ['Gain over base', ...parts.map(gain)],
    ],
    `Percentage points, ${primary} (primary), with interval; items won and lost with seed ${contrasts.primary.seedIndex}; ${other} under it. The last row is the paper’s gain of the final, (score − base) / base × 100. It has no interval of its own and grows without bound where the base is weak: the difference to the base has one.`,
  )
}

/** The final minus the best that answering without knowing anything scores. */
function trivialDifference({ trivial }: Contrasts, part: string): ArmComparison['parts'][string] | undefined {
  const [strict, lenient] = [trivial[part]?.strict.difference, trivial[part]?.lenient.difference]
  return strict && lenient ? { strict, lenient } : undefined
}

/** The tests stand where the claims are made: at the headline and at the comparison that counts. */
function differenceCell(
  part: string,
  figures: Readonly<Record<ScoreMode, ArmDifference>> | undefined,
  contrasts: Contrasts,
  scoring: Scoring,
): Cell {
  const { headline, primary } = scoring
  const counts = (mode: ScoreMode) => part === contrasts.primary.part && mode === contrasts.primary.mode
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

/** The tests of one difference, as text. */
function testsText({ mcNemar, signFlip }: ArmDifference, { primary }: Contrasts): string[] {
  return [
    ...(signFlip === null ? [] : [`sign flips over groups ${pText(signFlip)}`]),
    `McNemar, seed ${primary.seedIndex}, ${pText(mcNemar)}`,
  ]
}

/** How the intervals were made; printed under the tables that hold them. */
function intervalNote({ bootstrap, sealed }: Pick<ReportData, 'bootstrap' | 'sealed'>): string {
  const several = sealed?.contrasts.arms.some(({ seeds }) => seeds.length > 1)
  return [
    'Intervals are 95 %, over groups of items, which are what is drawn; an item without a group is one of its own. One adapter: Wilson’s.',
    `Arms and their differences: variance components of groups of items${several ? ' and training seeds' : '; with one seed they are over items alone, of this adapter only'}.`,
    'Sign flips and McNemar take the adapters as they are; sign flips are of groups, McNemar counts items.',
    `Audit − test: stratified bootstrap over groups, percentile, ${numberText(bootstrap.resamples)} resamples, seed ${bootstrap.seed}; none where all items of both ended alike.`,
    'Intervals are not corrected for the number of comparisons; claims are made from the headline alone, where the interval excludes zero and p, adjusted by Holm unless the comparison was named before, is at most 5 %.',
  ].join(' ')
}

/** Each arm's mean on one part with its interval, and each of its seeds as a ring; null where nothing was scored. */
function armMeans({ contrasts }: SealedResults, part: string, mode: 'strict' | 'lenient'): Markup | null {
  const points = contrasts.arms.flatMap(({ arm, parts }) => {
    const mean = parts[part]?.[mode]
    if (!mean) return []
    const [name, colour] = [labelOf(arm), modelColour(arm)]
    const range = mean.interval ?? { low: mean.value, high: mean.value }
    const title = `${name}: ${percent(mean.value)}`
    return [{ name, colour, share: mean.value, ...range, rings: mean.perSeed, title }]
  })
  if (points.length === 0) return null
  const trivial = contrasts.trivial[part]?.[mode]
  return draw(
    'Mean of each arm over its seeds with 95 % intervals, and each seed',
    armPlot(points, {
      trivial: trivial ? [{ share: trivial.value }] : [],
      width: 960,
      height: 66 + 34 * points.length,
      marginLeft: 190,
      marginRight: 24,
    }),
  )
}

/** What the arms replied: how often each gave its modal answer, and what of its replies is no answer, by why. */
const replied = ({ replies }: Contrasts): Blocks => [
  heading(3, 'What the arms replied'),
  figures(
    ['Arm', 'Replies', 'Its most frequent answer', 'Empty', 'Cut', 'A copy', 'No answer in form'],
    replies.map(({ arm, replies: all, items, noAnswer, modal, modalAnswer, collapsed }) => [
      labelOf(arm),
      numberText(all),
      `${numberText(modal)} of ${numberText(items)}${modalAnswer === null ? '' : ` (“${modalAnswer}”)`}${collapsed > 0 ? ', collapsed' : ''}`,
      ...(['empty', 'truncated', 'echo', 'formless'] as const).map((why) => numberText(noAnswer[why])),
    ]),
  ),
  note(
    'Replies that are not right, by why they are no answers: empty, cut at the token limit, a copy of the question, or without an answer that ' +
      'the scorer reads (of labels: none of them). The most frequent answer is that of the adapter that gives it most often. An adapter has collapsed ' +
      'where it gives that answer to nine in ten or more of the items that it is wrong for, and these are a fifth of all or more. A claim against ' +
      'an arm holds only where most of its replies are answers, and with the final’s own results in place of those that are none.',
  ),
]
