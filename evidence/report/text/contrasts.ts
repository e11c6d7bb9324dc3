import type { ArmDifference, Contrasts } from '../contrasts.ts'
import type { ReportData, SealedResults } from '../report-data.ts'
import { itemsText, points } from './format.ts'
import { labelOf } from './names.ts'

const lower = (name: string) => name.charAt(0).toLowerCase() + name.slice(1)

/** `Final − (base + worked examples)`. */
export function differenceName({ of, to }: { of: string; to: string }): string {
  return `${labelOf(of)} − ${to === 'base-examples' ? `(${lower(labelOf(to))})` : lower(labelOf(to))}`
}

/** A p-value as reports have it. */
export function pText(p: number): string {
  return p < 0.001 ? 'p < 0.001' : `p = ${p.toFixed(3)}`
}

/** The tests of one difference, in words. */
export function testsText({ mcNemar, signFlip }: ArmDifference, { primary }: Contrasts): string[] {
  return [
    ...(signFlip === null ? [] : [`sign flips over groups ${pText(signFlip)}`]),
    `McNemar, seed ${primary.seedIndex}, ${pText(mcNemar)}`,
  ]
}

/** The one comparison that the run is judged by. */
export function primaryText({ contrasts }: SealedResults): string {
  const { primary, comparisons } = contrasts
  const name = differenceName({ of: primary.arm, to: primary.against })
  const when = primary.named ? 'named before the opening' : 'as a request that names none means it'
  const where = `${labelOf(primary.part)}, ${primary.mode}`
  const difference = comparisons.find(({ to }) => to === primary.against)?.parts[primary.part]?.[primary.mode]
  if (!difference) return `Primary comparison, ${when}: ${name}, ${where}; not measured.`
  const { value, interval, seeds } = difference
  const range = interval ? `, 95 % interval ${points(interval.low)} to ${points(interval.high)}` : ', no interval'
  const counted = Math.max(...seeds) === 1 ? 'this adapter only' : `${seeds.join(' and ')} seeds`
  return `Primary comparison, ${when}: ${name}, ${where}: ${points(value)} points${range} (${itemsText(difference)}, ${counted}); ${testsText(difference, contrasts).join('; ')}.`
}

/** The secondary comparisons on the primary's part, their p-values adjusted for being read together. */
export function adjustedText({ adjusted, primary }: Contrasts): string | null {
  if (adjusted.length === 0) return null
  const one = (secondary: Contrasts['adjusted'][number]) =>
    `${differenceName({ of: primary.arm, to: secondary.to })} ${pText(secondary.p)}, adjusted ${pText(secondary.adjusted)}`
  return `The other comparisons on ${labelOf(primary.part)}, ${primary.mode}, adjusted by Holm: ${adjusted.map(one).join('; ')}.`
}

/** An arm with its seeds: `Final (3 seeds)`. */
export function armName({ arm, seeds, sameAs }: Pick<Contrasts['arms'][number], 'arm' | 'seeds' | 'sameAs'>): string {
  const same = sameAs ? `, the dataset of ${lower(labelOf(sameAs))}` : ''
  return `${labelOf(arm)}${arm.startsWith('base') ? '' : ` (${seeds.length} ${seeds.length === 1 ? 'seed' : 'seeds'}${same})`}`
}

export const gainNote =
  'The last row is the paper’s gain of the final, (score − base) / base × 100. It has no interval of its own and grows without bound where the base is weak: the difference to the base has one.'

/** How the intervals were made; printed under the tables that hold them. */
export function intervalNote({ bootstrap, sealed }: Pick<ReportData, 'bootstrap' | 'sealed'>): string {
  const several = sealed?.contrasts.arms.some(({ seeds }) => seeds.length > 1)
  return [
    'Intervals are 95 %, over groups of items, which are what is drawn; an item without a group is one of its own. One adapter: Wilson’s.',
    `Arms and their differences: variance components of groups of items${several ? ' and training seeds' : '; with one seed they are over items alone, of this adapter only'}.`,
    'Sign flips and McNemar take the adapters as they are; sign flips are of groups, McNemar counts items.',
    `Audit − test: stratified bootstrap over groups, percentile, ${bootstrap.resamples.toLocaleString('en-US')} resamples, seed ${bootstrap.seed}; none where all items of both ended alike.`,
    'Intervals are not corrected for the number of comparisons; claims are made from the headline alone, where the interval excludes zero and p, adjusted by Holm unless the comparison was named before, is at most 5 %.',
  ].join(' ')
}
