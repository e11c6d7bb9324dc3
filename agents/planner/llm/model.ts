import { ChatOpenAI } from '@langchain/openai'
import { type Reply, textOf } from '../../kit/teacher/completion.ts'
import { type Endpoint, withoutKey } from '../../kit/teacher/options.ts'
import type { ChatRequest } from '../../kit/teacher/request.ts'
import type { Answer, Purse } from '../../kit/teacher/teacher.ts'
import { tokensOf } from '../../kit/teacher/tokens.ts'
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

/** How a reply is held to a schema, from the strictest way down; an endpoint that refuses one (HTTP 400 or 422) is asked the next. */
const formats = ['json_schema', 'json_object', 'text'] as const

/**
 * A model behind an OpenAI-compatible endpoint. Each HTTP request, the client's repetitions too, is paid from the purse before it is
 * sent. The strictest format that the endpoint took is kept from then on; the reply's JSON is looked for in its text in any case.
 * Errors: those of the client, after its retries.
 */
export function createPlannerModel(endpoint: Endpoint, options: LlmPlannerOptions): PlannerModel {
  const { model, timeoutMs, maxRetries } = options
  let taken = 0

  async function askOnce({ messages, sampling }: PlannerRequest, format: object, purse: Purse, signal: AbortSignal) {
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
      configuration: { baseURL: endpoint.baseUrl, fetch: paidFetch(endpoint, pay, format) },
    })
    const said = await client.invoke([...messages], { signal }).catch((error: unknown) => {
      if (broke) return null
      throw error
    })
    if (!said) return { ok: false as const, why: 'budget' as const, reason: 'no call is left' }
    const usage = said.usage_metadata
    const text = textOf(said.content)
    const prompt = messages.map(({ content }) => String(content)).join('\n')
    const reply: Reply = {
      text,
      refused: false,
      cut: said.response_metadata.finish_reason === 'length',
      model,
      ...tokensOf(usage ? { input: usage.input_tokens, output: usage.output_tokens } : null, prompt, text),
    }
    return { ok: true as const, reply }
  }

  return {
    model,
    async ask(request, purse, signal) {
      const schema = request.replySchema
      for (let at = schema ? taken : formats.length - 1; ; at++) {
        try {
          const answer = await askOnce(request, schema ? formatOf(formats[at]!, schema) : {}, purse, signal)
          if (schema) taken = at
          return answer
        } catch (error) {
          if (at === formats.length - 1 || ![400, 422].includes(statusOf(error) ?? 0)) throw error
        }
      }
    },
  }
}

function formatOf(type: (typeof formats)[number], schema: ReplySchema): object {
  if (type === 'text') return {}
  return { response_format: type === 'json_schema' ? { type, json_schema: schema } : { type } }
}

/**
 * Pays for a request and adds the format to it: told of it, the client would throw away the text of a reply that is cut off or no JSON,
 * and that text is what the model must be shown. A fault is passed on without the key.
 */
function paidFetch(endpoint: Endpoint, pay: () => Promise<boolean>, format: object): typeof fetch {
  return async (url, init) => {
    if (!(await pay())) return unpaid()
    const body = JSON.stringify({ ...JSON.parse(String(init?.body)), ...format })
    const response = await fetch(url, { ...init, body })
    if (response.ok) return response
    const { status, statusText, headers } = response
    return new Response(withoutKey(await response.text(), endpoint), { status, statusText, headers })
  }
}

/** The HTTP status of the client's error, if it was one. */
export function statusOf(error: unknown): number | undefined {
  return error instanceof Error && 'status' in error && typeof error.status === 'number' ? error.status : undefined
}
