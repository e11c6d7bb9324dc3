import { type LineScorer, lineScorerNamed, lineScorerNames } from '../../tasks/scorers/line-scorers.ts'
import { type Scorer, scorerNamed, scorerNames } from '../../tasks/scorers/mod.ts'

const loaded = async <T>(names: readonly string[], named: (name: string) => Promise<T | undefined>) =>
  Object.fromEntries(await Promise.all(names.map(async (name) => [name, (await named(name))!] as const)))

/** All that a task may name, loaded. */
export const scorers: Readonly<Record<string, Scorer>> = await loaded(scorerNames, scorerNamed)
/** All that score lines of results, without options. */
export const lineScorers: Readonly<Record<string, LineScorer>> = await loaded(lineScorerNames(), lineScorerNamed)
