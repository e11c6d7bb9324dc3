import { trainingSeeds } from './evidence/training-seeds.ts'
import { isLess, searchOfRun, trainingsUsed } from './generation.ts'
import { guidanceOf } from './guidance.ts'
import { countsOf } from './history.ts'
import type { Attempt, PlannerState } from './state.ts'
import { putAttempt, type StepContext, train } from './step-context.ts'
import { isWorthRacing, type Rules, type SeedCounts } from './strategies/racing.ts'

/** The name of an attempt's student model that a further seed trains. */
export const raceModel = (attempt: number, seedIndex: number): string => `attempt-${attempt}-s${seedIndex}`

/** How many further trainings an attempt lacks for a race. */
const lacking = ({ racing }: { racing: { seeds: number } }, attempt: Attempt | null): number =>
  attempt ? Math.max(0, racing.seeds - 1 - (attempt.again?.length ?? 0)) : 0

/** Trainings that a race of the next better attempt would take: its own further seeds, and the best one's where it has none. */
export function trainingsForRace(state: PlannerState, best: Attempt | null): number {
  const search = searchOfRun(state.config)
  return best ? Math.max(0, search.racing.seeds - 1) + lacking(search, best) : 0
}

/**
 * Asks for the further trainings of the best attempt and of those that are to take its place, the one with the highest score first, as
 * far as the
 * trainings left go. True where some are under way.
 */
export function askForRaces(context: StepContext, better: readonly Attempt[], best: Attempt): boolean {
  const search = searchOfRun(context.state.config)
  const mode = context.state.config.primary
  const ranked = better.toSorted(
    (a, b) => b.validation!.overall[mode].correct - a.validation!.overall[mode].correct || a.attempt - b.attempt,
  )
  let isAsked = false
  for (const own of ranked) {
    const all = [own, context.state.attempts.find(({ attempt }) => attempt === best.attempt)!]
    const [mine, other] = all.map((each) => countedOf(context.state, each))
    if (!isWorthRacing(mine!, other!, rulesOf(context.state))) continue
    const needed = all.reduce((sum, each) => sum + lacking(search, each), 0)
    const left = (search.trainings ?? Number.POSITIVE_INFINITY) - trainingsUsed(context.state)
    if (needed === 0 || isLess(left, needed)) continue
    for (const each of all) trainAgain(context, each, lacking(search, each))
    isAsked = true
  }
  return isAsked
}

function trainAgain(context: StepContext, attempt: Attempt, count: number): void {
  const { again = [] } = attempt
  const { further } = trainingSeeds(context.state.config)
  // What it gets wrong was asked of its first training.
  const guidance = guidanceOf(context.state, false)
  for (let index = again.length; index < again.length + count; index++)
    train(context, raceModel(attempt.attempt, index + 2), attempt, further(index + 2), guidance)
  putAttempt(context, { ...attempt, again: [...again, ...Array<null>(count).fill(null)] })
}

export function countedOf({ config: { primary } }: PlannerState, attempt: Attempt): SeedCounts {
  return { correct: countsOf(attempt, primary), total: attempt.validation!.overall[primary].total }
}

/** How a run's attempts are raced, and what seeds made of the same dataset so far. */
export function rulesOf({ attempts, config }: PlannerState): Rules {
  const pairs = attempts.flatMap((each) => {
    const [first, ...others] = countsOf(each, config.primary)
    const total = each.validation?.overall[config.primary].total ?? 1
    return others.map((other) => ((other - first!) / total) ** 2)
  })
  return { racing: searchOfRun(config).racing, pairs }
}
