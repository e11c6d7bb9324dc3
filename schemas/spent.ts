import { plural } from './number-text.ts'
import type { Prices, Spent, UsageLine } from './usage.ts'

// The live page loads this file, too: it imports types alone.

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

/** How many calls were made, or at most were, where some are lost. */
export const callsText = (calls: number, lost: number): string =>
  `${lost > 0 ? 'at most ' : ''}${calls} ${plural(calls, 'call')}`

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
