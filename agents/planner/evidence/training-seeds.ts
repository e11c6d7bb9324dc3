import { deriveSeed } from '../../../schemas/hash.ts'
import type { RunConfig } from '../../../schemas/run.ts'

/**
 * The training seeds of a run: one for every attempt of the search, so that a difference between attempts is the data's, and fresh
 * ones for the arms that are evaluated on the test, by seed index from 1. All are distinct.
 */
export function trainingSeeds({ seed, evidence }: Pick<RunConfig, 'seed' | 'evidence'>): {
  search: number
  replays: number[]
  /** Of the attempts that are trained again to be held against each other; `index` from 2. */
  further: (index: number) => number
} {
  const search = deriveSeed(seed, 'search')
  const replays = new Set<number>()
  for (let draw = 1; replays.size < evidence.seeds; draw++) {
    const fresh = deriveSeed(seed, draw === 1 ? 'replay' : `replay/${draw}`)
    if (fresh !== search) replays.add(fresh)
  }
  return { search, replays: [...replays], further: (index) => deriveSeed(seed, `search/${index}`) }
}
