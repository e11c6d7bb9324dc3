/** What is spent on models, part by part, so that a message told twice counts once. */
export const createUsage = () => ({ rounds: new Map(), shards: new Map(), plans: new Map() })

/** A shard's batch says what its generator spent; the round's verdict, later, what all of them did. */
export function noteBatch({ rounds, shards }, { round: { attempt, round }, shard, spent }) {
  if (!rounds.has(`${attempt}.${round}`)) shards.set(`${attempt}.${round}.${shard}`, spent)
}

export function noteVerdict({ rounds, shards }, { attempt, round, spent }) {
  rounds.set(`${attempt}.${round}`, spent)
  for (const key of shards.keys()) if (key.startsWith(`${attempt}.${round}.`)) shards.delete(key)
}

export function noteDecision({ plans }, { attempt, spent }) {
  if (spent) plans.set(attempt, spent)
}

const sum = (parts, of) => parts.reduce((total, part) => total + part[of], 0)
const teachers = ({ rounds, shards }) => [...rounds.values(), ...shards.values()]

export const teacherCalls = (usage) => sum(teachers(usage), 'calls')
export const plannerCalls = ({ plans }) => sum([...plans.values()], 'calls')

export function tokens(usage) {
  const all = [...teachers(usage), ...usage.plans.values()]
  return sum(all, 'inputTokens') + sum(all, 'outputTokens')
}

/** Lines by role, model and stage, the largest first. */
export function usageLines(usage) {
  const together = new Map()
  for (const { lines = [] } of [...teachers(usage), ...usage.plans.values()]) {
    for (const line of lines) {
      const key = `${line.role} ${line.model} ${line.stage}`
      const known = together.get(key) ?? { ...line, calls: 0, inputTokens: 0, outputTokens: 0 }
      for (const of of ['calls', 'inputTokens', 'outputTokens']) known[of] += line[of]
      together.set(key, known)
    }
  }
  return [...together.values()].sort((a, b) => b.calls - a.calls)
}

/** Dollars for the tokens reported; null when the price of a model that was called is not known. */
export function money(usage, prices = {}) {
  const lines = usageLines(usage)
  if (lines.some(({ model }) => !prices[model])) return null
  return lines.reduce(
    (total, { model, inputTokens, outputTokens }) =>
      total + (inputTokens * prices[model].inputPerMillion + outputTokens * prices[model].outputPerMillion) / 1e6,
    0,
  )
}
