import type { ItemOutcome, Score } from '../../../schemas/score.ts'
import type { Rates } from '../contrasts.ts'
import type { StudentModelFacts } from '../report-data.ts'
import { groupedRate, rate } from '../statistics/share.ts'
import { inGroups } from './arm-scores.ts'

export function ratesOfScore(score: Score): Rates {
  return {
    strict: rate(score.strict.correct, score.strict.total),
    lenient: rate(score.lenient.correct, score.lenient.total),
  }
}

/** Rates over item outcomes, with intervals over their groups. */
function ratesOfItems(items: readonly ItemOutcome[]): Rates {
  const groups = inGroups(items)
  const sizes = groups.map((group) => group.length)
  const of = (mode: 'strict' | 'lenient') =>
    groupedRate({ sizes, right: groups.map((group) => group.filter((item) => item[mode]).length) })
  return { strict: of('strict'), lenient: of('lenient') }
}

/** What one student model had right of an evaluation set. */
export function ratesOfEvalSet(items: readonly ItemOutcome[]): NonNullable<StudentModelFacts['validation']> {
  const by = (key: 'part' | 'skill') =>
    Object.fromEntries([...Map.groupBy(items, (item) => item[key])].map(([name, own]) => [name, ratesOfItems(own)]))
  return {
    overall: ratesOfItems(items),
    parts: by('part'),
    skills: by('skill'),
    truncated: items.filter((item) => item.truncated).length,
  }
}
