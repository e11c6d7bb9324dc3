import type { FailureKind } from '../../../schemas/row.ts'
import type { RunFacts } from '../facts/run-facts.ts'
import type { DatasetFacts, FailureCategory, ReportData } from '../report-data.ts'
import { tally } from './datasets.ts'

/**
 * What went wrong, in the categories of arXiv 2605.30407: `attempts` once for each attempt that gave no valid dataset, by its first
 * cause, `replies` once for each index of a shard that gave no candidate.
 */
export function failuresOf(facts: RunFacts, datasets: readonly DatasetFacts[]): ReportData['failures'] {
  const attempts = datasets.flatMap(({ attempt, operations, valid }): FailureCategory[] => {
    const error = operations.find((each) => each.error !== null)?.error
    if (attempt === 0 || (error === undefined && valid !== false)) return []
    if (error != null) return [ofProgram(error)]
    return [ranOutOfHours(facts, attempt) ? 'time-out' : 'insufficient-rows']
  })
  const shards = new Map(
    facts.batches.map(({ payload }) => [`${payload.attempt}.${payload.round}.${payload.shard}`, payload.failures]),
  )
  const replies = [...shards.values()].flat().map(({ kind, reason }) => ofReply(kind, reason))
  return { attempts: tally(attempts), replies: tally(replies) }
}

const truncated = /cut off|truncat/i
const timedOut = /timed? ?-?out/i
const nothingToRead = /no JSON object|no answer came/i
const unpaid = /might not fit in the run|no call of the planner|pays for none/i

/** What a model wrote in place of a program, or how its program failed. */
function ofProgram(error: string): FailureCategory {
  if (truncated.test(error)) return 'truncated'
  if (timedOut.test(error)) return 'time-out'
  if (nothingToRead.test(error)) return 'extraction'
  return unpaid.test(error) ? 'other' : 'runtime-error'
}

/** Whether an attempt ended since its hours were used. */
function ranOutOfHours({ config, shards, verdicts }: RunFacts, attempt: number): boolean {
  const begun = shards.find(({ payload }) => payload.round.attempt === attempt)
  const closed = verdicts.findLast(({ payload }) => payload.attempt === attempt)
  const hours = config?.limits.attemptHours ?? null
  return hours !== null && begun !== undefined && closed !== undefined && closed.atMs - begun.atMs >= hours * 3_600_000
}

/** `accept` says in its own words what it refused. */
function ofReply(kind: FailureKind | undefined, reason: string): FailureCategory {
  if (kind === 'not-accepted') return 'other'
  if (timedOut.test(reason) || kind === 'gone') return 'time-out'
  if (kind === 'truncated' || truncated.test(reason)) return 'truncated'
  if (kind === 'hook') return 'runtime-error'
  return kind === 'unusable' ? 'extraction' : 'other'
}
