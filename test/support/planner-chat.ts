import { promptHashOf } from '../../agents/kit/metered/call.ts'
import type { Journal } from '../../agents/kit/metered/journal.ts'
import type { CallBudget } from '../../agents/kit/teacher/call.ts'
import type { Endpoint } from '../../agents/kit/teacher/options.ts'
import { openChat } from '../../agents/planner/llm/chat.ts'
import type { OpenChat } from '../../agents/planner/llm/graph.ts'
import { createPlannerModel } from '../../agents/planner/llm/model.ts'
import type { LlmPlannerOptions } from '../../agents/planner/llm/options.ts'
import { spentOn } from '../../schemas/spent.ts'
import type { UsageLine } from '../../schemas/usage.ts'

const endless: CallBudget = { take: async () => true }

/** The planner's chat with an endpoint, without a bus: every reply is fresh, every request counted. */
export function unjournalledChat(endpoint: Endpoint, options: LlmPlannerOptions, callBudget = endless): OpenChat {
  const model = createPlannerModel(endpoint, options)
  return async ({ left, prices }, signal) => {
    const lines: UsageLine[] = []
    const call: Journal['call'] = async (_, request, stage) => {
      let calls = 0
      const counted = { take: async () => (await callBudget.take()) && ++calls > 0 }
      const answer = await model.ask(request, counted, signal)
      const { inputTokens, outputTokens } = answer.ok ? answer.reply : { inputTokens: 0, outputTokens: 0 }
      lines.push({ role: 'planner', model: model.model, stage, calls, inputTokens, outputTokens })
      const promptHash = promptHashOf(model.model, request)
      return answer.ok ? { promptHash, reply: answer.reply } : { promptHash, failure: answer }
    }
    return openChat({ call, spent: () => spentOn(lines) }, options, { left, prices })
  }
}
