import { z } from 'zod'

/** The roles that call models. */
export const PayingRole = z.enum(['planner', 'generator', 'critic'])
export type PayingRole = z.infer<typeof PayingRole>

/**
 * What a call was for. `unanswered`: made, and then cut short by a stop or a refusal of everything, without a reply to keep.
 * `lost`: reserved by a process that died; at most so many were made.
 */
export const Stage = z.enum(['plan', 'program', 'correct', 'generate', 'revise', 'vote', 'judge', 'unanswered', 'lost'])
export type Stage = z.infer<typeof Stage>

const count = z.number().int().nonnegative()

/** HTTP requests of one role to one model at one endpoint and stage, failed ones too, and the tokens of the replies. */
export const UsageLine = z.object({
  role: PayingRole,
  model: z.string(),
  /** Host of the endpoint; left out where it is not known. */
  endpoint: z.string().optional(),
  stage: Stage,
  calls: count,
  inputTokens: count,
  outputTokens: count,
  /** Replies of endpoints that count no tokens: theirs are estimated from the texts. */
  estimated: count.optional(),
})
export type UsageLine = z.infer<typeof UsageLine>

/** What was spent on models. `lines` add up to the totals; left out where nothing says who asked whom. */
export const Spent = z.object({
  calls: z.number().int(),
  inputTokens: z.number().int(),
  outputTokens: z.number().int(),
  lines: z.array(UsageLine).optional(),
})
export type Spent = z.infer<typeof Spent>

/** Price of a model in US dollars for a million tokens. */
export const Price = z.strictObject({
  inputPerMillion: z.number().nonnegative(),
  outputPerMillion: z.number().nonnegative(),
})
export type Price = z.infer<typeof Price>

/** Prices by the model's name; a model that is not named has no known price. */
export const Prices = z.record(z.string(), Price)
export type Prices = z.infer<typeof Prices>

const keyOf = ({ role, model, endpoint, stage }: UsageLine) => JSON.stringify([role, model, endpoint ?? null, stage])

/** Lines together, one for each role, model, endpoint and stage, with their totals. The order of the lines does not matter. */
export function spentOn(lines: readonly UsageLine[]): Spent {
  const together = [...Map.groupBy(lines, keyOf)].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, same]) => summed(same))
  const { calls, inputTokens, outputTokens } = summed(together)
  return { calls, inputTokens, outputTokens, lines: together }
}

function summed(lines: readonly UsageLine[]): UsageLine {
  const first = lines[0] ?? { role: 'planner', model: '', stage: 'lost', calls: 0, inputTokens: 0, outputTokens: 0 }
  const sum = (of: 'calls' | 'inputTokens' | 'outputTokens') => lines.reduce((total, line) => total + line[of], 0)
  const estimated = lines.reduce((total, line) => total + (line.estimated ?? 0), 0)
  return {
    ...first,
    calls: sum('calls'),
    inputTokens: sum('inputTokens'),
    outputTokens: sum('outputTokens'),
    ...(estimated > 0 && { estimated }),
  }
}

/** Everything spent together. A part without lines counts in the totals alone. */
export function spentTogether(parts: readonly (Spent | undefined)[]): Spent {
  const known = parts.flatMap((part) => part ?? [])
  const sum = (of: 'calls' | 'inputTokens' | 'outputTokens') => known.reduce((total, part) => total + part[of], 0)
  return {
    calls: sum('calls'),
    inputTokens: sum('inputTokens'),
    outputTokens: sum('outputTokens'),
    lines: spentOn(known.flatMap(({ lines }) => lines ?? [])).lines!,
  }
}

/** Calls that are counted and may not have been made. */
export const lostOf = ({ lines = [] }: Pick<Spent, 'lines'>): number =>
  lines.reduce((sum, { stage, calls }) => sum + (stage === 'lost' ? calls : 0), 0)

/** How many calls were made, or at most were. */
export const callsText = (spent: Pick<Spent, 'calls' | 'lines'>): string =>
  `${lostOf(spent) > 0 ? 'at most ' : ''}${spent.calls} ${spent.calls === 1 ? 'call' : 'calls'}`

/** Dollars for the tokens of the replies; null when the price of a model that was called is not known. */
export function moneyOf({ calls, lines = [] }: Spent, prices: Prices): number | null {
  if (lines.reduce((sum, line) => sum + line.calls, 0) < calls) return null
  let money = 0
  for (const { model, inputTokens, outputTokens } of lines) {
    const price = prices[model]
    if (!price) return null
    money += (inputTokens * price.inputPerMillion + outputTokens * price.outputPerMillion) / 1e6
  }
  return money
}
