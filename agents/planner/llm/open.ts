import { TerminalError } from '../../../bus/mod.ts'
import type { AgentContext } from '../../kit/agent.ts'
import { endpointOf } from '../../kit/teacher/options.ts'
import type { Policy } from '../policy.ts'
import { createChat, statusOf } from './chat.ts'
import { llmPolicy } from './graph.ts'
import { LlmPlannerOptions } from './options.ts'

/** Statuses that no repetition mends: a bad request, a refused key, a model that is not there. */
const lasting = [400, 401, 403, 404, 422]

/** The policy of a planner process. Errors: at once for options that do not parse; TerminalError for a fault that stays. */
export function openLlmPolicy(mode: 'one-shot' | 'iterative', context: AgentContext): Policy {
  const options = LlmPlannerOptions.parse(context.options)
  const policy = llmPolicy(mode, createChat(endpointOf(process.env), options), options)
  return {
    ...policy,
    async decide(situation, signal) {
      try {
        return await policy.decide(situation, signal)
      } catch (error) {
        if (!lasting.includes(statusOf(error) ?? 0)) throw error
        throw new TerminalError(`the planner's model ${options.model}: ${(error as Error).message}`, { cause: error })
      }
    },
  }
}
