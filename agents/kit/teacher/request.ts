import { type Reply, readCompletion } from './completion.ts'
import type { ChatBody, Dialect } from './dialect.ts'
import type { Endpoint } from './options.ts'
import type { Post, Posted } from './post.ts'
import { movedText } from './redirect.ts'
import { mayPass, moderated, statusMeant, tooLong } from './refusal.ts'

export type ChatMessage = { role: 'system' | 'user' | 'assistant'; content: string }
export type Sampling = { temperature: number; maxTokens: number; topP?: number | undefined; seed?: number | undefined }
export type ChatRequest = { messages: readonly ChatMessage[]; sampling: Sampling }

/**
 * One HTTP request's end. `reworded`: the endpoint did not take a field, and is asked otherwise from now on. `passing`: may be tried again; `fault`: it says something of the endpoint's health; `unnamed`: it is an error
 * that nothing says the kind of; `turnedAway`: there were too many requests. `forbidden`: HTTP 403, of this prompt or of every one. `fatal`: every other request would end the same.
 * `tooLong`: the prompt and its reply do not fit into the model's context.
 */
export type Outcome =
  | { kind: 'reply'; reply: Reply }
  | { kind: 'reworded'; reason: string }
  | { kind: 'passing'; reason: string; fault: boolean; unnamed: boolean; turnedAway: boolean; retryAfterMs: number }
  | { kind: 'refused'; reason: string; tooLong: boolean }
  | { kind: 'forbidden'; reason: string }
  | { kind: 'fatal'; reason: string }

const passing = (reason: string, more: Partial<Extract<Outcome, { kind: 'passing' }>> = {}): Outcome => ({
  kind: 'passing',
  reason,
  fault: false,
  unnamed: false,
  turnedAway: false,
  retryAfterMs: 0,
  ...more,
})

const bodyOf = (model: string, { messages, sampling }: ChatRequest): ChatBody => ({
  model,
  messages,
  max_tokens: sampling.maxTokens,
  ...Object.fromEntries(settings.map((name) => [fieldOf[name], sampling[name]])),
})

/** The fields of sampling settings. */
const fieldOf = { temperature: 'temperature', topP: 'top_p', seed: 'seed' } as const
const settings = Object.keys(fieldOf) as (keyof typeof fieldOf)[]

/** Who is asked, and in whose words. */
type Asked = { endpoint: Endpoint; model: string; dialect: Dialect }

/** Asks a model for one completion, in the endpoint's own words. Never throws. */
export async function requestOnce(
  post: Post,
  asked: Asked,
  request: ChatRequest,
  signal: AbortSignal,
): Promise<Outcome> {
  const { model, dialect } = asked
  const body = bodyOf(model, request)
  const sent = dialect.said(body)
  const refused = dialect.withheld(body)
  try {
    const posted = await post(JSON.stringify(sent), signal)
    const status = statusMeant(posted)
    if (status === null) return passing(told(posted), { unnamed: true })
    if (status < 200 || status >= 300) return faultOf({ ...posted, status }, asked, sent)
    const prompt = request.messages.map(({ content }) => content).join('\n')
    const reply = readCompletion(posted.text, model, prompt, request.sampling.maxTokens)
    // A body that is cut off or no JSON says nothing about the endpoint's health: this call is tried again, no more.
    if (!reply) return passing('the body is not a completion')
    const withheld = settings.filter((name) => refused.includes(fieldOf[name]))
    return { kind: 'reply', reply: withheld.length > 0 ? { ...reply, withheld } : reply }
  } catch (error) {
    const reason = signal.aborted ? 'timed out' : `no answer: ${error instanceof Error ? error.message : String(error)}`
    return passing(reason, { fault: true })
  }
}

/** The endpoint's words are data of a stranger: shortened, on one line. */
const told = ({ status, text }: Posted) => `HTTP ${status}: ${text.replaceAll(/\s+/g, ' ').slice(0, 200)}`

/** The key is refused, the account has no money, there is no such model: a person has to mend it. */
const fatalStatuses = [401, 402, 404]

function faultOf(posted: Posted, { endpoint, dialect }: Asked, sent: ChatBody): Outcome {
  const { status, text, retryAfter, location } = posted
  const reason = told(posted)
  if (location !== null) return { kind: 'fatal', reason: movedText(endpoint, status, location) }
  if (status === 403 && moderated.test(text)) return { kind: 'refused', reason, tooLong: false }
  if (status === 403) return { kind: 'forbidden', reason }
  if (fatalStatuses.includes(status)) return { kind: 'fatal', reason }
  if ((status === 400 || status === 422) && dialect.learn(text, sent)) return { kind: 'reworded', reason }
  if (!mayPass(status)) return { kind: 'refused', reason, tooLong: tooLong.test(text) }
  return passing(reason, { fault: true, turnedAway: status === 429, retryAfterMs: retryAfterMs(retryAfter) })
}

/** RFC 9110: seconds, or a date. */
function retryAfterMs(value: string | null): number {
  if (value === null) return 0
  const seconds = Number(value)
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(value) - Date.now()
  return Number.isFinite(ms) ? Math.max(0, ms) : 0
}
