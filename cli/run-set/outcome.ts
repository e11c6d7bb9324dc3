import { contrastsOf } from '../report/analyse/contrasts.ts'
import { allParts } from '../report/analyse/names.ts'
import { primaryOf } from '../report/analyse/sealed.ts'
import { collect, defaultResampling, type LogEntry } from '../report/mod.ts'
import type { Interval } from '../report/statistics/interval.ts'

/** The final minus another arm in one run, with that run's own interval: over its items and its training seeds. */
export type Gain = { value: number; interval: Interval | null }

/** What became of one run of a set: the share right of each arm on the part that counts, its seeds averaged. */
export type RunOutcome = {
  runId: string
  seed: number
  status: string
  part: string
  mode: 'strict' | 'lenient'
  /** The arm that the run named before its opening to be judged against. */
  against: string
  /** Of the part that counts, with the training seeds of the final; 0 for a run that opened no test. */
  items: number
  seeds: number
  /** Empty for a run that opened no test. */
  scores: Record<string, number>
  /** By the other arm. */
  gains: Record<string, Gain>
}

/** The outcome of a run from its log. */
export function outcomeOf(member: { runId: string; seed: number }, entries: readonly LogEntry[]): RunOutcome {
  const facts = collect(entries)
  const status = facts.statuses.at(-1)?.payload.status ?? 'not begun'
  const records = facts.openingRequests[0]?.payload.arms ?? []
  const { named: _, ...primary } = primaryOf(facts, allParts)
  const { part, mode, against } = primary
  const test = facts.opened[0]?.payload.results.filter(({ paper }) => paper === 'test') ?? []
  const { seed } = defaultResampling
  const { arms, comparisons } = contrastsOf({ test, records, primary, named: true, parts: [part], seed })
  const means = arms.flatMap(({ arm, parts }) => {
    const mean = parts[part]?.[mode]
    return mean ? [{ arm, ...mean }] : []
  })
  const final = means.find(({ arm }) => arm === primary.arm)
  const others = final ? means.filter((mean) => mean !== final) : []
  return {
    ...member,
    status,
    part: test.length > 0 ? part : '',
    mode,
    against,
    items: means[0]?.items ?? 0,
    seeds: final?.perSeed.length ?? 0,
    scores: Object.fromEntries(means.map(({ arm, value }) => [arm, value])),
    gains: Object.fromEntries(
      others.map(({ arm, value }) => {
        // An arm with the final's very dataset is the final: there is nothing between them.
        const interval = comparisons.find(({ to }) => to === arm)?.parts[part]?.[mode].interval ?? null
        return [arm, { value: final!.value - value, interval }]
      }),
    ),
  }
}
