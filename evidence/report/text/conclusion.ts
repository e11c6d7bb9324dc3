import { knowsNothing } from '../analyse/retention.ts'
import type { RetentionFacts } from '../contrasts.ts'
import type { Claim, ReportData, SealedResults } from '../report-data.ts'
import { numberText, points, rangeText } from './format.ts'
import { differenceName } from './names.ts'
import { trivialText } from './replies.ts'

/** A sentence that heads the report, with what it comes to in a word or two. */
export type Headline = { tag: string; tone: Claim['conclusion']; sentence: string }

const claimTags: Readonly<Record<Claim['conclusion'], string>> = {
  shown: 'shown',
  'not-shown': 'not shown',
  opposite: 'the opposite',
  'not-measured': 'not measured',
}

const retentionTags = { kept: 'shown', lost: 'opposite', inconclusive: 'not-shown' } as const

/** What stands at the head of the report and in a terminal's last lines: that the student collapsed, the claims, and what was forgotten. */
export function headlinesOf({ conclusion, sealed }: Pick<ReportData, 'conclusion' | 'sealed'>): Headline[] {
  const { improved, trivial, beatsExamples, search } = conclusion
  const hasCollapsed = sealed?.contrasts.replies.some(({ arm, collapsed }) => arm === 'final' && collapsed > 0)
  const ordered = hasCollapsed ? [trivial, improved, beatsExamples, search] : [improved, trivial, beatsExamples, search]
  const claims = ordered.filter(({ sentence }) => sentence !== '')
  return [
    ...claims.map((claim): Headline => {
      const { conclusion, sentence } = claim
      if (claim === trivial && hasCollapsed) return { tag: 'collapsed', tone: 'opposite', sentence }
      return { tag: claimTags[conclusion], tone: conclusion, sentence }
    }),
    ...(sealed ? [forgotten(sealed)] : []),
  ]
}

function forgotten({ retention }: SealedResults): Headline {
  const final = retention?.changes.find(({ arm }) => arm === 'final')
  if (!retention || !final) return { tag: claimTags['not-measured'], tone: 'not-measured', sentence: retentionAbsent }
  const sentence = `What it knew outside the task: ${retentionSentence(retention)}`
  return { tag: final.conclusion, tone: retentionTags[final.conclusion], sentence }
}

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
