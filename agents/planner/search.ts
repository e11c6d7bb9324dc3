import { armSeedOf } from '../../schemas/arm.ts'
import type { PayloadOf } from '../../schemas/message.ts'
import type { Report } from '../../schemas/messages/evaluation.ts'
import { plural } from '../../schemas/number-text.ts'
import type { StopReason } from '../../schemas/run.ts'
import { chooseBest } from './choose-best.ts'
import { settleArms } from './evidence/arms.ts'
import { fail } from './evidence/ending.ts'
import { isLess, isUnderWay, nextAttempt, searchOfRun, trainingsUsed } from './generation.ts'
import { guideOf, swappedAt } from './guidance.ts'
import { historyOf } from './history.ts'
import { left } from './left.ts'
import { raceModel, trainingsForRace } from './race.ts'
import { slotsOf } from './slots.ts'
import { startAttempt } from './start-attempt.ts'
import type { PlannerState } from './state.ts'
import { best, putAttempt, recover, type StepContext } from './step-context.ts'
import { isOver, plateauOf } from './strategies/plateau.ts'

/** An attempt's adapter was measured on validation: the search goes on from there. */
export async function attemptScored(context: StepContext, report: PayloadOf<typeof Report>): Promise<void> {
  const { studentModel, shownAs, analysis } = report
  const attempt = context.state.attempts.find((each) => `attempt-${each.attempt}` === studentModel.name)
  if (attempt?.outcome !== 'training') return
  recover(context)
  const guide = guideOf(context.state.config, attempt.attempt, report)
  putAttempt(context, {
    ...attempt,
    outcome: 'scored',
    studentModel,
    ...guide,
    ...(shownAs && { shownAs }),
    ...(analysis && { analysis: analysis.spent }),
  })
  await searchOn(context)
}

/** A training with a further seed was measured on validation. */
export async function raceScored(context: StepContext, report: PayloadOf<typeof Report>): Promise<void> {
  const { name } = report.studentModel
  const { seedIndex } = armSeedOf(name)
  const attempt = context.state.attempts.find((each) => raceModel(each.attempt, seedIndex) === name)
  if (attempt?.again?.[seedIndex - 2] !== null) return
  recover(context)
  const { correct } = report.validation.overall[context.state.config.primary]
  putAttempt(context, { ...attempt, again: attempt.again.with(seedIndex - 2, correct) })
  await searchOn(context)
}

/** The next generation, or, when a limit is reached, the end of the search. Nothing while one is under way. */
export async function searchOn(context: StepContext): Promise<void> {
  while (!isUnderWay(context.state)) {
    // A better attempt may have to be trained once more first.
    if (chooseBest(context) === 'races') return
    const reason = whySearchEnds(context)
    if (reason) return endSearch(context, reason)
    context.state = swappedAt(context.state, nextAttempt(context.state))
    const slots = slotsOf(context, { attempts: left(context).attempts, trainings: trainingsLeft(context.state) })
    if (slots.length === 0) return endSearch(context, 'attempts-used')
    for (const slot of slots) {
      if (!context.state.stopReason) await startAttempt(context, slot)
    }
  }
}

function whySearchEnds(context: StepContext): StopReason | null {
  const { state, deps } = context
  if (state.stopReason) return state.stopReason
  if (deps.policy.oneShot && best(state)) return 'first-valid'
  const { attempts, hours, teacherCalls, plannerCalls, tokens, money } = left(context)
  if (isLess(attempts, leastShare(state))) return 'attempts-used'
  if (hours <= 0) return 'hours-used'
  if (state.config.models.planner !== undefined && Math.min(plannerCalls, tokens, money) <= 0) return 'budget-used'
  // The control costs about as much as the best attempt did: the search leaves enough for it, and does not begin what it cannot pay.
  const datasets = state.config.evidence.arms.includes('control') ? 2 : 1
  const needed = datasets * (best(state)?.spent?.calls ?? 0)
  if (teacherCalls !== null && teacherCalls < Math.max(1, needed)) return 'budget-used'
  return whyNoMore(context)
}

/** What a run that says how it searches ends for besides. */
function whyNoMore(context: StepContext): StopReason | null {
  const { state } = context
  const { plateau, racing } = searchOfRun(state.config)
  if (isLess(trainingsLeft(state), leastShare(state))) return 'trainings-used'
  const chosen = best(state)
  const items = chosen?.validation?.overall[state.config.primary].total ?? 0
  const flat = plateauOf(historyOf(state), items, racing)
  if (!flat || !isOver(flat, plateau)) return null
  const { mark, since } = flat
  const stopDetail = `${since} ${plural(since, 'attempt')} in a row did not lead attempt ${mark} by more than chance`
  context.state = { ...state, stopDetail }
  return 'plateau'
}

/** The share of the rows that the smallest attempt is made with. */
function leastShare({ config }: PlannerState): number {
  const { strategy, contenders } = searchOfRun(config)
  return strategy === 'successive-halving' ? contenders.share : 1
}

/** Trainings that are left for attempts: what a race of one would take is kept back. */
function trainingsLeft(state: PlannerState): number {
  const { trainings } = searchOfRun(state.config)
  return trainings === null
    ? Number.POSITIVE_INFINITY
    : trainings - trainingsUsed(state) - trainingsForRace(state, best(state))
}

/** The search is over: what the chosen dataset is compared with is made, or the run ends with nothing to test. */
async function endSearch(context: StepContext, reason: StopReason): Promise<void> {
  if (!best(context.state)) {
    const why = reason === 'budget-used' ? reason : 'no-valid-attempt'
    return fail(context, why, 'no attempt gave enough admitted rows')
  }
  context.state = { ...context.state, stopReason: reason, phase: 'replaying' }
  await settleArms(context)
}
