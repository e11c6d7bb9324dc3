import type { PrimaryComparison } from '../../../schemas/messages/evaluation.ts'
import type { SealedResult } from '../../../schemas/sealed-results.ts'
import type { RunFacts } from '../facts/run-facts.ts'
import type { PaperResult, SealedResults } from '../report-data.ts'
import type { Resampling } from '../statistics/resampler.ts'
import { auditMinusTest } from './audit.ts'
import { contrastsOf } from './contrasts.ts'
import { allParts, byReadingOrder, partsInOrder } from './names.ts'
import { ratesOfPaper } from './rates.ts'
import { retentionFacts } from './retention.ts'

/** What the first opening of the test in this run showed; null when it was not opened. */
export function sealedResults(facts: RunFacts, headline: string, resampling: Resampling): SealedResults | null {
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
  const all = [...partsInOrder(parts, headline), allParts]
  const request = facts.openingRequests[0]?.payload
  const named = request?.primary !== undefined
  const primary = request?.primary ?? unnamed(headline, facts.config?.primary ?? 'strict')
  return {
    opening,
    openedAt: new Date(first.atMs).toISOString(),
    testHash,
    auditSeed,
    parts: all,
    test: test.map(paperResult),
    audit: audit.map(paperResult),
    contrasts: contrastsOf({
      test,
      records: request?.arms ?? [],
      primary,
      named,
      parts: all,
      seed: resampling.seed,
    }),
    retention: retentionFacts(on('retention'), request?.arms ?? [], first.payload.retention),
    auditMinusTest: auditMinusTest({ test, audit }, request?.arms ?? [], headline, all, resampling),
  }
}

/** What a request that names no comparison means. */
function unnamed(part: string, mode: 'strict' | 'lenient'): PrimaryComparison {
  return { arm: 'final', against: 'control', part, mode, seedIndex: 1 }
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
