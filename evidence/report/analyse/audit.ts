import type { ArmRecord } from '../../../schemas/messages/evaluation.ts'
import type { ItemOutcome } from '../../../schemas/score.ts'
import type { SealedResult } from '../../../schemas/sealed-results.ts'
import type { AuditComparison } from '../report-data.ts'
import { type Resampling, type Strata, type Stratum, stratifiedDifference } from '../statistics/resampling.ts'
import { type ArmScores, armKinds, armScores, type Mode, meansOf, together } from './arm-scores.ts'

type EvalSets = { test: readonly SealedResult[]; audit: readonly SealedResult[] }

/** Of every arm that sat both papers, what it had right of the audit minus what it had right of the test, averaged over its adapters. */
export function auditMinusTest(
  { test, audit }: EvalSets,
  records: readonly ArmRecord[],
  headline: string,
  parts: readonly string[],
  resampling: Resampling,
): AuditComparison[] {
  const [onTest, onAudit] = [test, audit].map((results) => armScores(results, records, armKinds))
  return onAudit!.flatMap((own) => {
    const same = onTest!.find(({ arm }) => arm === own.arm)
    return same ? [compare(own, same, headline, parts, resampling)] : []
  })
}

function compare(
  audit: ArmScores,
  test: ArmScores,
  headline: string,
  parts: readonly string[],
  resampling: Resampling,
): AuditComparison {
  const over = (part: string | null) => {
    const of = (mode: Mode) => stratifiedDifference(strataOf(audit, mode, part), strataOf(test, mode, part), resampling)
    return { strict: of('strict'), lenient: of('lenient') }
  }
  const all = over(null)
  const size = ({ seeds }: ArmScores, part: string) => seeds[0]!.items.filter((item) => item.part === part).length
  return {
    arm: audit.arm,
    sameAs: audit.sameAs,
    seeds: audit.seeds.map(({ index }) => index),
    parts: meansOf(audit, parts),
    headline: over(headline),
    all,
    sameComposition: all.strict.strata.every((part) => size(audit, part) === size(test, part)),
  }
}

/** The parts of a paper, or one of them, by groups of items; right answers are averaged over the arm's adapters. */
function strataOf(scores: ArmScores, mode: Mode, only: string | null): Strata {
  const parts = new Set(scores.seeds[0]!.items.map(({ part }: ItemOutcome) => part))
  const wanted = [...parts].filter((part) => only === null || part === only)
  return Object.fromEntries(wanted.map((part) => [part, stratumOf(scores, mode, part)]))
}

function stratumOf(scores: ArmScores, mode: Mode, part: string): Stratum {
  const [table] = together([scores], mode, (item) => item.part === part).tables
  const { sizes, right } = table!
  const seeds = right.length
  return {
    sizes: Array.from(sizes),
    right: Array.from(sizes, (_, group) => right.reduce((sum, own) => sum + own[group]!, 0) / seeds),
  }
}
