import type { FailureKind } from '../../../schemas/row.ts'
import type { RunFacts } from '../facts/run-facts.ts'
import type { DatasetFacts, FailureCategory, ReportData } from '../report-data.ts'

/**
 * What went wrong, in the categories of arXiv 2605.30407: `attempts` once for each program that did not hold and each dataset that was
 * not valid, `replies` once for each index of a shard that gave no candidate.
 */
export function failuresOf(facts: RunFacts, datasets: readonly DatasetFacts[]): ReportData['failures'] {
  const tried = datasets.filter(({ attempt }) => attempt > 0)
  const programs = tried.flatMap(({ operations }) =>
    operations.flatMap(({ error }) => (error === null ? [] : [ofProgram(error)])),
  )
  const short = tried.filter(({ valid }) => valid === false).map(() => 'insufficient-rows' as const)
  const shards = new Map(
    facts.batches.map(({ payload }) => [`${payload.attempt}.${payload.round}.${payload.shard}`, payload.failures]),
  )
  const replies = [...shards.values()].flat().map(({ kind, reason }) => ofReply(kind, reason))
  return { attempts: tally([...programs, ...short]), replies: tally(replies) }
}

const truncated = /cut off|truncat/i
const timedOut = /timed? ?-?out/i

function ofProgram(error: string): FailureCategory {
  if (truncated.test(error)) return 'truncated'
  return timedOut.test(error) ? 'time-out' : 'runtime-error'
}

function ofReply(kind: FailureKind | undefined, reason: string): FailureCategory {
  if (timedOut.test(reason) || kind === 'gone') return 'time-out'
  if (truncated.test(reason)) return 'truncated'
  if (kind === 'hook') return 'runtime-error'
  return kind === 'unusable' ? 'extraction' : 'other'
}

function tally(categories: readonly FailureCategory[]): Partial<Record<FailureCategory, number>> {
  const groups = Map.groupBy(categories, (category) => category)
  return Object.fromEntries([...groups].map(([category, group]) => [category, group.length]))
}
