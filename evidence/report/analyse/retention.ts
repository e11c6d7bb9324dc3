import type { PayloadOf } from '../../../schemas/message.ts'
import type { ArmRecord, FinalEvalResults } from '../../../schemas/messages/evaluation.ts'
import type { SealedResult } from '../../../schemas/sealed-results.ts'
import type { RetentionFacts, TrivialBaseline } from '../contrasts.ts'
import { armDifference, retentionMargin, retentionResult } from '../statistics/differences.ts'
import type { Interval } from '../statistics/intervals.ts'
import { armMean } from '../statistics/share.ts'
import { armScores, together } from './arm-scores.ts'
import { type How, skillDifferences } from './difference.ts'
import { trivialBaseline, trivialOn, type ValidationAnswers } from './trivial.ts'

const order = ['base', 'control', 'final'] as const
const everything = () => true

/** Whether the base is not above answering without knowing anything by the margin: then nothing that it could lose shows. */
export const knowsNothing = (trivial: TrivialBaseline | null): boolean =>
  trivial?.difference != null && !(trivial.difference.value >= retentionMargin && isAbove(trivial.difference.interval))

const isAbove = (interval: Interval | null): boolean => interval !== null && interval.low > 0

/** What the retention set showed; null where it was not asked. */
export function retentionFacts(
  results: readonly SealedResult[],
  records: readonly ArmRecord[],
  finalEval: Pick<PayloadOf<typeof FinalEvalResults>, 'retention' | 'trivial'>,
  how: How & { answers: ValidationAnswers },
): RetentionFacts | null {
  const { retention: set } = finalEval
  const arms = armScores(results, records, order)
  const base = arms.find(({ arm }) => arm === 'base')
  if (!set || !base) return null
  const { mode, sha256 } = set
  const named = order.flatMap((arm) => {
    const scores = arms.find((each) => each.arm === arm)
    return scores ? [{ arm, scores }] : []
  })
  const trained = named.filter(({ arm }) => arm !== 'base')
  const final = named.find(({ arm }) => arm === 'final')?.scores
  const { items: asked } = base.seeds[0]!
  const trivial = trivialBaseline(asked, trivialOn(finalEval, 'retention'), base, everything, mode, how)
  return {
    sha256,
    mode,
    items: asked.length,
    arms: named.map(({ arm, scores }) => {
      const { items, groups, tables } = together([scores], mode, everything)
      const truncated = scores.seeds.reduce((sum, seed) => sum + seed.items.filter((item) => item.truncated).length, 0)
      return { arm, items, groups, truncated, ...armMean(tables[0]!) }
    }),
    changes: trained.map(({ arm, scores }) => {
      const { tables } = together([scores, base], mode, everything)
      const { value, interval } = armDifference(tables[0]!, tables[1]!)
      return { arm, value, interval, conclusion: knowsNothing(trivial) ? 'inconclusive' : retentionResult(interval) }
    }),
    margin: retentionMargin,
    trivial,
    skills: final ? skillDifferences(final, base, mode) : [],
  }
}
