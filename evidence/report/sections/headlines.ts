import { present } from '../../../schemas/present.ts'
import { type Blocks, type Card, strong } from '../document/document.ts'
import { modelColour } from '../plots/draw.ts'
import type { ReportData, SealedResults } from '../report-data.ts'
import { headlinesOf } from '../text/conclusion.ts'
import { intervalText, itemsText, percent, percentNumber, points, rangeText } from '../text/format.ts'
import { allParts, labelOf } from '../text/names.ts'
import { trivialText } from '../text/replies.ts'
import { summaryLine } from '../text/summary-line.ts'
import { type Scoring, scoringOf } from './scores.ts'

/** The headline scores, and the sentences that they carry. */
export function headlines(data: ReportData): Blocks {
  const { sealed, conclusion, models, sealing } = data
  const scoring = scoringOf(data)
  return [
    { kind: 'paragraph', text: summaryLine(data), tone: 'summary' },
    sealed && {
      kind: 'cards',
      title: `Sealed test, ${labelOf(scoring.headline)}, ${scoring.primary} scoring, share right`,
      cards: cards(sealed, scoring),
    },
    { kind: 'claims', claims: headlinesOf(data) },
    { kind: 'callout', paragraphs: [strong(models.sentence), sealing.sentence, ...conclusion.caveats] },
  ]
}

/** The arms, the best that answering without knowing anything scores, and what was forgotten. */
function cards({ contrasts, parts: all, retention }: SealedResults, { headline, primary }: Scoring): Card[] {
  const hasOthers = all.length > 1 && headline !== allParts
  const toBase = contrasts.comparisons.find(({ to }) => to === 'base')?.parts[allParts]?.[primary]
  const trivial = contrasts.trivial[headline]?.[primary]
  const forgotten = retention?.changes.find(({ arm }) => arm === 'final')
  return [
    ...contrasts.arms.map(({ arm, parts, seeds }): Card => {
      const [mean, overall] = [parts[headline]?.[primary], hasOthers ? parts[allParts]?.[primary] : undefined]
      return {
        name: labelOf(arm),
        figure: percent(mean?.value ?? null),
        details: [
          `${seeds.length > 1 ? `mean of ${seeds.length} seeds, ` : ''}${mean ? itemsText(mean) : ''}`,
          mean?.interval ? `95 %: ${intervalText(mean.interval, percentNumber)}` : '',
          ...present([
            overall && `all parts: ${percent(overall.value)}`,
            overall &&
              arm === 'final' &&
              toBase &&
              `${points(toBase.value)}${rangeText(toBase.interval, points)} to the base`,
          ]),
        ],
        colour: modelColour(arm),
      }
    }),
    ...(trivial
      ? [
          {
            name: 'Needs no student',
            figure: percent(trivial.value),
            details: [`the best of them: ${trivialText(trivial)}`],
            colour: 'var(--trivial)',
          },
        ]
      : []),
    {
      name: 'Outside the task',
      figure: points(forgotten?.value ?? null),
      details: forgotten
        ? [`points to the base${rangeText(forgotten.interval, points)}`, forgotten.conclusion]
        : ['what was forgotten was not measured'],
      colour: 'var(--faint)',
    },
  ]
}
