import { randomBytes } from 'node:crypto'
import type { EstimateOptions } from '../api/mod.ts'
import type { McpLimits } from '../schemas/session-limits.ts'

/** What was estimated and can be started. */
export type ConfirmedPlan = {
  kind: 'run' | 'generate'
  /** Exactly what was estimated. */
  options: Omit<EstimateOptions, 'generate' | 'signal'>
  /** The hash by which the command knows that it starts exactly that. */
  hash: string
  /** What it does and may cost, for the person who is asked. */
  summary: string
}

/**
 * Plans that wait to be started. Each has a token of this server's own, which names that plan alone, holds for a time and is used once: so
 * whoever starts something has been shown what it is.
 */
export function createPlans(
  { confirmMs, plans: most }: Pick<McpLimits, 'confirmMs' | 'plans'>,
  now: () => number = Date.now,
) {
  const waiting = new Map<string, { plan: ConfirmedPlan; until: number }>()
  return {
    add(plan: ConfirmedPlan): string {
      const token = randomBytes(16).toString('hex')
      waiting.set(token, { plan, until: now() + confirmMs })
      if (waiting.size > most) waiting.delete(waiting.keys().next().value!)
      return token
    },
    /** The plan of a token, which is used up by that; null where there is none, or its time is over. */
    take(token: string): ConfirmedPlan | null {
      const found = waiting.get(token)
      waiting.delete(token)
      return found && found.until > now() ? found.plan : null
    },
  }
}
export type Plans = ReturnType<typeof createPlans>
