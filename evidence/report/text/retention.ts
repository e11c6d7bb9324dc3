import { knowsNothing } from '../analyse/retention.ts'
import type { RetentionFacts } from '../retention-facts.ts'
import { differenceName } from './contrasts.ts'
import { numberText, percent, percentNumber, points, rangeText, shortHash } from './format.ts'
import { labelOf } from './names.ts'
import { trivialText } from './replies.ts'

export const retentionWords: Readonly<Record<RetentionFacts['changes'][number]['verdict'], string>> = {
  kept: 'kept',
  lost: 'lost',
  inconclusive: 'inconclusive',
}

/** The arms as rows of a table: share right, its change from the base, the verdict. */
export function retentionLines({ arms, changes }: RetentionFacts): [string, string, string, string][] {
  return arms.map(({ arm, items, cut, value, interval, perSeed }) => {
    const change = changes.find((each) => each.arm === arm)
    const seeds = perSeed.length > 1 ? `, seeds ${perSeed.map(percentNumber).join(', ')}` : ''
    return [
      labelOf(arm),
      `${percent(value)}${rangeText(interval, percentNumber)}${seeds}; ${numberText(cut)} of ${numberText(items * perSeed.length)} replies cut`,
      change ? `${points(change.value)}${rangeText(change.interval, points)}` : '',
      change ? retentionWords[change.verdict] : '',
    ]
  })
}

/** The verdict on the final, in a sentence. */
export function retentionSentence({ changes, margin, trivial }: RetentionFacts): string {
  const final = changes.find(({ arm }) => arm === 'final')
  if (!final) return 'The final did not sit the retention paper.'
  const loss = `a loss of ${numberText(margin * 100)} points or more`
  const by = `${differenceName({ of: 'final', to: 'base' })} is ${points(final.value)} points${rangeText(final.interval, points)}`
  switch (final.verdict) {
    case 'kept':
      return `Kept: ${by}, which excludes ${loss}.`
    case 'lost':
      return `Lost: ${by}, all of it ${loss}.`
    case 'inconclusive':
      if (knowsNothing(trivial))
        return `Inconclusive: ${by}, but the base itself is hardly above ${trivialText(trivial!)} (${points(trivial!.difference!.value)} points${rangeText(trivial!.difference!.interval, points)}), so it had little to forget.`
      return `Inconclusive: ${by}, which neither excludes ${loss} nor anything better than one.`
    default:
      return final.verdict satisfies never
  }
}

/** What was asked, how it was scored, and by what rule it was judged. */
export function retentionNote({ items, mode, sha256, margin }: RetentionFacts): string {
  return `${numberText(items)} questions outside all skills of the task (set ${shortHash(sha256)}), ${mode} scoring by the set’s own scorer. Non-inferiority: margin ${numberText(margin * 100)} points, interval of the difference paired on groups of items, one-sided 2.5 %.`
}

export const retentionAbsent =
  'What the student forgot outside the task was not measured (run.evidence.retention, or --retention).'
