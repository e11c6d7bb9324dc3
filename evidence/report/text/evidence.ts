import type { EvidenceFacts } from '../evidence-facts.ts'
import { numberText, percent, shortHash } from './format.ts'
import { labelOf } from './names.ts'

/** The arms as rows of a table: name, rows, dataset, remarks. */
export function armLines({ arms }: EvidenceFacts): [string, string, string, string][] {
  const wanted = arms.find(({ arm }) => arm === 'final')?.rows ?? null
  return arms.map(({ arm, rows, datasetHash, sameAs, leftOut, refused }) => {
    const remarks = [
      leftOut !== null && `left out: ${leftOut}`,
      sameAs !== null && `the very dataset of ${labelOf(sameAs).toLowerCase()}: its result`,
      leftOut === null &&
        wanted !== null &&
        rows !== wanted &&
        `${rows < wanted ? 'fewer' : 'more'} rows than the final`,
      refused && `${refused} rows that copy an item were refused`,
    ]
    return [labelOf(arm), numberText(rows), shortHash(datasetHash), remarks.filter(Boolean).join('; ')]
  })
}

/** Both halves of a swapped validation as rows of a table. */
export const halfLines = (swap: NonNullable<EvidenceFacts['swap']>): [string, string, string][] =>
  swap.halves.map(({ candidate, a, b }) => [labelOf(candidate), percent(a.share), percent(b.share)])

/** Where it is told what this run's planner is worth; null where it was not compared. */
export const comparisonNote = ({ comparison }: EvidenceFacts): string | null =>
  comparison &&
  `Planner effect: see the comparison ${comparison.name} (../${comparison.name}/comparison.html), of which this run is pair ${comparison.pair} of ${comparison.arm}.`

export const swapNote = ({ at }: NonNullable<EvidenceFacts['swap']>): string =>
  `Validation was swapped: half A guided the attempts before ${at}, half B those from ${at} on. What was there at the swap was scored on half B from its replies, without a training.`

/** How the guard worked; null where it was off. */
export function guardNote({ guard, keptBack }: EvidenceFacts): string | null {
  if (guard === 'off') return null
  const kept = keptBack.map(({ candidate, shownAs }) => `${labelOf(candidate)} (shown: ${labelOf(shownAs)})`)
  return `Validation was guarded by the Ladder: a candidate that was not above the best one shown by more than chance was shown that one’s scores. ${
    kept.length > 0 ? `Kept back: ${kept.join(', ')}.` : 'No candidate was kept back.'
  }`
}
