import { z } from 'zod'
import { type Endpoint, usualNames } from './options.ts'
import { parseJson } from './parse-json.ts'
import { redirectOf } from './redirect.ts'
import { mayPass } from './refusal.ts'
import { TeacherUnusable } from './unusable.ts'

const list = z.array(z.looseObject({ id: z.string() }))

/** OpenAI's form; null where there is no model yet (Ollama), and the list alone (Together). */
const Models = z.union([
  z.object({ data: list.nullable().transform((data) => data ?? []) }),
  list.transform((data) => ({ data })),
])

/** Names under which endpoints give the size of a model's context: OpenRouter, vLLM, LM Studio, Groq, llama.cpp. */
const contextNames = ['context_length', 'max_model_len', 'max_context_length', 'context_window', 'n_ctx', 'n_ctx_train']

/** The tokens that a model takes in and gives together, as its endpoint says; null where it does not. */
function contextOf(model: Readonly<Record<string, unknown>>): number | null {
  const meta = typeof model.meta === 'object' ? { ...model.meta } : {}
  const said = { ...meta, ...model } as Readonly<Record<string, unknown>>
  const found = contextNames.map((name) => said[name]).find((value) => typeof value === 'number' && value > 0)
  return typeof found === 'number' ? found : null
}

export { TeacherUnusable }

/**
 * Asks the endpoint for its models, which is not paid. Errors: TeacherUnusable for a refused key, an address without an API and a
 * model that is not there. An endpoint that has no list of models passes: then only a call can tell. Gives the size of
 * the model's context where the endpoint says it.
 */
export async function checkTeacher(
  { baseUrl, apiKey, set = usualNames }: Endpoint,
  model: string,
  timeoutMs = 10_000,
): Promise<{ contextTokens: number | null }> {
  if (/[^\x21-\x7e]/.test(apiKey)) {
    throw new TeacherUnusable(
      `${set.apiKey} holds a blank, a line break or a character that is not ASCII.`,
      'Set it to the key alone; typographic quotes are a common cause.',
    )
  }
  const mendUrl = `Set ${set.baseUrl} to the address of an OpenAI-compatible API, for example http://127.0.0.1:11434/v1.`
  const headers: Record<string, string> = apiKey ? { authorization: `Bearer ${apiKey}` } : {}
  const ask = async (at = baseUrl) => {
    const signal = AbortSignal.timeout(timeoutMs)
    const response = await fetch(`${at}/models`, { headers, signal, redirect: 'manual' })
    return { status: response.status, location: response.headers.get('location'), text: await response.text() }
  }
  const { status, location, text } = await ask().catch((error: unknown) => {
    const cause =
      error instanceof Error ? ((error.cause as Error | undefined)?.message ?? error.message) : String(error)
    throw new TeacherUnusable(`There is no API at ${baseUrl}: ${cause}.`, mendUrl)
  })
  if (location !== null && status >= 300 && status < 400) {
    const { to, mend } = redirectOf({ baseUrl, apiKey, set }, '/models', location)
    throw new TeacherUnusable(`${baseUrl} has moved to ${to.replace(/\/models$/, '')} (HTTP ${status}).`, mend)
  }
  // A key that may call and not list: then only a call can tell.
  if (status === 403 && /\bscopes?\b/i.test(text)) return { contextTokens: null }
  if (status === 401 || status === 403) {
    throw new TeacherUnusable(
      `${baseUrl} refuses the key (HTTP ${status}).`,
      `Set ${set.apiKey} to a key of this endpoint.`,
    )
  }
  if (status === 404) {
    for (const at of [baseUrl.replace(/\/chat\/completions$/, ''), `${baseUrl}/v1`]) {
      const there = at === baseUrl ? null : await ask(at).catch(() => null)
      if (!there || !Models.safeParse(parseJson(there.text)).success) continue
      throw new TeacherUnusable(`There is no API at ${baseUrl}, but at ${at}.`, `Set ${set.baseUrl} to ${at}.`)
    }
  }
  if (status === 404 || status === 405 || mayPass(status)) return { contextTokens: null }
  const models = Models.safeParse(parseJson(text))
  if (status !== 200 || !models.success) {
    throw new TeacherUnusable(`What answers at ${baseUrl} is no OpenAI-compatible API (HTTP ${status}).`, mendUrl)
  }
  const found = models.data.data.find(({ id }) => id === model)
  if (found) return { contextTokens: contextOf(found) }
  const names = models.data.data.map(({ id }) => id)
  throw new TeacherUnusable(
    `${baseUrl} has no model "${model}".`,
    `Name one of: ${names.slice(0, 20).join(', ') || 'none'}.`,
  )
}
