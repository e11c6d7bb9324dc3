import { type Reply, readCompletion, statusInside } from './completion.ts'
import type { Dialect } from './dialect.ts'
import type { Post, Posted } from './post.ts'

export type ChatMessage = { role: 'system' | 'user' | 'assistant'; content: string }
export type Sampling = { temperature: number; maxTokens: number; topP?: number | undefined; seed?: number | undefined }
export type ChatRequest = { messages: readonly ChatMessage[]; sampling: Sampling }

/** One HTTP request's end. `passing`: may be tried again. `fatal`: every other request would end the same. `tooLong`: the prompt and
 * its reply do not fit into the model's context. */
export type Outcome =
  | { kind: 'reply'; reply: Reply }
  | { kind: 'passing'; reason: string; fault: boolean; retryAfterMs: number }
  | { kind: 'refused'; reason: string; tooLong: boolean }
  | { kind: 'fatal'; reason: string }

/** Asks for one completion, in the endpoint's own words. Never throws. */
export async function requestOnce(
  post: Post,
  dialect: Dialect,
  request: ChatRequest,
  signal: AbortSignal,
): Promise<Outcome> {
  const body = dialect.bodyOf(request)
  const withheld = dialect.withheld(request)
  try {
    const posted = await post(JSON.stringify(body), signal)
    if (posted.status < 200 || posted.status >= 300) return faultOf(posted, dialect, body)
    const prompt = request.messages.map(({ content }) => content).join('\n')
    const reply = readCompletion(posted.text, dialect.model, prompt)
    if (reply) return { kind: 'reply', reply: withheld.length > 0 ? { ...reply, withheld } : reply }
    const status = statusInside(posted.text)
    if (status !== null) return faultOf({ ...posted, status }, dialect, body)
    // A body that is cut off or no JSON says nothing about the endpoint's health: this call is tried again, no more.
    return passing('the body is not a completion')
  } catch (error) {
    const reason = signal.aborted ? 'timed out' : `no answer: ${error instanceof Error ? error.message : String(error)}`
    return { kind: 'passing', reason, fault: true, retryAfterMs: 0 }
  }
}

const passing = (reason: string): Outcome => ({ kind: 'passing', reason, fault: false, retryAfterMs: 0 })

/** How endpoints say that a prompt and its reply do not fit into the model's context. */
const tooLong =
  /context[_ ](length|window|size)|maximum (model|sequence) length|(prompt|input|request) is too (long|large)|too many tokens/i

/** How endpoints say that one prompt is against their rules; some answer 403, as to a key that is refused. */
const moderated = /moderat|flagged|content[_ ](policy|filter)|safety/i

const passingStatuses = [408, 409, 425, 429]
const fatalStatuses = [401, 403, 404]

function faultOf(
  { status, text, retryAfter, location }: Posted,
  dialect: Dialect,
  sent: Readonly<Record<string, unknown>>,
): Outcome {
  // The endpoint's words are data of a stranger: shortened, on one line.
  const reason = `HTTP ${status}: ${text.replaceAll(/\s+/g, ' ').slice(0, 200)}`
  if (location !== null) return { kind: 'fatal', reason: `HTTP ${status}: the API has moved to ${location}` }
  if (status === 403 && moderated.test(text)) return { kind: 'refused', reason, tooLong: false }
  if (fatalStatuses.includes(status)) return { kind: 'fatal', reason }
  if ((status === 400 || status === 422) && dialect.learn(text, sent)) return passing(reason)
  if (!passingStatuses.includes(status) && status < 500) return { kind: 'refused', reason, tooLong: tooLong.test(text) }
  return { kind: 'passing', reason, fault: true, retryAfterMs: retryAfterMs(retryAfter) }
}

/** RFC 9110: seconds, or a date. */
function retryAfterMs(value: string | null): number {
  if (value === null) return 0
  const seconds = Number(value)
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(value) - Date.now()
  return Number.isFinite(ms) ? Math.max(0, ms) : 0
}
