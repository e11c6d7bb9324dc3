import { knowsNothing } from '../analyse/retention.ts'
import type { RetentionFacts } from '../contrasts.ts'
import { numberText, points, rangeText } from './format.ts'
import { differenceName } from './names.ts'
import { trivialText } from './replies.ts'

/** The verdict on the final, in a sentence. */
export function retentionSentence({ changes, margin, trivial }: RetentionFacts): string {
  const final = changes.find(({ arm }) => arm === 'final')
  if (!final) return 'The final was not evaluated on the retention set.'
  const loss = `a loss of ${numberText(margin * 100)} points or more`
  const by = `${differenceName({ of: 'final', to: 'base' })} is ${points(final.value)} points${rangeText(final.interval, points)}`
  switch (final.conclusion) {
    case 'kept':
      return `Kept: ${by}, which excludes ${loss}.`
    case 'lost':
      return `Lost: ${by}, all of it ${loss}.`
    case 'inconclusive':
      if (knowsNothing(trivial))
        return `Inconclusive: ${by}, but the base itself is hardly above ${trivialText(trivial!)} (${points(trivial!.difference!.value)} points${rangeText(trivial!.difference!.interval, points)}), so it had little to forget.`
      return `Inconclusive: ${by}, which neither excludes ${loss} nor anything better than one.`
    default:
      return final.conclusion satisfies never
  }
}

export const retentionAbsent =
  'What the student forgot outside the task was not measured (run.evidence.retention, or --retention).'
