import type { ChatBody, EndpointCapabilities } from './capabilities.ts'
import { chatAnswerIn, type TokenUsage, usageIn } from './chat-answer.ts'
import { type Reply, replyOf } from './completion.ts'
import { chatPath, type EndpointError, errorIn, movedText } from './endpoint-error.ts'
import type { HttpAnswer, HttpClient } from './http-client.ts'
import { jsonValues, objectsIn } from './json-values.ts'
import type { Endpoint } from './options.ts'
import { quoted, shown } from './quoted.ts'
import { cutOff, isTooLong, mayPass, moderated, statusMeant } from './refusal.ts'
import type { ChatMessage } from './turns.ts'
import { type Wait, waitOf } from './wait.ts'

export type Sampling = { temperature: number; maxTokens: number; topP?: number | undefined; seed?: number | undefined }
/** A JSON Schema that the reply should follow, where the endpoint can hold it to one. */
export type ReplySchema = { name: string; schema: Record<string, unknown> }
export type ChatRequest = {
  messages: readonly ChatMessage[]
  sampling: Sampling
  replySchema?: ReplySchema | undefined
}

/**
 * One HTTP request's end. `reworded`: the endpoint did not take something, and is asked otherwise from now on. `passing`: may be tried
 * again; `fault`: it says something of the endpoint's health; `unnamed`: it is an error that nothing says the kind of; `turnedAway`: there
 * were too many requests. `unread`: what came is no completion. `forbidden`: HTTP 403, of this prompt or of every one. `fatal`: every other
 * request would end the same. `refused`: this request, and what it is about: the prompt and its reply do not fit into the model's context;
 * the prompt's content; or anything else. `usage`: tokens that the endpoint bills although it gave no reply.
 */
export type TeacherOutcome = { usage?: TokenUsage | null } & (
  | { kind: 'reply'; reply: Reply }
  | { kind: 'reworded'; reason: string }
  | { kind: 'passing'; reason: string; fault: boolean; unnamed: boolean; turnedAway: boolean; retryAfterMs: number }
  | { kind: 'unread'; reason: string }
  /** `unsent`: what was learned before already shows that the endpoint would refuse it. */
  | { kind: 'refused'; reason: string; about: 'context' | 'content' | 'request'; unsent?: true }
  | { kind: 'forbidden'; reason: string }
  | { kind: 'fatal'; reason: string }
)

const passing = (reason: string, more: Partial<Extract<TeacherOutcome, { kind: 'passing' }>> = {}): TeacherOutcome => ({
  kind: 'passing',
  reason,
  fault: false,
  unnamed: false,
  turnedAway: false,
  retryAfterMs: 0,
  ...more,
})

const bodyOf = (model: string, { messages, sampling, replySchema }: ChatRequest): ChatBody => ({
  model,
  messages,
  // Some gateways answer with a stream where nothing is said.
  stream: false,
  max_tokens: sampling.maxTokens,
  ...Object.fromEntries(settings.map((name) => [fieldOf[name], sampling[name]])),
  ...(replySchema && { response_format: { type: 'json_schema', json_schema: replySchema } }),
})

/** The fields of sampling settings. */
const fieldOf = { temperature: 'temperature', topP: 'top_p', seed: 'seed' } as const
const settings = Object.keys(fieldOf) as (keyof typeof fieldOf)[]

/** Who is asked, in whose words, and from which pause on an endpoint counts as one whose quota is used up. */
type Asked = { endpoint: Endpoint; model: string; capabilities: EndpointCapabilities; quotaPauseMs: number }

/** Asks a model for one completion, in the endpoint's own words. Never throws. */
export async function requestOnce(
  client: Pick<HttpClient, 'post'>,
  asked: Asked,
  request: ChatRequest,
  signal: AbortSignal,
): Promise<TeacherOutcome> {
  const { model, capabilities } = asked
  const body = bodyOf(model, request)
  const sent = capabilities.adapt(body)
  if (sent === null)
    return {
      kind: 'refused',
      reason: "the prompt leaves no room for a reply in the model's context",
      about: 'context',
      unsent: true,
    }
  const refused = capabilities.withheld(body)
  try {
    const answer = await client.post(chatPath, JSON.stringify(sent), signal)
    const maxTokens = Number(sent.max_tokens ?? sent.max_completion_tokens)
    const prompt = request.messages.map(({ content }) => content).join('\n')
    const read = readAnswer(answer, { model, prompt, maxTokens })
    if ('text' in read) {
      const withheld = settings.filter((name) => refused.includes(fieldOf[name]))
      const isShort = read.truncated && maxTokens < request.sampling.maxTokens
      return {
        kind: 'reply',
        reply: { ...read, ...(isShort && { room: maxTokens }), ...(withheld.length > 0 && { withheld }) },
      }
    }
    return { usage: read.usage, ...endOf(answer, read, asked, sent) }
  } catch (error) {
    const broken = brokenHttp(error)
    if (broken !== null) return { kind: 'unread', reason: broken }
    const reason = signal.aborted ? 'timed out' : `no answer: ${error instanceof Error ? error.message : String(error)}`
    return passing(reason, { fault: true })
  }
}

/** What a connection that ends too early is called by Node's parser of HTTP: the next one may not. */
const endedEarly = ['HPE_INVALID_EOF_STATE', 'HPE_CLOSED_CONNECTION']

/** What is wrong with an answer that breaks the rules of HTTP; null for every other fault. */
function brokenHttp(error: unknown): string | null {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : null
  const { code = '', message = '' } = (cause ?? {}) as Partial<NodeJS.ErrnoException>
  if (!code.startsWith('HPE_') || endedEarly.includes(code)) return null
  const what = shown(message.replace(/^Parse Error:\s*/, ''))
  return `what answers breaks the rules of HTTP (${what}): correct what the endpoint, or a proxy before it, sends, or ask without that proxy`
}

/** What came in place of a reply. `error`: null where nothing is said of one. `finish`: why a reply ended that failed. */
type NoReply = { status: number | null; error: EndpointError | null; usage: TokenUsage | null; finish: string | null }

/** The reply that an answer holds, or what it is in place of one. */
function readAnswer(answer: HttpAnswer, asked: { model: string; prompt: string; maxTokens: number }): Reply | NoReply {
  const { values, isEnded } = jsonValues(answer.text)
  const { status } = answer
  const isSuccess = status >= 200 && status < 300
  const chatAnswer = isSuccess ? chatAnswerIn(values, isEnded) : null
  const isFailed = chatAnswer?.finish === 'error' || (chatAnswer?.error != null && chatAnswer.text === '')
  if (chatAnswer && !isFailed) return replyOf(chatAnswer, asked)
  const error =
    errorIn(isFailed && chatAnswer?.error ? [chatAnswer.error] : values) ?? (isSuccess ? null : plainError(answer))
  const usage = usageIn(objectsIn(values))
  if (error && cutOff.test(error.text)) {
    const nothing = { text: '', beside: [], refusal: null, model: null, error: null }
    return replyOf({ ...nothing, finish: 'length', usage }, asked)
  }
  const finish = chatAnswer?.finish ?? null
  return { status: statusMeant(status, error), error, usage, finish }
}

/** An error that comes as a plain text. */
const plainError = ({ text }: HttpAnswer): EndpointError | null =>
  text.trim() === '' || /<(!doctype|html|head|body)\b/i.test(text)
    ? null
    : { codes: [], text: text.slice(0, 4000), fields: [], headers: {} }

/** An answer as it is shown. The endpoint's words are data of a stranger: shortened, on one line. */
const answerText = ({ status, text, headers }: HttpAnswer): string => {
  const type = /json/i.test(headers['content-type'] ?? 'json') ? '' : ` (${shown(headers['content-type'] ?? '', 60)})`
  return `HTTP ${status}${type}: ${shown(text) || 'an empty body'}`
}

/** The key is refused, the account has no money, there is no such model: a person has to fix it. */
const fatalStatuses = [401, 402, 404, 407, 410]

function endOf(answer: HttpAnswer, { status, error, finish }: NoReply, asked: Asked, sent: ChatBody): TeacherOutcome {
  const { endpoint, capabilities, quotaPauseMs } = asked
  const { text, location } = answer
  const reason = `${finish === null ? '' : `finish reason ${quoted(finish)}, `}${answerText(answer)}`
  const words = error ? [...error.codes, error.text].join('\n') : text
  if (location !== null) return { kind: 'fatal', reason: movedText(endpoint, answer.status, location) }
  if (error && capabilities.learn(status, error, sent)) return { kind: 'reworded', reason }
  if (status === null) return passing(reason, { unnamed: true })
  if (status < 300) return { kind: 'unread', reason }
  if (status === 403 && moderated.test(words)) return { kind: 'refused', reason, about: 'content' }
  if (status === 403) return { kind: 'forbidden', reason }
  if (fatalStatuses.includes(status)) return { kind: 'fatal', reason }
  if (isTooLong(status, words)) return { kind: 'refused', reason, about: 'context' }
  if (!mayPass(status)) return { kind: 'refused', reason, about: moderated.test(words) ? 'content' : 'request' }
  const wait = waitOf(answer, error)
  if (isUsedUp(status, wait, quotaPauseMs))
    return { kind: 'fatal', reason: `${reason}${resetText(wait, quotaPauseMs)}` }
  return passing(reason, { fault: true, turnedAway: status === 429, retryAfterMs: wait.ms })
}

/** A quota of a day is not waited for: the run stops with the endpoint's words, and goes on when a person says so. */
const isUsedUp = (status: number, { ms, isQuota }: Wait, quotaPauseMs: number): boolean =>
  status === 429 && (isQuota || ms > quotaPauseMs)

/** When a limit ends, where its endpoint says it. Google adds the wait of a minute's limit to a quota of the day. */
function resetText({ ms, isQuota }: Wait, quotaPauseMs: number): string {
  const what = isQuota ? '. What is used up is a quota of a day or longer' : ''
  if (ms === 0) return what
  if (isQuota && ms <= quotaPauseMs)
    return `${what}; the ${spanText(ms)} that it asks to wait may be of a shorter limit`
  const at = new Date(Date.now() + ms).toISOString().slice(0, 16).replace('T', ' ')
  return `${what}. It asks to be left alone until ${at} UTC (${spanText(ms)})`
}

const [second, minute, hour] = [1000, 60_000, 3_600_000]

function spanText(ms: number): string {
  if (ms < 2 * minute) return `${Math.max(1, Math.ceil(ms / second))} s`
  if (ms < 2 * hour) return `${Math.ceil(ms / minute)} minutes`
  return ms < 48 * hour ? `${(ms / hour).toFixed(1)} hours` : `${(ms / (24 * hour)).toFixed(1)} days`
}
