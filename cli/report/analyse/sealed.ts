import type { PrimaryComparison } from '../../../schemas/messages/evaluation.ts'
import type { ItemOutcome } from '../../../schemas/score.ts'
import type { SealedResult } from '../../../schemas/sealed-results.ts'
import type { RunFacts } from '../facts/run-facts.ts'
import type { AuditComparison, PaperResult, SealedResults } from '../report-data.ts'
import type { Resampling } from '../statistics/resampler.ts'
import { type Strata, stratifiedDifference } from '../statistics/stratified-difference.ts'
import { contrastsOf } from './contrasts.ts'
import { allParts, byReadingOrder, partsInOrder } from './names.ts'
import { ratesBy, ratesOfItems, ratesOfSheet } from './rates.ts'
import { retentionFacts } from './retention.ts'

const modes = ['strict', 'lenient'] as const

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
  const ordered = partsInOrder(parts, headline)
  const request = facts.openingRequests[0]?.payload
  const named = request?.primary !== undefined
  const primary = request?.primary ?? unnamed(headline, facts.config?.primary ?? 'strict')
  return {
    opening,
    openedAt: new Date(first.atMs).toISOString(),
    testHash,
    auditSeed,
    parts: [...ordered, allParts],
    test: test.map(paperResult),
    audit: audit.map(paperResult),
    contrasts: contrastsOf({
      test,
      records: request?.arms ?? [],
      primary,
      named,
      parts: [...ordered, allParts],
      seed: resampling.seed,
    }),
    retention: retentionFacts(on('retention'), request?.arms ?? [], first.payload.retention),
    auditMinusTest: audit.flatMap((result) => {
      const same = test.find((other) => other.candidate.name === result.candidate.name)
      return same ? [auditMinusTest(result, same, headline, resampling)] : []
    }),
  }
}

/** What a request that names no comparison means. */
function unnamed(part: string, mode: 'strict' | 'lenient'): PrimaryComparison {
  return { arm: 'final', against: 'control', part, mode, seedIndex: 1 }
}

function paperResult({ candidate, sheet, items }: SealedResult): PaperResult {
  if (items.length === 0) {
    const { overall, parts, skills, cut } = ratesOfSheet(sheet)
    const all = { ...parts, [allParts]: overall }
    return { candidate: candidate.name, parts: all, skills, cut, items: overall.strict.total }
  }
  return {
    candidate: candidate.name,
    parts: { ...ratesBy(items, 'part'), [allParts]: ratesOfItems(items) },
    skills: ratesBy(items, 'skill'),
    cut: items.filter((item) => item.cut).length,
    items: items.length,
  }
}

function auditMinusTest(
  audit: SealedResult,
  test: SealedResult,
  headline: string,
  resampling: Resampling,
): AuditComparison {
  const strata = (items: readonly ItemOutcome[], mode: (typeof modes)[number]): Strata =>
    Object.fromEntries(
      [...Map.groupBy(items, (item) => item.part)].map(([part, of]) => [part, of.map((item) => item[mode])]),
    )
  const over = (part: string | null) => {
    const chosen = (items: readonly ItemOutcome[]) => items.filter((item) => part === null || item.part === part)
    const of = (mode: (typeof modes)[number]) =>
      stratifiedDifference(strata(chosen(audit.items), mode), strata(chosen(test.items), mode), resampling)
    return { strict: of('strict'), lenient: of('lenient') }
  }
  const all = over(null)
  const size = (items: readonly ItemOutcome[], part: string) => items.filter((item) => item.part === part).length
  return {
    candidate: audit.candidate.name,
    headline: over(headline),
    all,
    sameComposition: all.strict.strata.every((part) => size(audit.items, part) === size(test.items, part)),
  }
}
