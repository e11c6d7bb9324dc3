import { lastGeneration, searchOfRun } from './generation.ts'
import { countsOf } from './history.ts'
import { outgoing } from './outgoing.ts'
import { askForRaces, countedOf, rulesOf } from './race.ts'
import type { Attempt, PlannerState } from './state.ts'
import { best, putAttempt, type StepContext } from './step-context.ts'
import { race } from './strategies/racing.ts'

/**
 * The last generation is decided on: whether one of its attempts takes the place of the best. Those with more rows come before those with
 * fewer, then the higher score on validation, then the lower number. `races`: better ones are trained with further seeds first.
 */
export function chooseBest(context: StepContext): 'races' | 'chosen' {
  const { config } = context.state
  const before = best(context.state)
  const open = lastGeneration(context.state).filter(({ outcome, kept }) => outcome === 'scored' && kept === undefined)
  const raced = open.filter((each) => isRaced(context.state, each, before))
  if (before && askForRaces(context, raced, before)) return 'races'
  const scoreOf = (each: Attempt) => {
    const counts = countsOf(each, config.primary)
    return counts.reduce((sum, count) => sum + count, 0) / counts.length
  }
  const ranked = open.toSorted((a, b) => shareOf(b) - shareOf(a) || scoreOf(b) - scoreOf(a) || a.attempt - b.attempt)
  let isReplaced = false
  for (const each of ranked) {
    const kept = !isReplaced && (raced.includes(each) ? holds(context, each) : isBetter(config, each, before))
    putAttempt(context, { ...each, kept })
    if (!kept) continue
    context.state = { ...context.state, bestAttempt: each.attempt }
    isReplaced = true
  }
  return 'chosen'
}

const shareOf = ({ share = 1 }: Attempt): number => share

/** By rows, then by the score of the search's own seed. */
function isBetter({ primary }: PlannerState['config'], own: Attempt, other: Attempt | null): boolean {
  if (!other || shareOf(own) !== shareOf(other)) return !other || shareOf(own) > shareOf(other)
  return own.validation!.overall[primary].correct > other.validation!.overall[primary].correct
}

/** Whether a better attempt has to be held against the best one: both have all rows. */
const isRaced = ({ config }: PlannerState, own: Attempt, other: Attempt | null): boolean =>
  searchOfRun(config).racing.seeds > 0 &&
  other !== null &&
  shareOf(own) === 1 &&
  isBetter(config, own, other) &&
  shareOf(other) === 1

/** Whether an attempt holds against the best one over the seeds that both have; published. */
function holds(context: StepContext, own: Attempt): boolean {
  const { state } = context
  const against = best(state)!
  const [mine, other] = [countedOf(state, own), countedOf(state, against)]
  const { lead, needed, holds: kept } = race(mine, other, rulesOf(state))
  const counts = { own: [...mine.correct], other: [...other.correct], total: mine.total }
  context.send.push(outgoing.race({ attempt: own.attempt, against: against.attempt, ...counts, lead, needed, kept }))
  return kept
}
