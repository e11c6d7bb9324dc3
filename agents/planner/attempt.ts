import { hashOf } from '../../schemas/hash.ts'
import type { PayloadOf } from '../../schemas/message.ts'
import type { Round, Verdict } from '../../schemas/messages/generation.ts'
import { checkCallsOf, type Program, rowsPerReply, type Source } from '../../schemas/program.ts'
import { queuesOf } from '../../schemas/queue.ts'
import type { Row } from '../../schemas/row.ts'
import type { RunConfig } from '../../schemas/run.ts'
import { spentTogether } from '../../schemas/spent.ts'
import { callsLeft } from './budget-left.ts'
import { shareOf } from './budget-share.ts'
import { outgoing } from './outgoing.ts'
import { addYields, nextRound, shardSizeOf } from './rounds.ts'
import type { Attempt, Outgoing, PlannerState } from './state.ts'
import type { PlannerStore } from './store.ts'
import { beginTrials } from './trials.ts'

/** Calls asked for where one would do: for revisions, second questions and tries that fail. */
const slack = 3
/** For a shard so small that one hard case would use its share. */
const spare = 8

/** HTTP requests that one shard may cost: its generator's, and those of the critic that checks its rows. */
type Allowance = { maxCalls?: number; checkCalls?: number }

/**
 * What each shard of a round may cost. The sum is never more than what is left of the run's limit, and rounds do not overlap, so the
 * limit holds whatever crashes. Where less is left than is wished, all get the same share of their wish, so that no more rows are
 * made than can be checked. Nothing for a shard that prompts no teacher.
 */
export function allowances(
  pieces: readonly { source: Source; count: number }[],
  program: Pick<Program, 'verification' | 'judge'>,
  left: number,
): Allowance[] {
  const wish = (calls: number) => (calls > 0 ? calls * slack + spare : 0)
  const wishes = pieces.flatMap(({ source, count }) =>
    source.kind === 'prompt' ? [wish(count), wish(count * rowsPerReply(source) * checkCallsOf(program))] : [0, 0],
  )
  const wished = wishes.reduce((sum, each) => sum + each, 0)
  const share = Math.min(1, left / Math.max(1, wished))
  let before = 0
  const granted = wishes.map((each) => {
    const start = Math.floor(before * share)
    before += each
    return Math.floor(before * share) - start
  })
  return pieces.map((_, index) => ({
    ...(wishes[2 * index]! > 0 && { maxCalls: granted[2 * index]! }),
    ...(wishes[2 * index + 1]! > 0 && { checkCalls: granted[2 * index + 1]! }),
  }))
}

/** What an attempt has before its first row. */
export const nothingMade = {
  round: 0,
  asked: {},
  bySource: {},
  carried: 0,
  rows: 0,
  dataset: null,
  datasetHash: null,
  surplus: [],
  studentModel: null,
  validation: null,
  badCases: [],
  error: null,
} satisfies Partial<Attempt>

/** Which attempt it is, how it came about, and its place in the search. */
export type Planned = Pick<Attempt, 'attempt' | 'operation' | 'diagnosis' | 'planning'> & SearchPlace
export type SearchPlace = Pick<Attempt, 'generation' | 'parts' | 'from' | 'share' | 'promotes' | 'fixes'>

/** A new attempt with its carried-over rows in place, before its first round. */
export async function openAttempt(
  state: PlannerState,
  plan: Planned & { program: Program },
  store: PlannerStore,
): Promise<Attempt & { program: Program }> {
  const carried = await carriedRows(state, plan.program, store)
  return {
    ...plan,
    ...nothingMade,
    programHash: hashOf(plan.program),
    programObject: await store.putProgram(plan.program),
    carried: carried.length,
    rows: carried.length,
    dataset: carried.length > 0 ? await store.putRows(carried) : null,
    outcome: 'generating',
  }
}

/** An attempt that ends before it began: the model wrote no program that holds. */
export function raisedAttempt(plan: Planned & { wrote: string }, error: string): Attempt {
  return {
    ...plan,
    ...nothingMade,
    program: null,
    programHash: hashOf(plan.wrote),
    programObject: null,
    outcome: 'raised',
    error,
  }
}

/** The rows of an earlier attempt that a program keeps, the first of each skill. */
export async function carriedRows(
  { attempts }: { attempts: readonly Pick<Attempt, 'attempt' | 'dataset'>[] },
  program: Program,
  store: Pick<PlannerStore, 'getRows'>,
): Promise<Row[]> {
  const { carryOver } = program
  const from = attempts.find((each) => each.attempt === carryOver?.attempt)
  if (!carryOver || !from?.dataset) return []
  const left = new Map(Object.entries(carryOver.rows))
  return (await store.getRows(from.dataset)).filter((row) => {
    const count = left.get(row.skill) ?? 0
    left.set(row.skill, count - 1)
    return count > 0
  })
}

/** Whether an attempt that began then may ask for no further round. */
export function isOverdue(startedAt: string | undefined, at: string, { limits }: RunConfig): boolean {
  if (limits.attemptHours === null || startedAt === undefined) return false
  return Date.parse(at) - Date.parse(startedAt) >= limits.attemptHours * 3_600_000
}

/** The attempt after a closed round. */
export const withVerdict = (
  attempt: Attempt,
  { bySource, failures, refusals, rows, dataset, datasetHash, spent }: PayloadOf<typeof Verdict>,
): Attempt => ({
  ...attempt,
  ...withExamples(attempt.examples, failures, refusals),
  bySource: addYields(attempt.bySource, bySource),
  rows,
  dataset,
  datasetHash,
  spent: spentTogether([attempt.spent, spent]),
})

type Examples = NonNullable<Attempt['examples']>

/** Words that came with a round take the place of those of rounds before it. */
function withExamples(...all: readonly (Examples | undefined)[]): Pick<Attempt, 'examples'> {
  const examples: Examples = {}
  for (const each of all) {
    for (const [source, words] of Object.entries(each ?? {})) examples[source] = { ...examples[source], ...words }
  }
  return Object.keys(examples).length > 0 ? { examples } : {}
}

/** Opens the attempt's next round at a time, and stores it; no messages when the dataset is full or nothing more may be asked. */
export async function planRound(
  whole: PlannerState,
  before: Attempt,
  { at, store }: { at: string; store: Pick<PlannerStore, 'putRound'> },
): Promise<{ attempt: Attempt; messages: Outgoing[] }> {
  const state = shareOf(whole, before)
  const { config } = state
  const attempt = { ...before, startedAt: before.startedAt ?? at }
  const { program } = attempt
  if (isOverdue(attempt.startedAt, at, config)) return { attempt, messages: [] }
  const left = callsLeft(state, attempt)
  const asks = nextRound(attempt, config, left)
  if (!program || asks.length === 0) return { attempt, messages: [] }
  const pieces = asks.flatMap(({ source, from, count }) => {
    const found = program.sources.find((each) => each.id === source)!
    const size = shardSizeOf(found, config)
    return Array.from({ length: Math.ceil(count / size) }, (_, index) => {
      const start = from + index * size
      return { source: found, from: start, count: Math.min(size, from + count - start) }
    })
  })
  const calls = allowances(pieces, program, left)
  const round: Round = {
    attempt: attempt.attempt,
    round: attempt.round + 1,
    shards: pieces.length,
    target: attempt.carried + program.sources.reduce((sum, source) => sum + source.rows, 0),
    quotas: Object.fromEntries(asks.map(({ source, quota }) => [source, quota])),
    program: attempt.programObject!,
    programHash: attempt.programHash,
    admitted: attempt.dataset,
    contamination: state.contamination!,
    ...(state.tokenLimit && { tokenLimit: state.tokenLimit }),
    publicTask: config.publicTask,
    variants: queuesOf(config),
  }
  const key = { attempt: round.attempt, round: round.round, object: await store.putRound(round) }
  const messages = pieces.map(({ source: { id: source }, ...piece }, shard) => ({
    source,
    message: outgoing.shard(config, {
      round: key,
      shard,
      source,
      ...piece,
      seed: String(config.seed),
      ...calls[shard],
    }),
  }))
  const asked = { ...attempt.asked }
  for (const { source, from, count } of asks) asked[source] = from + count
  return beginTrials(state, { ...attempt, round: round.round, asked }, messages)
}
