import { generationOf, isLess, lastGeneration, nextAttempt, searchOfRun } from './generation.ts'
import { historyOf } from './history.ts'
import type { Slot } from './start-attempt.ts'
import type { Attempt, PlannerState } from './state.ts'
import type { StepContext } from './step-context.ts'
import { leaderOf } from './strategies/leader.ts'
import { strategies } from './strategies/strategies.ts'
import type { Move } from './strategies/strategy.ts'

/** The attempts of the next generation: what is to be corrected of the last one, and then what the strategy says. */
export function slotsOf(context: StepContext, left: { attempts: number; trainings: number }): Slot[] {
  const { state } = context
  const { parallel, strategy, contenders, tree } = searchOfRun(state.config)
  let room = Math.min(left.attempts, left.trainings)
  const slots: Slot[] = []
  for (const each of lastGeneration(state)) {
    const slot = correction(context, each)
    if (!slot || isLess(room, each.share ?? 1)) continue
    room -= each.share ?? 1
    slots.push(slot)
  }
  const standing = {
    ...{ seed: state.config.seed, best: leader(state), contenders, tree, left: room },
    attempt: nextAttempt(state) + slots.length,
    parallel: parallel - slots.length,
  }
  const moves = standing.parallel > 0 ? strategies[strategy](historyOf(state), standing) : []
  slots.push(...moves.map((move, index) => planned(context, move, moves.slice(0, index))))
  const parts = slots.length > 1 ? { parts: slots.length } : {}
  const last = lastGeneration(state)[0]
  return slots.map((slot) => ({ ...slot, generation: last ? generationOf(last) + 1 : 1, ...parts }))
}

const attemptOf = ({ attempts }: PlannerState, number: number | null): Attempt | null =>
  attempts.find(({ attempt }) => attempt === number) ?? null

const leader = (state: PlannerState): number | null =>
  leaderOf(historyOf(state), state.bestAttempt, searchOfRun(state.config).racing)

/** Debug after a program that raised, Repair after too few rows, at most so many in a row, then Draft again. */
function correction({ state }: StepContext, attempt: Attempt): Slot | null {
  const { outcome, dataset, share, from, fixes = state.fixesInARow } = attempt
  const operation = outcome === 'raised' ? 'debug' : outcome === 'invalid' && dataset ? 'repair' : null
  if (!operation) return null
  const same = { start: attemptOf(state, leader(state)), variation: 0, ...(share !== undefined && { share }) }
  if (fixes >= state.config.limits.maxFixesInARow) return { ...same, operation: 'draft', fixes: 0 }
  return { ...same, operation, corrects: attempt, fixes: fixes + 1, ...(from !== undefined && { from }) }
}

/** What a move of the strategy is; `before` are the moves beside it that come first. */
function planned({ state, deps }: StepContext, move: Move, before: readonly Move[]): Slot {
  const share = move.share === 1 ? {} : { share: move.share }
  if ('promotes' in move) {
    const start = attemptOf(state, move.promotes)!
    const from = start.from === undefined ? {} : { from: start.from }
    return { operation: 'promote', start, fixes: 0, variation: 0, promotes: move.promotes, ...from, ...share }
  }
  const isGreedy = searchOfRun(state.config).strategy === 'greedy'
  const isDraft = deps.policy.draftsOnly === true || move.from === null
  const beside = before.filter((each) => 'from' in each && each.from === move.from).length
  const drafts = state.attempts.filter(({ operation, fixes }) => operation === 'draft' && fixes === 0).length
  return {
    operation: isDraft ? 'draft' : 'improve',
    start: attemptOf(state, isGreedy ? leader(state) : move.from),
    fixes: 0,
    variation: beside + (isDraft && !isGreedy ? drafts : 0),
    ...(!isDraft && { from: move.from! }),
    ...share,
  }
}
