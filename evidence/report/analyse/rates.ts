import type { ItemOutcome, Score, ScoreSheet } from '../../../schemas/score.ts'
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

/** What one student model had right of an evaluation set: from its items, or where the log has none, from its sheet. */
export function ratesOfEvalSet(
  sheet: ScoreSheet,
  items: readonly ItemOutcome[],
): NonNullable<StudentModelFacts['validation']> {
  const map = <T>(named: Readonly<Record<string, T>>, of: (one: T) => Rates) =>
    Object.fromEntries(Object.entries(named).map(([name, one]) => [name, of(one)]))
  if (items.length === 0) {
    const [parts, skills] = [map(sheet.byPart, ratesOfScore), map(sheet.bySkill, ratesOfScore)]
    return { overall: ratesOfScore(sheet.overall), parts, skills, truncated: sheet.truncated }
  }
  const by = (key: 'part' | 'skill') => map(Object.fromEntries(Map.groupBy(items, (item) => item[key])), ratesOfItems)
  return {
    overall: ratesOfItems(items),
    parts: by('part'),
    skills: by('skill'),
    truncated: items.filter((item) => item.truncated).length,
  }
}
