import { z } from 'zod'
import type { Post, Posted } from './post.ts'

export type ChatMessage = { role: 'system' | 'user' | 'assistant'; content: string }
export type Sampling = { temperature: number; maxTokens: number; topP?: number | undefined; seed?: number | undefined }
export type ChatRequest = { messages: readonly ChatMessage[]; sampling: Sampling }

/** What the teacher said. `cut` tells that the reply reached its token limit. */
export const Reply = z.object({
  text: z.string(),
  refused: z.boolean(),
  cut: z.boolean(),
  model: z.string(),
  inputTokens: z.number().int().nonnegative(),
  outputTokens: z.number().int().nonnegative(),
})
export type Reply = z.infer<typeof Reply>

/** One HTTP request's end. `passing`: may be tried again. `fatal`: every other request would end the same. `tooLong`: the prompt and
 * its reply do not fit into the model's context. */
export type Outcome =
  | { kind: 'reply'; reply: Reply }
  | { kind: 'passing'; reason: string; fault: boolean; retryAfterMs: number }
  | { kind: 'refused'; reason: string; tooLong: boolean }
  | { kind: 'fatal'; reason: string }

const Completion = z.object({
  model: z.string().default(''),
  choices: z
    .array(
      z.object({
        finish_reason: z.string().nullish(),
        message: z.object({ content: z.string().nullish(), refusal: z.string().nullish() }),
      }),
    )
    .min(1),
  usage: z
    .object({ prompt_tokens: z.number().int().default(0), completion_tokens: z.number().int().default(0) })
    .nullish(),
})

/** Asks for one completion. Never throws. */
export async function requestOnce(
  post: Post,
  model: string,
  { messages, sampling }: ChatRequest,
  signal: AbortSignal,
): Promise<Outcome> {
  const { temperature, maxTokens, topP, seed } = sampling
  const body = { model, messages, temperature, max_tokens: maxTokens, top_p: topP, seed }
  try {
    const posted = await post(JSON.stringify(body), signal)
    return posted.status >= 200 && posted.status < 300 ? read(posted.text, model) : faultOf(posted)
  } catch (error) {
    const reason = signal.aborted ? 'timed out' : `no answer: ${error instanceof Error ? error.message : String(error)}`
    return { kind: 'passing', reason, fault: true, retryAfterMs: 0 }
  }
}

function read(text: string, model: string): Outcome {
  const parsed = Completion.safeParse(parse(text))
  // A body that is cut off or no JSON says nothing about the endpoint's health: this call is tried again, no more.
  if (!parsed.success) return { kind: 'passing', reason: 'the body is not a completion', fault: false, retryAfterMs: 0 }
  const { choices, usage, model: named } = parsed.data
  const { message, finish_reason } = choices[0]!
  const reply = {
    text: message.content ?? '',
    refused: Boolean(message.refusal) || finish_reason === 'content_filter',
    cut: finish_reason === 'length',
    model: named || model,
    inputTokens: usage?.prompt_tokens ?? 0,
    outputTokens: usage?.completion_tokens ?? 0,
  }
  return { kind: 'reply', reply }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** How endpoints say that a prompt and its reply do not fit into the model's context. */
const tooLong =
  /context[_ ](length|window|size)|maximum (model|sequence) length|(prompt|input|request) is too (long|large)|too many tokens/i

const passingStatuses = [408, 409, 425, 429]
const fatalStatuses = [401, 403, 404]

function faultOf({ status, text, retryAfter }: Posted): Outcome {
  // The endpoint's words are data of a stranger: shortened, on one line.
  const reason = `HTTP ${status}: ${text.replaceAll(/\s+/g, ' ').slice(0, 200)}`
  if (fatalStatuses.includes(status)) return { kind: 'fatal', reason }
  if (!passingStatuses.includes(status) && status < 500) return { kind: 'refused', reason, tooLong: tooLong.test(text) }
  return { kind: 'passing', reason, fault: true, retryAfterMs: retryAfterMs(retryAfter) }
}

const longestWishMs = 300_000

/** RFC 9110: seconds, or a date. */
function retryAfterMs(value: string | null): number {
  if (value === null) return 0
  const seconds = Number(value)
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(value) - Date.now()
  return Number.isFinite(ms) ? Math.min(longestWishMs, Math.max(0, ms)) : 0
}
