import type { Topology } from '../schemas/topology.ts'
import { PayingRole, type Prices } from '../schemas/usage.ts'
import { UsageError } from './errors.ts'

/** The language model of each role that asks one, as the topology names it. */
export function modelsOf({ agents }: Topology): Partial<Record<PayingRole, string>> {
  const named = PayingRole.options.flatMap((role) => {
    const { model } = agents[role].options
    return typeof model === 'string' ? [[role, model] as const] : []
  })
  return Object.fromEntries(named)
}

/** Errors: UsageError when money is limited and a model has no price: then nobody could say when the limit is reached. */
export function checkPrices(topology: Topology): void {
  const { name, prices, run } = topology
  const unpriced = Object.values(modelsOf(topology)).find((model) => !knows(prices, model))
  if (run.money === null || unpriced === undefined) return
  throw new UsageError(
    `The topology ${name} limits money (run.money) and has no price for the model "${unpriced}".`,
    `Add it: prices: {"${unpriced}": {inputPerMillion: <dollars>, outputPerMillion: <dollars>}}.`,
  )
}

const knows = (prices: Prices, model: string) => Object.hasOwn(prices, model)
