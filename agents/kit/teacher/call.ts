import { z } from 'zod'
import type { TokenUsage } from './chat-answer.ts'
import type { Reply } from './completion.ts'
import type { ChatRequest } from './request.ts'

/**
 * `take` is asked before each HTTP request, and resolves to false when nothing more may be spent. `putBack` hears of one that was taken and
 * not sent; left out where nothing is counted.
 */
export type CallBudget = { take(): Promise<boolean>; putBack?: () => void }

/**
 * Why there is no reply. budget: the call budget was used; gone: the endpoint stayed away or answers with errors without a name; context:
 * the prompt is too long for the model; forbidden: this prompt was answered with HTTP 403; failed: anything else that is this call's alone.
 */
export const NoReply = z.enum(['budget', 'gone', 'context', 'forbidden', 'failed'])
export type NoReply = z.infer<typeof NoReply>

/**
 * How a call ended. `lasting`: the endpoint refused this request, and would again. `billed`: tokens of answers to it that were no reply, as
 * far as the endpoint counts them.
 */
export type CallResult = { billed?: TokenUsage | undefined } & (
  | { ok: true; reply: Reply }
  | { ok: false; why: NoReply; reason: string; lasting?: true | undefined }
)

/** One reply that is wanted, and how its requests went so far. */
export type Call = {
  request: ChatRequest
  callBudget: CallBudget
  signal: AbortSignal
  /** Requests that count against `maxTries`. */
  tries: number
  timeouts: number
  turnedAway: number
  /** How its last request ended, when it is to be tried again. */
  fault: string | null
  /** Tokens that were billed for answers that were no reply. */
  billed: TokenUsage
  settle: PromiseWithResolvers<CallResult>
}

/** A call before its first request. */
export const newCall = (request: ChatRequest, callBudget: CallBudget, signal: AbortSignal): Call => ({
  request,
  callBudget,
  signal,
  tries: 0,
  timeouts: 0,
  turnedAway: 0,
  fault: null,
  billed: { input: 0, output: 0 },
  settle: Promise.withResolvers<CallResult>(),
})
