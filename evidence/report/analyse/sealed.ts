import type { ArmRecord, PrimaryComparison } from '../../../schemas/messages/evaluation.ts'
import type { ItemOutcome } from '../../../schemas/score.ts'
import type { SealedResult } from '../../../schemas/sealed-results.ts'
import type { ScoreMode } from '../../../schemas/task.ts'
import type { RunFacts } from '../facts/run-facts.ts'
import type { AuditComparison, EvalSetResult, SealedResults } from '../report-data.ts'
import { type Resampling, type Strata, type Stratum, stratifiedDifference } from '../statistics/resampling.ts'
import { allParts, byReadingOrder, partsInOrder } from '../text/names.ts'
import { type ArmScores, armKinds, armScores, meansOf, together } from './arm-scores.ts'
import { contrastsOf } from './contrasts.ts'
import { ratesOfEvalSet } from './rates.ts'
import { retentionFacts } from './retention.ts'
import { trivialOn, type ValidationAnswers } from './trivial.ts'

/** What the first final evaluation of this run showed; null where there was none. `drawsAudit`: the audit is none of the task's files. */
export function sealedResults(
  facts: RunFacts,
  { headline, drawsAudit, answers }: { headline: string; drawsAudit: boolean; answers: ValidationAnswers },
  resampling: Resampling,
): SealedResults | null {
  const first = facts.finalEval[0]
  if (!first) return null
  const { finalEvalNumber, testHash, auditSeed, results } = first.payload
  const on = (evalSet: SealedResult['evalSet']) =>
    results
      .filter((result) => result.evalSet === evalSet)
      .sort((one, other) => byReadingOrder(one.studentModel.name, other.studentModel.name))
  const [test, audit] = [on('test'), on('audit')]
  const named = partsInOrder(
    [...test, ...audit].flatMap(({ items }) => items.map(({ part }) => part)),
    headline,
  )
  const all = [...named, allParts]
  const { arms: records = [], examplesLeftOut } = facts.finalEvalRequests[0]?.payload ?? {}
  const { named: isNamed, ...primary } = primaryOf(facts, headline)
  return {
    finalEvalNumber,
    finalEvalAt: new Date(first.atMs).toISOString(),
    testHash,
    auditSeed: drawsAudit ? auditSeed : null,
    parts: named.length > 1 ? all : named,
    test: test.map(evalSetResult),
    audit: audit.map(evalSetResult),
    contrasts: contrastsOf({
      test,
      trivial: trivialOn(first.payload, 'test'),
      answers,
      records,
      examplesLeftOut,
      primary,
      named: isNamed,
      parts: all,
      seed: resampling.seed,
    }),
    retention: retentionFacts(on('retention'), records, first.payload, {
      answers,
      seedIndex: 1,
      seed: resampling.seed,
    }),
    auditMinusTest: auditMinusTest({ test, audit }, records, headline, all, resampling),
  }
}

/** The comparison that a run is judged by; `named`: its request said it, else it is what a request that says none means. */
export function primaryOf(
  { finalEvalRequests, config }: RunFacts,
  headline: string,
): PrimaryComparison & { named: boolean } {
  const declared = finalEvalRequests[0]?.payload.primary
  if (declared) return { ...declared, named: true }
  const mode = config?.primary ?? 'strict'
  return { arm: 'final', against: 'control', part: headline, mode, seedIndex: 1, named: false }
}

function evalSetResult({ studentModel, items }: SealedResult): EvalSetResult {
  const { overall, parts, skills, truncated } = ratesOfEvalSet(items)
  return {
    studentModel: studentModel.name,
    parts: { ...parts, [allParts]: overall },
    skills,
    truncated,
    items: overall.strict.total,
  }
}

type EvalSets = { test: readonly SealedResult[]; audit: readonly SealedResult[] }

/** Of every arm evaluated on both sets, its share right of the audit minus that of the test, averaged over its adapters. */
function auditMinusTest(
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
    const of = (mode: ScoreMode) =>
      stratifiedDifference(strataOf(audit, mode, part), strataOf(test, mode, part), resampling)
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

/** The parts of an evaluation set, or one of them, by groups of items; right answers are averaged over the arm's adapters. */
function strataOf(scores: ArmScores, mode: ScoreMode, only: string | null): Strata {
  const parts = new Set(scores.seeds[0]!.items.map(({ part }: ItemOutcome) => part))
  const wanted = [...parts].filter((part) => only === null || part === only)
  return Object.fromEntries(wanted.map((part) => [part, stratumOf(scores, mode, part)]))
}

function stratumOf(scores: ArmScores, mode: ScoreMode, part: string): Stratum {
  const [table] = together([scores], mode, (item) => item.part === part).tables
  const { sizes, right } = table!
  const seeds = right.length
  return {
    sizes: Array.from(sizes),
    right: Array.from(sizes, (_, group) => right.reduce((sum, own) => sum + own[group]!, 0) / seeds),
  }
}
