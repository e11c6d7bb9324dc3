import { z } from 'zod'
import { count } from './limit.ts'

/** How a run chooses what its next attempts start from; see docs/search.md. */
export const StrategyName = z.enum(['greedy', 'successive-halving', 'tree', 'random'])
export type StrategyName = z.infer<typeof StrategyName>

const Contenders = z.strictObject({
  share: z
    .number()
    .min(0.05)
    .max(1)
    .default(0.25)
    .describe('share of the rows that a contender of `successive-halving` is made and trained with'),
  of: count(4, 'contenders of which the best one is promoted to all rows', 64, 2),
})

const Tree = z.strictObject({
  exploration: z
    .number()
    .min(0)
    .default(0.03)
    .describe(
      'how much an attempt that was seldom planned from is preferred (the constant c of UCT), as a share right',
    ),
  revisit: z
    .number()
    .min(0)
    .max(1)
    .default(0.25)
    .describe(
      'an attempt with n attempts below it is planned from again while fewer than n to this power started from it; 0: once, 1: always',
    ),
})

const Racing = z.strictObject({
  seeds: count(
    0,
    'training seeds that a better attempt and the best one are compared over before it takes its place; 1: the one of the search, so that the lead must be large for the validation items; 0: any higher score is enough',
    8,
    0,
  ),
  lead: z.number().min(0).default(1.5).describe('standard errors by which it must lead then'),
  deviation: z
    .number()
    .min(0)
    .max(0.5)
    .default(0.03)
    .describe('standard deviation of training seeds, as a share right, before second seeds have shown it'),
})

const Plateau = z.strictObject({
  attempts: count(
    0,
    'attempts with all rows in a row that did not lead the last clear improvement by `racing.lead` standard errors, after which the search ends; 0: it goes on',
    1000,
    0,
  ),
})

/** How a search goes on, and when it stops; in a topology under `run`. */
export const SearchSettings = z.object({
  parallel: count(1, 'attempts that are planned from the same state and made at the same time: a generation', 16),
  strategy: StrategyName.default('greedy').describe('how it is chosen what the next attempts start from'),
  contenders: Contenders.prefault({}),
  tree: Tree.prefault({}),
  racing: Racing.prefault({}).describe('what a better attempt has to show before it is kept as the best'),
  plateau: Plateau.prefault({}).describe('when further attempts would be luck'),
  trainings: z
    .number()
    .positive()
    .nullable()
    .default(null)
    .describe(
      'trainings of the search at most, second seeds among them, one on a part of the rows as its share; null: as many as `attempts` and `racing` want',
    ),
})
export type SearchSettings = z.infer<typeof SearchSettings>

/** One attempt after the other from the best one, each kept where its score is higher: how runs search that say nothing. */
export const plainSearch: SearchSettings = SearchSettings.parse({})

/** The settings where they are not the plain ones: a run's configuration has no others. */
export function searchSettingsOf(settings: SearchSettings): SearchSettings | undefined {
  const own = SearchSettings.parse(settings)
  return JSON.stringify(own) === JSON.stringify(plainSearch) ? undefined : own
}

/** Rows that an attempt's dataset is to have, and those that it must have at least. */
export function rowsWithShare(
  { rows, minimumRows }: { rows: number; minimumRows: number },
  share = 1,
): { rows: number; minimum: number } {
  if (share === 1) return { rows, minimum: minimumRows }
  return { rows: Math.max(1, Math.round(rows * share)), minimum: Math.max(1, Math.floor(minimumRows * share)) }
}
