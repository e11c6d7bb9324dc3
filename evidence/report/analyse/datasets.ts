import type { PayloadOf } from '../../../schemas/message.ts'
import type { Decision } from '../../../schemas/messages/run.ts'
import type { Program } from '../../../schemas/program.ts'
import type { RejectionReason, Row } from '../../../schemas/row.ts'
import { rowsWithShare } from '../../../schemas/search.ts'
import type { RunFacts } from '../facts/run-facts.ts'
import type { DatasetFacts } from '../report-data.ts'

/** Rows of the datasets that could be read, by attempt; attempt 0 is the control's. */
export type DatasetRows = ReadonlyMap<number, readonly Row[]>

/** How each dataset was made, in order of attempts; the control (attempt 0) comes first where there is one. */
export function datasetFacts(facts: RunFacts, rows: DatasetRows): DatasetFacts[] {
  const attempts = new Set([
    ...facts.decisions.map(({ payload }) => payload.attempt),
    ...facts.shards.map(({ payload }) => payload.round.attempt),
    ...facts.batches.map(({ payload }) => payload.attempt),
    ...facts.verdicts.map(({ payload }) => payload.attempt),
  ])
  return [...attempts].sort((one, other) => one - other).map((attempt) => datasetOf(facts, attempt, rows.get(attempt)))
}

/** The last closed round of each attempt, from which its dataset is known. */
export function lastVerdicts(facts: Pick<RunFacts, 'verdicts'>) {
  return new Map(verdictsInOrder(facts).map((verdict) => [verdict.attempt, verdict]))
}

/** One verdict a round: after a crash a round may have been closed twice, with equal content. */
function verdictsInOrder(facts: Pick<RunFacts, 'verdicts'>) {
  const rounds = new Map(facts.verdicts.map(({ payload }) => [`${payload.attempt}.${payload.round}`, payload]))
  return [...rounds.values()].sort((one, other) => one.attempt - other.attempt || one.round - other.round)
}

function datasetOf(facts: RunFacts, attempt: number, rows: readonly Row[] | undefined): DatasetFacts {
  const decisions = reportedOnce(
    facts.decisions.map(({ payload }) => payload).filter((each) => each.attempt === attempt),
  )
  const verdicts = verdictsInOrder(facts).filter((verdict) => verdict.attempt === attempt)
  const decision = decisions.at(-1)
  const sources = decision?.program?.sources ?? []
  const yields = verdicts.flatMap((verdict) => Object.values(verdict.bySource))
  const last = verdicts.at(-1)
  const total = (key: 'asked' | 'generated' | 'admitted') => yields.reduce((sum, one) => sum + one[key], 0)
  const rejected: Partial<Record<RejectionReason, number>> = {}
  for (const one of yields) {
    for (const [reason, count] of Object.entries(one.rejected) as [RejectionReason, number][])
      rejected[reason] = (rejected[reason] ?? 0) + count
  }
  const carriedOver = last ? Math.max(0, last.rows - total('admitted')) : 0
  const isAsked = facts.shards.some(({ payload }) => payload.round.attempt === attempt)
  const target = isAsked && decision?.program ? targetOf(decision.program, last ? carriedOver : null) : null
  const bySkill = new Map(sources.map((source) => [source.id, source.skill]))
  return {
    attempt,
    operations: decisions.map(({ operation, diagnosis, model, error }) => ({
      operation,
      diagnosis,
      model,
      error: error ?? null,
    })),
    programHash: decision?.programHash ?? null,
    sources: sources.map((source) => {
      const { id, skill, rows } = source
      if (source.kind === 'prompt') return { id, skill, rows, phrasings: null, wideShare: null, difficulty: null }
      const { phrasings, wideShare, difficulty } = source
      return { id, skill, rows, phrasings, wideShare, difficulty }
    }),
    target: target ?? facts.config?.rows ?? null,
    rounds: verdicts.length,
    asked: total('asked'),
    generated: total('generated'),
    admitted: total('admitted'),
    carriedOver,
    rows: last?.rows ?? null,
    valid:
      last && facts.config ? isValid(facts, last, rowsWithShare(facts.config, decision?.place?.share).minimum) : null,
    rejected,
    templateOverlap: verdicts.reduce((sum, verdict) => sum + verdict.templateOverlap, 0),
    ...(rows
      ? { mix: tally(rows.map((row) => row.skill)), mixFrom: 'dataset' as const }
      : { mix: mixFromLog(verdicts, bySkill, decision?.program?.carryOver?.rows), mixFrom: 'log' as const }),
    datasetHash: last?.datasetHash ?? null,
  }
}

/** Rows that an attempt's dataset holds in the end; before its first round is closed, with all rows that its program is to carry over. */
function targetOf({ sources, carryOver }: Program, carried: number | null): number {
  const meant = Object.values(carryOver?.rows ?? {}).reduce((sum, rows) => sum + rows, 0)
  return (carried ?? meant) + sources.reduce((sum, source) => sum + source.rows, 0)
}

/** Null while a dataset that is short may still be filled. */
function isValid(
  facts: RunFacts,
  { attempt, rows }: { attempt: number; rows: number },
  minimum: number,
): boolean | null {
  if (rows >= minimum) return true
  const { finished, finalEvalRequests, decisions, shards } = facts
  const wentOn =
    attempt > 0 &&
    (decisions.some(({ payload }) => payload.attempt > attempt) ||
      shards.some(({ payload }) => payload.round.attempt === 0))
  return finished.length > 0 || finalEvalRequests.length > 0 || wentOn ? false : null
}

/** A decision whose program raised is published again with its error: one decision, and its error. */
function reportedOnce(decisions: readonly PayloadOf<typeof Decision>[]): PayloadOf<typeof Decision>[] {
  const byProgram = Map.groupBy(decisions, ({ programHash }) => programHash)
  return [...byProgram.values()].map((decisions) => {
    const error = decisions.find((each) => each.error !== undefined)?.error
    return { ...decisions[0]!, ...(error === undefined ? {} : { error }) }
  })
}

function mixFromLog(
  verdicts: readonly { bySource: Record<string, { admitted: number }> }[],
  skillOf: ReadonlyMap<string, string>,
  carried: Readonly<Record<string, number>> | undefined,
): Record<string, number> {
  const mix: Record<string, number> = { ...carried }
  for (const [source, { admitted }] of verdicts.flatMap((verdict) => Object.entries(verdict.bySource))) {
    const skill = skillOf.get(source) ?? source
    mix[skill] = (mix[skill] ?? 0) + admitted
  }
  return mix
}

export function tally(names: readonly string[]): Record<string, number> {
  const groups = Map.groupBy(names, (name) => name)
  return Object.fromEntries([...groups].map(([name, group]) => [name, group.length]))
}
