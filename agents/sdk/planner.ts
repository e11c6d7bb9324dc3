import type { PlannerSearch } from '../../schemas/plugin.ts'
import type { Program } from '../../schemas/program.ts'
import type { Policy, Situation } from '../planner/policy.ts'
import { type About, type AgentDefinition, type AgentServices, define, type WorkServices } from './definition.ts'

/** What a planner writes: the next curation program, and as text what was seen and what is done about it. */
export type PlannedProgram = { program: Program; diagnosis: string }

export type PlannerServices = Pick<WorkServices, 'progress' | 'signal'>

export type OpenedPlanner = {
  decide(situation: Situation, services: PlannerServices): PlannedProgram | Promise<PlannedProgram>
}
export type PlannerDefinition = AgentDefinition<'planner', OpenedPlanner>

/** What JSON has no word for: numbers that nothing limits. */
const unlimited = (value: number | null): number => value ?? Number.POSITIVE_INFINITY

const withNumbers = ({ left, ...rest }: Situation): Situation => ({
  ...rest,
  left: {
    ...left,
    tokens: unlimited(left.tokens),
    money: unlimited(left.money),
    plannerCalls: unlimited(left.plannerCalls),
  },
})

/**
 * Defines a planner: it writes the next curation program from what was measured. The same situation gives the same program; randomness
 * follows from `situation.seed`. State, messages, baselines and budgets are the role's own. A program that does not hold costs the attempt,
 * and its faults are the error of the attempt that the next situation shows.
 *
 * @example
 * export const even = definePlanner({
 *   schemaVersion: 1,
 *   name: 'even',
 *   version: '1.0.0',
 *   search: { draftsOnly: true },
 *   open: () => ({
 *     decide: (situation) => ({ program: programFor(situation), diagnosis: 'Every skill alike.' }),
 *   }),
 * })
 */
export const definePlanner = ({
  open,
  search = {},
  ...about
}: Omit<About, 'asksModel'> & {
  /** How the search goes on with it; left out: it improves on the best attempt until a limit is reached. */
  search?: PlannerSearch
  open(services: AgentServices): OpenedPlanner | Promise<OpenedPlanner>
}): PlannerDefinition =>
  define(
    'planner',
    about,
    async (services) => {
      const opened = await open(services)
      return { decide: (situation, given) => opened.decide(withNumbers(situation), given) }
    },
    { search },
  )

/** A policy of the role that steers by what a definition opened. */
export const policyOf = (
  { declaration }: Pick<PlannerDefinition, 'declaration'>,
  decide: Policy['decide'],
): Policy => ({ ...declaration.search, decide })
