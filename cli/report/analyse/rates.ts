import type { ItemOutcome, Score, ScoreSheet } from '../../../schemas/score.ts'
import type { Rates } from '../contrasts.ts'
import type { CandidateFacts } from '../report-data.ts'
import { rate } from '../statistics/rate.ts'

/** Rates of a score under both rules. */
export function ratesOfScore(score: Score): Rates {
  return {
    strict: rate(score.strict.correct, score.strict.total),
    lenient: rate(score.lenient.correct, score.lenient.total),
  }
}

/** Rates over item outcomes. */
export function ratesOfItems(items: readonly ItemOutcome[]): Rates {
  return {
    strict: rate(items.filter((item) => item.strict).length, items.length),
    lenient: rate(items.filter((item) => item.lenient).length, items.length),
  }
}

/** Rates over the groups of items that share `key`. */
export function ratesBy(items: readonly ItemOutcome[], key: 'part' | 'skill'): Record<string, Rates> {
  const groups = Map.groupBy(items, (item) => item[key])
  return Object.fromEntries([...groups].map(([name, group]) => [name, ratesOfItems(group)]))
}

/** A sheet as rates. */
export function ratesOfSheet(sheet: ScoreSheet): NonNullable<CandidateFacts['validation']> {
  const map = (scores: Record<string, Score>) =>
    Object.fromEntries(Object.entries(scores).map(([name, score]) => [name, ratesOfScore(score)]))
  return { overall: ratesOfScore(sheet.overall), parts: map(sheet.byPart), skills: map(sheet.bySkill), cut: sheet.cut }
}
