import type { SealedResult } from '../../../schemas/messages/evaluation.ts'
import type { ItemOutcome } from '../../../schemas/score.ts'
import type { RunFacts } from '../facts/run-facts.ts'
import type { AuditComparison, Comparison, PaperResult, SealedResults } from '../report-data.ts'
import { gainPercent } from '../statistics/gain.ts'
import { pairedDifference } from '../statistics/paired-difference.ts'
import type { Resampling } from '../statistics/resampler.ts'
import { type Strata, stratifiedDifference } from '../statistics/stratified-difference.ts'
import { allParts, byReadingOrder, partsInOrder } from './names.ts'
import { ratesBy, ratesOfItems, ratesOfSheet } from './rates.ts'

const comparisons: readonly [string, string][] = [
  ['final', 'base'],
  ['final', 'base-examples'],
  ['final', 'control'],
]
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
  const parts = results.flatMap((result) => [
    ...result.items.map((item) => item.part),
    ...Object.keys(result.sheet.byPart),
  ])
  const papers = { test: test.map(paperResult), audit: audit.map(paperResult) }
  return {
    opening,
    openedAt: new Date(first.atMs).toISOString(),
    testHash,
    auditSeed,
    parts: [...partsInOrder(parts, headline), allParts],
    ...papers,
    comparisons: comparisons.flatMap(([of, to]) => {
      const [left, right] = [of, to].map((name) => test.find((result) => result.candidate.name === name))
      return left && right ? [compare(left, right, resampling)] : []
    }),
    gains: gainsOver(papers.test),
    auditMinusTest: audit.flatMap((result) => {
      const same = test.find((other) => other.candidate.name === result.candidate.name)
      return same ? [auditMinusTest(result, same, headline, resampling)] : []
    }),
  }
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

function compare(left: SealedResult, right: SealedResult, resampling: Resampling): Comparison {
  const other = new Map(right.items.map((item) => [item.id, item]))
  const pairs = left.items.flatMap((item): [ItemOutcome, ItemOutcome][] => {
    const twin = other.get(item.id)
    return twin ? [[item, twin]] : []
  })
  const differences = (chosen: readonly [ItemOutcome, ItemOutcome][]) => {
    const of = (mode: (typeof modes)[number]) =>
      pairedDifference(
        chosen.map(([one, two]) => [one[mode], two[mode]] as const),
        resampling,
      )
    return { strict: of('strict'), lenient: of('lenient') }
  }
  const parts = Map.groupBy(pairs, ([item]) => item.part)
  return {
    of: left.candidate.name,
    to: right.candidate.name,
    parts: {
      ...Object.fromEntries([...parts].map(([part, chosen]) => [part, differences(chosen)])),
      [allParts]: differences(pairs),
    },
  }
}

function gainsOver(test: readonly PaperResult[]): SealedResults['gains'] {
  const base = test.find((result) => result.candidate === 'base')
  if (!base) return []
  const others = test.filter((result) => result !== base)
  return others.map(({ candidate, parts }) => ({
    candidate,
    parts: Object.fromEntries(
      Object.entries(parts).map(([part, rates]) => {
        const gain = (mode: (typeof modes)[number]) =>
          gainPercent(rates[mode].share, base.parts[part]?.[mode].share ?? null)
        return [part, { strict: gain('strict'), lenient: gain('lenient') }]
      }),
    ),
  }))
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
