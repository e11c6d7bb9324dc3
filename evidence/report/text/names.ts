import { attemptNumber } from '../../../schemas/arm.ts'
import { plural } from '../../../schemas/number-text.ts'
import type { ArmResult } from '../contrasts.ts'
import type { ReportData } from '../report-data.ts'

/** The name under which all parts of an evaluation set are taken together. */
export const allParts = 'all'

const labels: Readonly<Record<string, string>> = {
  base: 'Base student',
  'base-examples': 'Base + worked examples',
  control: 'Uniform control',
  'one-shot': 'One-shot',
  random: 'Random selection',
  reference: 'Reference data',
  final: 'Final',
  trivial: 'Best answer that needs no student',
  'heldout-phrasing': 'held-out phrasings',
  'heldout-range': 'held-out ranges',
  'in-template': 'in-template',
  handwritten: 'handwritten',
  [allParts]: 'all parts',
}

/** How a student model, an arm or a part is called in a sentence; unknown names stay as they are. */
export function labelOf(name: string): string {
  const known = labels[name]
  if (known) return known
  const [, arm = '', seed] = /^(.+)-s(\d+)$/.exec(name) ?? []
  if (arm && labelOf(arm) !== arm) return `${labelOf(arm)}, seed ${seed}`
  if (name.startsWith('attempt-')) return `Attempt ${name.slice('attempt-'.length)}`
  return name.startsWith('reference-') ? `${labels.reference} “${name.slice('reference-'.length)}”` : name
}

/** A text as it stands within a sentence. */
export const lower = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1)

/** `Final − (base + worked examples)`. */
export function differenceName({ of, to }: { of: string; to: string }): string {
  return `${labelOf(of)} − ${to === 'base-examples' ? `(${lower(labelOf(to))})` : lower(labelOf(to))}`
}

/** An arm with its seeds: `Final (3 seeds)`. */
export function armName({ arm, seeds, sameAs }: Pick<ArmResult, 'arm' | 'seeds' | 'sameAs'>): string {
  const same = sameAs ? `, the dataset of ${lower(labelOf(sameAs))}` : ''
  return `${labelOf(arm)}${arm.startsWith('base') ? '' : ` (${seeds.length} ${plural(seeds.length, 'seed')}${same})`}`
}

/** As `labelOf`, of one among others: an arm's first adapter says its seed where the arm has a second one. */
export const labelAmong = (name: string, all: readonly string[]): string =>
  all.includes(`${name}-s2`) ? `${labelOf(name)}, seed 1` : labelOf(name)

/** Whether a student model is the base or one that the search made, with its own seed. */
export const isOfSearch = (name: string): boolean => name === 'base' || /^attempt-\d+$/.test(name)

const order = ['base', 'base-examples', 'reference', 'random', 'one-shot', 'control', 'final']

/** Reading order of student models: base, base with examples, attempts, baselines, final; the seeds of one arm in order. */
export function byReadingOrder(one: string, other: string): number {
  return rank(one) - rank(other) || one.localeCompare(other, 'en', { numeric: true })
}

function rank(name: string): number {
  const attempt = attemptNumber(name)
  if (attempt !== null) return 100 + attempt
  const place = order.indexOf(name.replace(/-s\d+$/, '').replace(/^reference-.+/, 'reference'))
  return place < 0 ? 10_000 : place < 2 ? place : 1000 + place
}

/** Reading order of a set's parts: the headline, the other held-out parts, the rest. */
export function partsInOrder(parts: Iterable<string>, headline: string): string[] {
  const known = [headline, 'heldout-phrasing', 'heldout-range', 'handwritten', 'in-template']
  const place = (part: string) => (known.indexOf(part) + known.length + 1) % (known.length + 1)
  return [...new Set(parts)].sort((one, other) => place(one) - place(other) || one.localeCompare(other, 'en'))
}

/** `improve`, or `repair, then draft` where an attempt had several decisions; the control is not an operation of the search. */
export function operationText(dataset: ReportData['datasets'][number]): string {
  if (dataset.attempt === 0) return 'even spread'
  return dataset.operations.map(({ operation }) => operation).join(', then ') || 'unknown'
}

export const datasetName = (attempt: number): string => (attempt === 0 ? 'Control' : `Attempt ${attempt}`)
