import type { RunFacts } from '../facts/run-facts.ts'
import type { SearchSteps } from '../report-data.ts'

/** How a run that says how it searches went about it; null for one that does not. */
export function searchSteps({ config, decisions, races, jobs }: RunFacts): SearchSteps | null {
  const { search } = config ?? {}
  if (!search) return null
  const { strategy, parallel, racing, plateau, trainings } = search
  const places = new Map(decisions.flatMap(({ payload }) => (payload.place ? [[payload.attempt, payload.place]] : [])))
  const ofSearch = new Set(
    jobs.map(({ payload }) => payload.studentModel).filter((name) => name.startsWith('attempt-')),
  )
  const shareOf = (name: string) => places.get(Number.parseInt(name.slice('attempt-'.length), 10))?.share ?? 1
  const sum = (names: Iterable<string>) => [...names].reduce((all, name) => all + shareOf(name), 0)
  return {
    ...{ strategy, parallel, racedOver: racing.seeds, plateau: plateau.attempts, trainingsAllowed: trainings },
    trainings: sum(ofSearch),
    secondSeeds: sum([...ofSearch].filter((name) => /-s\d+$/.test(name))),
    attempts: [...places].map(([attempt, place]) => ({ attempt, ...place })).sort((a, b) => a.attempt - b.attempt),
    races: races.map(({ payload }) => payload),
  }
}
