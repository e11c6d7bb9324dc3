import { z } from 'zod'
import { RunId, Sha256, Token } from '../../../schemas/ids.ts'
import { Plugin } from '../../../schemas/plugin.ts'
import { AgentRole } from '../../../schemas/role.ts'
import { StrategyName } from '../../../schemas/search.ts'
import { UsageError } from '../../../schemas/user-error.ts'
import { variantsOf } from '../../../schemas/variants.ts'

/** A planner that searches. */
export const SearchingPlanner = z.enum(variantsOf.planner).exclude(['generate'])
export type SearchingPlanner = z.infer<typeof SearchingPlanner>

const OtherStrategy = StrategyName.exclude(['greedy'])
const withStrategy = SearchingPlanner.options.flatMap((planner) =>
  OtherStrategy.options.map((strategy) => `${planner}-${strategy}` as const),
)

/** An arm of a comparison: a planner, which searches as the topology says, or with a strategy, as `rules-tree`. */
export const PlannerArm = z.enum([...SearchingPlanner.options, ...withStrategy])
export type PlannerArm = z.infer<typeof PlannerArm>

/** What an arm is called: a planner's name, or what sets the arm apart. */
export const ArmName = Token
export type ArmName = z.infer<typeof ArmName>

/** What an arm has in place of the others': settings by their places in the topology, and the plug-ins among its agents. */
export const ArmChanges = z.strictObject({
  settings: z.record(z.string(), z.string()),
  plugins: z.partialRecord(AgentRole, Plugin).optional(),
})
export type ArmChanges = z.infer<typeof ArmChanges>

/** What an arm's name says. */
export function partsOfArm(arm: PlannerArm): { planner: SearchingPlanner; strategy: StrategyName | null } {
  const strategy = OtherStrategy.options.find((each) => withStrategy.includes(arm as never) && arm.endsWith(`-${each}`))
  if (!strategy) return { planner: SearchingPlanner.parse(arm), strategy: null }
  return { planner: SearchingPlanner.parse(arm.slice(0, -strategy.length - 1)), strategy }
}

/** Pairs from which on a sign-flip test can fall below 5 % at all: 2 of 2^6 is 3.1 %, 2 of 2^5 is 6.3 %. */
export const fewestPairs = 6

/** Everything that fixes a comparison; written before its first run and never changed. */
export const ComparisonPlan = z.strictObject({
  name: RunId,
  task: z.string(),
  taskHash: Sha256,
  topology: z.string(),
  /** By arm, of a comparison of settings; left out of one of planners. */
  varied: z.record(ArmName, ArmChanges).optional(),
  /** Of the topology with each arm's planner: models, options and limits. */
  topologyHash: Sha256,
  /** The first one is compared with each of the others, unless llm-iterative is among them. */
  arms: z.array(ArmName).min(2),
  /** Runs of each arm: pair n of all arms has the same seeds. */
  pairs: z.number().int().positive(),
  /** Of the first pair; pair n has seed + n - 1. */
  seed: z.number().int().nonnegative(),
  attempts: z.number().int().positive(),
  rows: z.number().int().positive(),
  /** Fresh training seeds of each run's chosen dataset. */
  trainingSeeds: z.number().int().positive(),
  /** Teacher calls that a run may use at most; null: not limited. */
  teacherCalls: z.number().int().nonnegative().nullable(),
})
export type ComparisonPlan = z.infer<typeof ComparisonPlan>

export type ComparedRun = { runId: string; seed: number; arm: ArmName; pair: number }

/** The runs in their order: a pair is whole before the next one begins. */
export const runsOf = ({ name, arms, pairs, seed }: ComparisonPlan): ComparedRun[] =>
  Array.from({ length: pairs }, (_, index) => index + 1).flatMap((pair) =>
    arms.map((arm) => ({ runId: `${name}-${arm}-${pair}`, seed: seed + pair - 1, arm, pair })),
  )

/** @throws UsageError when a run's name would not be one */
export function checkRunNames(plan: ComparisonPlan): void {
  const runs = runsOf(plan)
  const wrong = runs.find(({ runId }) => !RunId.safeParse(runId).success)
  if (!wrong) return
  throw new UsageError(
    `A run of this comparison would be called "${wrong.runId}": ${RunId.safeParse(wrong.runId).error?.issues[0]?.message}.`,
    'Give a shorter --name of lower-case letters, digits and dashes.',
  )
}

/** The arm that the others are compared with. */
export const leadOf = ({ arms }: Pick<ComparisonPlan, 'arms'>): ArmName =>
  arms.includes('llm-iterative') ? 'llm-iterative' : arms[0]!
