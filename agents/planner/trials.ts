import type { PayloadOf } from '../../schemas/message.ts'
import type { Shard, Tried } from '../../schemas/messages/generation.ts'
import { notAsked, type Yield } from '../../schemas/row.ts'
import { partsOf } from './generation.ts'
import type { Attempt, Outgoing, PlannerState, Trial } from './state.ts'

/**
 * A teacher is tried before it is asked for many rows: of every source that has none yet one shard goes first, and the others are held back
 * until one of its replies could be used.
 * Y1  Sources share what may go by in vain: `trialCalls` over all of them, and the attempts of a run, while no reply at all was usable.
 * Y2  A source beside others that work may use as many for itself; then it is dry, and asked for nothing more in this attempt.
 * Y3  What was held back is sent as it was, so the rows are those of a round without a trial; of a dry source it is sent without calls, so
 *     that its round closes.
 * Y4  Of sources that the same model gave usable replies to a short while before, `aheadCalls` calls over all of them go with the trial.
 */
type Sent = { attempt: Attempt; messages: Outgoing[] }

/** Calls that an index costs at most where no reply can be used: itself, and its revisions. */
const callsPerIndex = 3

type Piece = { source: string; message: Outgoing }
type Trials = Record<string, Trial>

const payloadOf = ({ payload }: Outgoing) => payload as unknown as PayloadOf<typeof Shard>
const withPayload = (message: Outgoing, change: Partial<PayloadOf<typeof Shard>>): Outgoing => ({
  ...message,
  payload: { ...(message.payload as object), ...change } as Outgoing['payload'],
})

/** The shards of a new round that leave now, each source's first one as its trial where it has no row yet; the others are held back. */
export function beginTrials(state: PlannerState, attempt: Attempt, pieces: readonly Piece[]): Sent {
  const allowed = callsAllowed(state, attempt)
  const untried = [...Map.groupBy(pieces, ({ source }) => source)].filter(([source]) => isUntried(attempt, source))
  const trials: Trials = dryOnes(attempt)
  if (allowed === null || isCheap(attempt, untried, allowed))
    return { attempt: { ...attempt, trials }, messages: pieces.map(({ message }) => message) }
  for (const [source, own] of untried) {
    const calls = Math.max(attempt.trials?.[source]?.calls ?? 0, callsPerIndex * answered(attempt.bySource[source]))
    trials[source] = { calls, state: 'waiting', held: own.map(({ message }) => message) }
  }
  const known = pieces.filter(({ source }) => !isUntried(attempt, source)).map(({ message }) => message)
  const sources = untried.map(([source]) => source)
  const first = hasRows(attempt) ? sources : sources.slice(0, Math.max(1, Math.floor(allowed / callsPerIndex)))
  const each = Math.max(1, Math.floor(allowed / first.length))
  const sent = open(trials, first, ({ calls }) => (hasRows(attempt) ? allowed - calls : each))
  const ahead = goAhead(state.config, sent.trials)
  return { attempt: { ...attempt, trials: ahead.trials }, messages: [...known, ...sent.messages, ...ahead.messages] }
}

/** What goes with the trials that are open, of the sources that are known (Y4). */
function goAhead({ usableSources = [], limits: { aheadCalls } }: PlannerState['config'], trials: Trials) {
  const known = usableSources.filter((source) => trials[source]?.state === 'open')
  const after: Trials = { ...trials }
  const messages: Outgoing[] = []
  for (const source of known) {
    const { held } = trials[source]!
    let calls = Math.floor(aheadCalls / known.length)
    const waits = held.findIndex((message) => {
      calls -= callsPerIndex * payloadOf(message).count
      return calls < 0
    })
    const gone = waits === -1 ? held.length : waits
    messages.push(...held.slice(0, gone))
    after[source] = { ...trials[source]!, held: held.slice(gone) }
  }
  return { trials: after, messages }
}

/** Whether all that is asked of sources that were never asked before costs no more than a trial of them. */
const isCheap = (attempt: Attempt, untried: readonly [string, Piece[]][], allowed: number): boolean =>
  untried.every(([source]) => answered(attempt.bySource[source]) === 0) &&
  callsPerIndex * untried.flatMap(([, own]) => own).reduce((sum, { message }) => sum + payloadOf(message).count, 0) <=
    allowed

/** The attempt after a trial, and the shards that it lets go. */
export function afterTrial(
  state: PlannerState,
  attempt: Attempt,
  { source, outcome }: Pick<PayloadOf<typeof Tried>, 'source' | 'outcome'>,
): Sent {
  const before = attempt.trials ?? {}
  const tried = before[source]
  if (tried?.state !== 'open') return { attempt, messages: [] }
  if (outcome.usable) {
    // The teacher works: what waited for that is tried now, as often as a source may be.
    const all = state.config.limits.trialCalls ?? Number.POSITIVE_INFINITY
    const next = Object.keys(before).filter((name) => ['waiting', 'failed'].includes(before[name]!.state))
    const trials: Trials = { ...before, [source]: { ...tried, state: 'usable', held: [] } }
    const sent = open(trials, next, ({ calls }) => all - calls)
    return { attempt: { ...attempt, trials: sent.trials }, messages: [...tried.held, ...sent.messages] }
  }
  const failed: Trial = { ...tried, calls: tried.calls + outcome.calls, why: outcome.why, state: 'failed' }
  const trials: Trials = { ...before, [source]: failed }
  if (hasRows(attempt) || Object.values(trials).some(({ state: is }) => is === 'usable')) {
    const left = (state.config.limits.trialCalls ?? Number.POSITIVE_INFINITY) - failed.calls
    const sent = left > 0 ? open(trials, [source], () => left) : dry(trials, [source])
    return { attempt: { ...attempt, trials: sent.trials }, messages: sent.messages }
  }
  if (Object.values(trials).some((trial) => trial.state === 'open'))
    return { attempt: { ...attempt, trials }, messages: [] }
  const sent = dry(trials, Object.keys(trials))
  return { attempt: { ...attempt, trials: sent.trials }, messages: sent.messages }
}

/** Sends the first shard that is held back of each source as its trial; one that has none left waits for the next round. */
function open(trials: Trials, sources: readonly string[], callsOf: (trial: Trial) => number) {
  const messages: Outgoing[] = []
  const after: Trials = { ...trials }
  for (const source of sources) {
    const trial = trials[source]!
    const [first, ...held] = trial.held
    const calls = callsOf(trial)
    if (!first || calls <= 0) {
      const none = dry({ [source]: trial }, calls <= 0 ? [source] : [])
      after[source] = none.trials[source]!
      messages.push(...none.messages)
      continue
    }
    after[source] = { ...trial, state: 'open', held }
    messages.push(withPayload(first, { trial: calls }))
  }
  return { trials: after, messages }
}

/** Gives sources up: what is held back of them goes without a call. */
function dry(trials: Trials, sources: readonly string[]) {
  const messages = sources.flatMap((source) =>
    trials[source]!.held.map((held) => withPayload(held, { maxCalls: 0, checkCalls: 0, dry: true })),
  )
  const given = sources.map((source) => [source, { ...trials[source]!, state: 'dry' as const, held: [] }] as const)
  return { trials: { ...trials, ...Object.fromEntries(given) } as Trials, messages }
}

/** A source that prompts a teacher and has no row yet. */
const isUntried = ({ program, bySource }: Attempt, source: string): boolean =>
  program?.sources.find(({ id }) => id === source)?.kind === 'prompt' && (bySource[source]?.generated ?? 0) === 0

/** Those that nothing more is asked for. */
const dryOnes = ({ trials = {} }: Attempt): Trials =>
  Object.fromEntries(Object.entries(trials).filter(([, { state }]) => state === 'dry'))

/** Indexes that a reply came for. */
const answered = (measured: Yield | undefined): number =>
  measured ? measured.asked - (measured.failed?.gone ?? 0) - notAsked(measured) : 0

const hasRows = ({ bySource }: Pick<Attempt, 'bySource'>): boolean =>
  Object.values(bySource).some(({ generated }) => generated > 0)

/** Calls of an attempt in vain: all of one that has no row, else those of the trials that failed. */
const callsInVain = (attempt: Attempt): number => {
  const tried = Object.values(attempt.trials ?? {}).reduce((sum, { calls }) => sum + calls, 0)
  return hasRows(attempt) ? tried : Math.max(tried, attempt.spent?.calls ?? 0)
}

/**
 * Calls that may go by in vain in an attempt; null where they are not limited. While no attempt has a row, what the others left of it, of
 * which one that another may correct takes half.
 */
function callsAllowed({ config, attempts, phase }: PlannerState, attempt: Attempt): number | null {
  const { trialCalls } = config.limits
  if (trialCalls === null || attempts.some(hasRows)) return trialCalls
  const others = attempts.filter((each) => each.attempt !== attempt.attempt)
  const left = trialCalls - [...others, attempt].reduce((sum, each) => sum + callsInVain(each), 0)
  const isLast = attempt.attempt >= config.attempts || phase !== 'searching'
  return Math.max(1, Math.floor((isLast ? left : Math.ceil(left / 2)) / partsOf(attempt)))
}

/** Whether all that a run may try in vain is used, and no reply of its teacher ever gave a row. */
export const isTriedOut = ({ config, attempts }: PlannerState): boolean =>
  config.limits.trialCalls !== null &&
  !attempts.some(hasRows) &&
  attempts.reduce((sum, each) => sum + callsInVain(each), 0) + callsPerIndex > config.limits.trialCalls

/** The sources that a teacher gave no usable reply for, with what was wrong; null while there is none. */
export function dryText({ trials = {} }: Pick<Attempt, 'trials'>): string | null {
  const dry = Object.entries(trials).filter(([, { state, why }]) => state === 'dry' && why !== undefined)
  const lines = [...Map.groupBy(dry, ([, { why }]) => why)].map(([why, alike]) => {
    const calls = alike.reduce((sum, [, trial]) => sum + trial.calls, 0)
    const names = alike.map(([source]) => `"${source}"`).join(', ')
    return `${alike.length === 1 ? 'source' : 'sources'} ${names}: no row came of ${calls} calls: ${why}`
  })
  return lines.length > 0 ? lines.join('\n') : null
}

/** Whether nothing more is asked of a source. */
export const isDry = ({ trials }: Pick<Attempt, 'trials'>, source: string): boolean => trials?.[source]?.state === 'dry'

/** What was wrong where the teacher gave a usable reply for none of an attempt's sources; else null. */
export const nothingUsable = (attempt: Attempt): string | null => {
  const states = Object.values(attempt.trials ?? {}).map(({ state }) => state)
  const isNone = states.length > 0 && states.every((state) => state === 'dry') && !hasRows(attempt)
  return isNone ? dryText(attempt) : null
}
