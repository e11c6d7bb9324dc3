import { ChatOpenAI } from '@langchain/openai'
import type { Answer, Purse } from '../../kit/teacher/call.ts'
import { type Reply, saidIn } from '../../kit/teacher/completion.ts'
import { type ChatBody, createDialect, type Dialect } from '../../kit/teacher/dialect.ts'
import { type Endpoint, hostOf } from '../../kit/teacher/options.ts'
import { tooLong } from '../../kit/teacher/refusal.ts'
import type { ChatRequest } from '../../kit/teacher/request.ts'
import { tokensOf } from '../../kit/teacher/tokens.ts'
import type { LlmPlannerOptions } from './options.ts'
import { paidFetch } from './paid-fetch.ts'
import { oneLine } from './shorten.ts'

/** A JSON Schema that the reply should follow, where the endpoint can hold it to one. */
export type ReplySchema = { name: string; schema: Record<string, unknown> }
export type PlannerRequest = ChatRequest & { replySchema?: ReplySchema | undefined }

/** The planner's language model; asked as a teacher is. */
export type PlannerModel = {
  readonly model: string
  /** Of its endpoint. */
  readonly host: string
  ask(request: PlannerRequest, purse: Purse, signal: AbortSignal): Promise<Answer>
}

/**
 * A model behind an OpenAI-compatible endpoint. Each HTTP request, the client's repetitions too, is paid from the purse before it is
 * sent. What the endpoint does not take is said otherwise from then on, as to a teacher; the reply's JSON is looked for in its text in
 * any case. A 403 right after an answer costs its own call: it may be of that prompt. Errors: those of the client, after its retries.
 */
export function createPlannerModel(
  endpoint: Endpoint,
  options: LlmPlannerOptions,
  dialect: Dialect = createDialect(),
): PlannerModel {
  let justAnswered = false
  const { model, timeoutMs, maxRetries, maxReplyBytes } = options

  async function ask({ messages, sampling, replySchema }: PlannerRequest, purse: Purse, signal: AbortSignal) {
    let broke = false
    const pay = async () => {
      broke = !(await purse.take())
      return !broke
    }
    const client = new ChatOpenAI({
      model,
      temperature: sampling.temperature,
      maxTokens: sampling.maxTokens,
      maxRetries,
      timeout: timeoutMs,
      streaming: false,
      useResponsesApi: false,
      // A local endpoint needs no key, but the client wants one.
      apiKey: endpoint.apiKey || 'none',
      configuration: {
        baseURL: endpoint.baseUrl,
        fetch: paidFetch({ endpoint, dialect, pay, format: formatOf(replySchema), maxReplyBytes }),
      },
    })
    const said = await client.invoke([...messages], { signal }).catch((error: unknown) => {
      if (broke) return { why: 'budget' as const, reason: 'no call is left' }
      if (statusOf(error) !== 403 || !justAnswered) throw error
      justAnswered = false
      return { why: 'forbidden' as const, reason: `HTTP 403: ${(error as Error).message}` }
    })
    if ('why' in said) return { ok: false as const, ...said }
    justAnswered = true
    const usage = said.usage_metadata
    const ended = saidIn(said.content, said.response_metadata.finish_reason)
    const prompt = messages.map(({ content }) => String(content)).join('\n')
    const withheld = dialect.withheld({ temperature: sampling.temperature })
    const reply: Reply = {
      ...ended,
      refused: false,
      model,
      ...(withheld.length > 0 && { withheld }),
      ...tokensOf(usage ? { input: usage.input_tokens, output: usage.output_tokens } : null, prompt, ended.text),
    }
    return { ok: true as const, reply }
  }

  return { model, host: hostOf(endpoint), ask }
}

const formatOf = (schema: ReplySchema | undefined): ChatBody =>
  schema ? { response_format: { type: 'json_schema', json_schema: schema } } : {}

/** The HTTP status of the client's error, if it was one; a prompt that is too long comes in an error around it. */
export function statusOf(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined
  return 'status' in error && typeof error.status === 'number' ? error.status : statusOf(error.cause)
}

/** What an error says with what is behind it: of a connection that fails, the client tells no more than that. */
function withCause(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const behind = error.cause === undefined ? '' : withCause(error.cause)
  return behind === '' || error.message.includes(behind) ? error.message : `${error.message} ${behind}`
}

/** What a fault of the client says, on one line, without what it adds of its own; a prompt that is too long with what makes it shorter. */
export function faultText(error: unknown, maxChars: number): string {
  const said = withCause(error)
  const text = oneLine(said.replace(/\s*Troubleshooting URL: \S+\s*$/, ''), maxChars)
  return tooLong.test(said) ? `${text} Lower agents.planner.options.contextChars or maxTokens.` : text
}
