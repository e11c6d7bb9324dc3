import { plainSearch, type SearchSettings } from '../../schemas/search.ts'

/**
 * What a search takes at most: datasets that are scored, trainings of all rows (one on a part as its share), and how many are second
 * seeds.
 */
export type SearchCost = { scored: number; trainings: number; races: number; waves: number }

/** If every attempt is valid, none ends the search before, and every one of them is raced. */
export function costOfSearch(attempts: number, search: SearchSettings = plainSearch): SearchCost {
  const { strategy, contenders, racing, trainings, parallel } = search
  const { share, of } = contenders
  const brackets = strategy === 'successive-halving' ? Math.floor(attempts / (1 + of * share) + 1e-9) : 0
  const scored = attempts + brackets * (of - of * share)
  // Contenders are not raced; the first whole attempt has nothing to be held against.
  const whole = attempts - brackets * of * share
  const raced = racing.seeds > 1 ? Math.max(0, whole - 1) * (racing.seeds - 1) + (racing.seeds - 1) : 0
  const races = Math.min(raced, trainings === null ? raced : Math.max(0, trainings - 1))
  const all = Math.min(attempts + races, trainings ?? Number.POSITIVE_INFINITY)
  return { scored: Math.round(scored), trainings: all, races, waves: Math.ceil(scored / parallel) }
}
