import type { PrimaryComparison } from '../../../schemas/messages/evaluation.ts'
import type { SealedResult } from '../../../schemas/sealed-results.ts'
import type { RunFacts } from '../facts/run-facts.ts'
import type { PaperResult, SealedResults } from '../report-data.ts'
import type { Resampling } from '../statistics/resampler.ts'
import { allParts, byReadingOrder, partsInOrder } from '../text/names.ts'
import { auditMinusTest } from './audit.ts'
import { contrastsOf } from './contrasts.ts'
import { ratesOfPaper } from './rates.ts'
import { retentionFacts } from './retention.ts'
import { type Answers, trivialOn } from './trivial.ts'

/** What the first opening of the test in this run showed; null when it was not opened. `drawsAudit`: the audit is none of the task's files. */
export function sealedResults(
  facts: RunFacts,
  { headline, drawsAudit, answers }: { headline: string; drawsAudit: boolean; answers: Answers },
  resampling: Resampling,
): SealedResults | null {
  const first = facts.opened[0]
  if (!first) return null
  const { opening, testHash, auditSeed, results } = first.payload
  const on = (paper: SealedResult['paper']) =>
    results
      .filter((result) => result.paper === paper)
      .sort((one, other) => byReadingOrder(one.candidate.name, other.candidate.name))
  const [test, audit] = [on('test'), on('audit')]
  const parts = [...test, ...audit].flatMap((result) => [
    ...result.items.map((item) => item.part),
    ...Object.keys(result.sheet.byPart),
  ])
  const named = partsInOrder(parts, headline)
  const all = [...named, allParts]
  const { arms: records = [], examplesLeftOut } = facts.openingRequests[0]?.payload ?? {}
  const { named: isNamed, ...primary } = primaryOf(facts, headline)
  return {
    opening,
    openedAt: new Date(first.atMs).toISOString(),
    testHash,
    auditSeed: drawsAudit ? auditSeed : null,
    parts: named.length > 1 ? all : named,
    test: test.map(paperResult),
    audit: audit.map(paperResult),
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
  { openingRequests, config }: RunFacts,
  headline: string,
): PrimaryComparison & { named: boolean } {
  const said = openingRequests[0]?.payload.primary
  if (said) return { ...said, named: true }
  const mode = config?.primary ?? 'strict'
  return { arm: 'final', against: 'control', part: headline, mode, seedIndex: 1, named: false }
}

function paperResult({ candidate, sheet, items }: SealedResult): PaperResult {
  const { overall, parts, skills, cut } = ratesOfPaper(sheet, items)
  return {
    candidate: candidate.name,
    parts: { ...parts, [allParts]: overall },
    skills,
    cut,
    items: overall.strict.total,
  }
}
