import { ChatOpenAI } from '@langchain/openai'
import type { Endpoint } from '../../kit/teacher/options.ts'
import type { LlmPlannerOptions } from './options.ts'

export type Turn = { role: 'system' | 'user' | 'assistant'; content: string }
export type ChatReply = { text: string; cut: boolean; inputTokens: number; outputTokens: number }

type Schema = { name: string; schema: Record<string, unknown> }

/** One call of the model. `schema`: the JSON Schema that the reply should follow, where the endpoint can hold it to one. */
export type Chat = (turns: readonly Turn[], signal: AbortSignal, schema?: Schema) => Promise<ChatReply>

/**
 * A chat with an OpenAI-compatible endpoint. An endpoint that refuses structured output (HTTP 400 or 422) is asked without it from
 * then on; the reply's JSON is looked for in its text either way. Errors: those of the client, after its retries.
 */
export function createChat(endpoint: Endpoint, options: LlmPlannerOptions): Chat {
  const { model, temperature, maxTokens, timeoutMs, maxRetries } = options
  const clientFor = (schema: Schema | undefined) =>
    new ChatOpenAI({
      model,
      temperature,
      maxTokens,
      maxRetries,
      timeout: timeoutMs,
      streaming: false,
      useResponsesApi: false,
      // A local endpoint needs no key, but the client wants one.
      apiKey: endpoint.apiKey || 'none',
      configuration: { baseURL: endpoint.baseUrl, ...(schema && { fetch: fetchWith(schema) }) },
    })
  let structured = true

  const chat: Chat = async (turns, signal, wanted) => {
    const schema = structured ? wanted : undefined
    try {
      const reply = await clientFor(schema).invoke([...turns], { signal })
      const usage = reply.usage_metadata
      return {
        text: typeof reply.content === 'string' ? reply.content : JSON.stringify(reply.content),
        cut: reply.response_metadata.finish_reason === 'length',
        inputTokens: usage?.input_tokens ?? 0,
        outputTokens: usage?.output_tokens ?? 0,
      }
    } catch (error) {
      if (!schema || ![400, 422].includes(statusOf(error) ?? 0)) throw error
      structured = false
      return chat(turns, signal)
    }
  }
  return chat
}

/**
 * Adds the structured format to the request itself: told of it, the client throws away the text of a reply that is cut off or no
 * JSON, and that text is what the model must be shown.
 */
function fetchWith(schema: Schema): typeof fetch {
  return (url, init) => {
    const body = { ...JSON.parse(String(init?.body)), response_format: { type: 'json_schema', json_schema: schema } }
    return fetch(url, { ...init, body: JSON.stringify(body) })
  }
}

/** The HTTP status of the client's error, if it was one. */
export function statusOf(error: unknown): number | undefined {
  return error instanceof Error && 'status' in error && typeof error.status === 'number' ? error.status : undefined
}
