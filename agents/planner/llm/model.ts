import { ChatOpenAI } from '@langchain/openai'
import type { Endpoint } from '../../kit/teacher/options.ts'
import type { ChatRequest, Reply } from '../../kit/teacher/request.ts'
import type { Answer, Purse } from '../../kit/teacher/teacher.ts'
import type { LlmPlannerOptions } from './options.ts'

/** A JSON Schema that the reply should follow, where the endpoint can hold it to one. */
export type ReplySchema = { name: string; schema: Record<string, unknown> }
export type PlannerRequest = ChatRequest & { replySchema?: ReplySchema | undefined }

/** The planner's language model; asked as a teacher is. */
export type PlannerModel = {
  readonly model: string
  ask(request: PlannerRequest, purse: Purse, signal: AbortSignal): Promise<Answer>
}

/** What stands in for an answer of the endpoint when nothing is left to pay a request with; the client never repeats it. */
const unpaid = () =>
  new Response('{"error":{"message":"no call of the planner\'s model is left"}}', {
    status: 402,
    headers: { 'content-type': 'application/json' },
  })

/**
 * A model behind an OpenAI-compatible endpoint. Each HTTP request, the client's repetitions too, is paid from the purse before it is
 * sent. An endpoint that refuses structured output (HTTP 400 or 422) is asked without it from then on; the reply's JSON is looked for
 * in its text either way. Errors: those of the client, after its retries.
 */
export function createPlannerModel(endpoint: Endpoint, options: LlmPlannerOptions): PlannerModel {
  const { model, timeoutMs, maxRetries } = options
  let structured = true

  const ask: PlannerModel['ask'] = async ({ messages, sampling, replySchema }, purse, signal) => {
    const schema = structured ? replySchema : undefined
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
      configuration: { baseURL: endpoint.baseUrl, fetch: paidFetch(pay, schema) },
    })
    try {
      const said = await client.invoke([...messages], { signal })
      const usage = said.usage_metadata
      const reply: Reply = {
        text: typeof said.content === 'string' ? said.content : JSON.stringify(said.content),
        refused: false,
        cut: said.response_metadata.finish_reason === 'length',
        model,
        inputTokens: usage?.input_tokens ?? 0,
        outputTokens: usage?.output_tokens ?? 0,
      }
      return { ok: true, reply }
    } catch (error) {
      if (broke) return { ok: false, why: 'budget', reason: 'no call is left' }
      if (!schema || ![400, 422].includes(statusOf(error) ?? 0)) throw error
      structured = false
      return ask({ messages, sampling }, purse, signal)
    }
  }
  return { model, ask }
}

/**
 * Pays for a request and adds the structured format to it. Told of the format, the client would throw away the text of a reply that
 * is cut off or no JSON, and that text is what the model must be shown.
 */
function paidFetch(pay: () => Promise<boolean>, schema: ReplySchema | undefined): typeof fetch {
  return async (url, init) => {
    if (!(await pay())) return unpaid()
    if (!schema) return fetch(url, init)
    const body = { ...JSON.parse(String(init?.body)), response_format: { type: 'json_schema', json_schema: schema } }
    return fetch(url, { ...init, body: JSON.stringify(body) })
  }
}

/** The HTTP status of the client's error, if it was one. */
export function statusOf(error: unknown): number | undefined {
  return error instanceof Error && 'status' in error && typeof error.status === 'number' ? error.status : undefined
}
