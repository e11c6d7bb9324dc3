import type { SearchSettings } from '../../../schemas/search.ts'

/** What a strategy knows of an attempt. */
export type TriedAttempt = {
  attempt: number
  generation: number
  /** The attempt that it was planned from; null: none. */
  from: number | null
  /** Share of the run's rows that it is made and trained with. */
  share: number
  /** The contender that it is, with all rows. */
  promotes: number | null
  /** Share right on validation by training seed, the search's first; none where it has no score (yet). */
  scores: readonly number[]
}

/** A program that is to be planned from an attempt (null: from none), or a contender that is to have more rows. */
export type Move = { from: number | null; share: number } | { promotes: number; share: number }

/** Where a search stands. */
export type SearchStanding = {
  /** The number of the next attempt; with the seed, all that is drawn at random follows from it. */
  attempt: number
  seed: number
  /** Attempts of a generation. */
  parallel: number
  /** Attempts with all rows that may still be made. */
  left: number
  /** The best attempt so far; null before there is one. */
  best: number | null
} & Pick<SearchSettings, 'contenders' | 'tree'>

/**
 * What the next attempts start from: as many moves as are left and go together, none where nothing that is left is enough. A pure
 * function of closed generations, so that it is the same whoever was ready first, and after any crash.
 */
export type Strategy = (history: readonly TriedAttempt[], standing: SearchStanding) => Move[]

/** The same move for as many attempts as may be made at the same time. */
export const alike = (move: Move, { parallel, left }: Pick<SearchStanding, 'parallel' | 'left'>): Move[] =>
  Array<Move>(Math.max(0, Math.min(parallel, Math.floor((left + 1e-9) / move.share)))).fill(move)

export const isScored = ({ scores }: Pick<TriedAttempt, 'scores'>): boolean => scores.length > 0

export const meanScore = ({ scores }: Pick<TriedAttempt, 'scores'>): number =>
  scores.reduce((sum, score) => sum + score, 0) / Math.max(1, scores.length)
