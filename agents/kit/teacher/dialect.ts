import type { ChatRequest } from './request.ts'

/** The words of one endpoint for a request, as far as its refusals have told. */
export type Dialect = {
  readonly model: string
  /** The body of a request. */
  bodyOf(request: ChatRequest): Record<string, unknown>
  /** Sampling settings of a request that its body leaves out. */
  withheld(request: ChatRequest): string[]
  /** Whether a refusal (HTTP 400 or 422) is about a field of the body that was sent and can be said otherwise from now on. */
  learn(refusal: string, sent: Readonly<Record<string, unknown>>): boolean
}

const notTaken =
  /unsupported|not support|unrecogni[sz]ed|unknown|unexpected|extra (inputs|fields)|extra_forbidden|not (permitted|allowed)|cannot both|deprecated/i

/** The fields that an endpoint may not take, by the name of the setting. */
const optional = { temperature: 'temperature', topP: 'top_p', seed: 'seed' } as const
type Setting = keyof typeof optional
const settings = Object.keys(optional) as Setting[]

/**
 * Newer models of OpenAI want `max_completion_tokens` and no temperature, others take no seed. What an endpoint refuses by name is not sent
 * to it again; the limit of a reply is never given up, only sent under its other name.
 */
export function createDialect(model: string): Dialect {
  const refused = new Set<string>()
  const says = (refusal: string, field: string) => new RegExp(`\\b${field}\\b`).test(refusal)
  return {
    model,
    bodyOf({ messages, sampling }) {
      const limit = refused.has('max_tokens') ? 'max_completion_tokens' : 'max_tokens'
      const taken = settings.filter((name) => !refused.has(optional[name]))
      const sampled = Object.fromEntries(taken.map((name) => [optional[name], sampling[name]]))
      return { model, messages, [limit]: sampling.maxTokens, ...sampled }
    },
    withheld: ({ sampling }) => settings.filter((name) => sampling[name] !== undefined && refused.has(optional[name])),
    learn(refusal, sent) {
      if (!notTaken.test(refusal)) return false
      const field = ['max_tokens', ...Object.values(optional)].find(
        (name) => sent[name] !== undefined && says(refusal, name),
      )
      if (field) refused.add(field)
      return field !== undefined
    },
  }
}
