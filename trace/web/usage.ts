import { moneyOf, spentTogether } from '../../schemas/spent.ts'
import type { Prices, Spent } from '../../schemas/usage.ts'

/** What is spent on models, part by part, so that a message that comes twice counts once. */
export type UsageByPart = { rounds: Map<string, Spent>; shards: Map<string, Spent>; plans: Map<number, Spent> }
export const createUsage = (): UsageByPart => ({ rounds: new Map(), shards: new Map(), plans: new Map() })

type Place = { attempt: number; round: number }
const keyOf = ({ attempt, round }: Place) => `${attempt}.${round}.`

/** A shard's batch says what its generator spent; the round's verdict, later, what all of them did. */
export function noteBatch({ rounds, shards }: UsageByPart, batch: { round: Place; shard: number; spent: Spent }): void {
  const key = keyOf(batch.round)
  if (!rounds.has(key)) shards.set(key + batch.shard, batch.spent)
}

export function noteVerdict({ rounds, shards }: UsageByPart, verdict: Place & { spent: Spent }): void {
  rounds.set(keyOf(verdict), verdict.spent)
  for (const key of shards.keys()) if (key.startsWith(keyOf(verdict))) shards.delete(key)
}

export function noteDecision(
  { plans }: UsageByPart,
  { attempt, spent }: { attempt: number; spent?: Spent | undefined },
): void {
  if (spent) plans.set(attempt, spent)
}

const all = ({ rounds, shards, plans }: UsageByPart) =>
  spentTogether([...rounds.values(), ...shards.values(), ...plans.values()])

export const teacherCalls = ({ rounds, shards }: UsageByPart) =>
  spentTogether([...rounds.values(), ...shards.values()]).calls
export const plannerCalls = ({ plans }: UsageByPart) => spentTogether([...plans.values()]).calls

export function tokens(usage: UsageByPart): number {
  const { inputTokens, outputTokens } = all(usage)
  return inputTokens + outputTokens
}

/** Lines by role, model, endpoint and stage, the largest first. */
export const spentLines = (usage: UsageByPart) => (all(usage).lines ?? []).sort((a, b) => b.calls - a.calls)

/** Dollars for the tokens reported; null when the price of a model that was called is not known. */
export const money = (usage: UsageByPart, prices: Prices = {}) => moneyOf(all(usage), prices)
