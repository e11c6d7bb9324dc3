import { z } from 'zod'
import { type HttpClient, openHttpClient } from '../../agents/kit/teacher/http-client.ts'
import type { Endpoint } from '../../agents/kit/teacher/options.ts'
import { shown } from '../../agents/kit/teacher/quoted.ts'
import { isTooLong, mayPass } from '../../agents/kit/teacher/refusal.ts'
import { jsonOrNull } from '../../schemas/bounded-json.ts'
import { TeacherLimits } from '../../schemas/teacher.ts'
import { reasonOf } from '../../schemas/user-error.ts'
import { isOutOfMemory, RuntimeRequestError } from '../runtime-errors.ts'
import { type AskServer, ServerLost, type ServerReply } from './answer-prompts.ts'

/** A client of a server that answers, without time limits: a long queue is no fault. `baseUrl`: with its `/v1`. */
export const openAnswerClient = (endpoint: Endpoint, concurrency: number, env?: NodeJS.ProcessEnv): HttpClient =>
  openHttpClient(endpoint, { concurrency, maxReplyBytes: TeacherLimits.parse({}).maxReplyBytes }, env)

const finish = z
  .string()
  .nullish()
  .transform((reason) => (reason === 'length' ? ('length' as const) : ('stop' as const)))
const usage = z.object({ completion_tokens: z.int().nonnegative() }).nullish().catch(null)
const Completion = z.object({
  choices: z.tuple([z.object({ text: z.string(), token_ids: z.array(z.int()).nullish(), finish_reason: finish })]),
  usage,
})
const Chat = z.object({
  choices: z.tuple([
    z.object({
      message: z.object({
        content: z.string().nullish(),
        reasoning_content: z.string().nullish(),
        reasoning: z.string().nullish(),
      }),
      finish_reason: finish,
    }),
  ]),
  usage,
})

/** Greedy, with the prompt's own tokens, so that no server writes it otherwise. */
export const askCompletions =
  (client: HttpClient, model: string, endIds: readonly number[], where: string): AskServer =>
  async ({ tokens }, room, signal) => {
    const body = {
      model,
      prompt: tokens,
      max_tokens: room,
      temperature: 0,
      stop_token_ids: endIds,
      return_token_ids: true,
    }
    const { choices, usage } = await post(client, '/completions', body, Completion, where, signal)
    const [{ text, token_ids, finish_reason }] = choices
    if (token_ids) return { tokens: token_ids, finish: finish_reason }
    return { text, finish: finish_reason, ...(usage && { count: usage.completion_tokens }) }
  }

/** Greedy, with messages that the server renders. `more`: variables of its chat template. */
export const askChat =
  (client: HttpClient, model: string, more: object, where: string): AskServer =>
  async ({ messages }, room, signal) => {
    const body = { model, messages, max_tokens: room, temperature: 0, ...more }
    const { choices, usage } = await post(client, '/chat/completions', body, Chat, where, signal)
    const [{ message, finish_reason }] = choices
    const thoughts = message.reasoning_content ?? message.reasoning
    const reply: ServerReply = { text: message.content ?? '', finish: finish_reason }
    return { ...reply, ...(thoughts && { thoughts }), ...(usage && { count: usage.completion_tokens }) }
  }

/** Asks once. What may pass, and a server that is not there, is a loss; what the same request would meet again is not. */
export async function post<S extends z.ZodType>(
  client: HttpClient,
  path: string,
  body: object,
  schema: S,
  where: string,
  signal: AbortSignal,
): Promise<z.infer<S>> {
  const answer = await client.post(path, JSON.stringify(body), signal).catch((error: unknown) => {
    signal.throwIfAborted()
    throw new ServerLost(`${where} does not answer: ${reasonOf(error)}`)
  })
  if (answer.status < 300) {
    const read = schema.safeParse(jsonOrNull(answer.text))
    if (read.success) return read.data
    throw new RuntimeRequestError('internal', `${where} answers ${path} with something else: ${shown(answer.text)}`)
  }
  const why = `${where} answers ${path} with HTTP ${answer.status}: ${shown(answer.text)}`
  if (isOutOfMemory(answer.text) || mayPass(answer.status)) throw new ServerLost(why)
  throw new RuntimeRequestError(isTooLong(answer.status, answer.text) ? 'bad_dataset' : 'bad_request', why)
}
