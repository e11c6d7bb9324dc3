import type { Scorer } from './scorer.ts'

export type { Scorer, ScorerOptions } from './scorer.ts'

const benchmark = (name: string) => async (): Promise<Scorer> =>
  (await import('./benchmark-scorers.ts')).benchmarkScorers.find((scorer) => scorer.name === name)!

/** Every scorer a task may name; its code is loaded with the first task that does. */
const scorers: Readonly<Record<string, () => Promise<Scorer>>> = {
  'boxed-number': async () => (await import('./boxed-number.ts')).boxedNumber,
  exact: async () => (await import('./exact.ts')).exact,
  contains: async () => (await import('./contains.ts')).contains,
  choice: async () => (await import('./choice.ts')).choice,
  numeric: async () => (await import('./numeric.ts')).numeric,
  'json-fields': async () => (await import('./json-fields.ts')).jsonFields,
  'python-literal': async () => (await import('./python-literal.ts')).pythonLiteral,
  set: async () => (await import('./set.ts')).set,
  'edit-distance': async () => (await import('./edit-distance.ts')).editDistanceScorer,
  scibench: benchmark('scibench'),
  'livecodebench-top': benchmark('livecodebench-top'),
  financereasoning: benchmark('financereasoning'),
  cruxeval: benchmark('cruxeval'),
  gsm8k: benchmark('gsm8k'),
  svamp: benchmark('svamp'),
}

export const scorerNames: readonly string[] = Object.keys(scorers)

/** The scorer of that name; undefined where there is none. */
export const scorerNamed = async (name: string): Promise<Scorer | undefined> =>
  Object.hasOwn(scorers, name) ? scorers[name]!() : undefined
