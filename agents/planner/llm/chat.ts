import { moneyOf } from '../../../schemas/spent.ts'
import type { Prices, Spent, Stage } from '../../../schemas/usage.ts'
import type { Journal } from '../../kit/metered/journal.ts'
import type { Reply } from '../../kit/teacher/completion.ts'
import type { ChatRequest, ReplySchema } from '../../kit/teacher/request.ts'
import type { ChatMessage } from '../../kit/teacher/turns.ts'
import type { Situation } from '../policy.ts'
import type { LlmPlannerOptions } from './options.ts'

export type ChatReply = Pick<Reply, 'text' | 'truncated' | 'room' | 'stopped' | 'thinking'>

export type Chat = {
  /** @throws NothingLeft when the call would not fit in what is left; PromptForbidden; those of the model */
  ask(stage: Stage, turns: readonly ChatMessage[], schema?: ReplySchema): Promise<ChatReply>
  /** What the decision spent so far, whoever began it. */
  spent(): Spent
}

/** No call of the planner's model is left, or its longest reply would not fit in the tokens or the money that are. */
export class NothingLeft extends Error {}

/** The endpoint forbids this prompt (HTTP 403), and answers others; or the model would not answer it. */
export class PromptForbidden extends Error {}

type Left = Pick<Situation['left'], 'tokens' | 'money'>

/** A chat whose replies are journalled: a decision that is taken again finds them by its turn and its prompt. */
export function openChat(
  { call, spent }: Pick<Journal, 'call' | 'spent'>,
  { model, temperature, maxTokens }: LlmPlannerOptions,
  { left, prices }: { left: Left; prices: Prices },
): Chat {
  let turn = 0
  return {
    spent,
    async ask(stage, turns, replySchema) {
      const request: ChatRequest = {
        messages: turns,
        sampling: { temperature, maxTokens },
        ...(replySchema && { replySchema }),
      }
      const longest = longestOf(request, model)
      const after = { ...spent(), lines: [...(spent().lines ?? []), longest] }
      const tokens = spent().inputTokens + spent().outputTokens + longest.inputTokens + longest.outputTokens
      if (tokens > left.tokens || (moneyOf(after, prices) ?? 0) > left.money)
        throw new NothingLeft("the next call of the planner's model might not fit in the run's tokens or money")
      const ended = await call(`${stage}-${turn++}`, request, stage)
      if (!('failure' in ended)) {
        const { refused, refusal } = ended.reply
        if (refused) throw new PromptForbidden(`the planner's model would not answer${refusal ? `: ${refusal}` : ''}`)
        return ended.reply
      }
      const { why, reason } = ended.failure
      if (why === 'forbidden') throw new PromptForbidden(`the planner's prompt was forbidden: ${reason}`)
      throw new NothingLeft("no call of the planner's model is left")
    },
  }
}

/** A token is at least one byte of its text. */
function longestOf({ messages, sampling }: ChatRequest, model: string) {
  const inputTokens = Buffer.byteLength(JSON.stringify(messages))
  return {
    role: 'planner' as const,
    stage: 'plan' as const,
    model,
    calls: 0,
    inputTokens,
    outputTokens: sampling.maxTokens,
  }
}
