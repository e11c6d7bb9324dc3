import { z } from 'zod'

/** How an agent speaks to a teacher; the key and the address come from the environment alone. */
export const TeacherOptions = z.strictObject({
  model: z.string().min(1),
  /** Tokens that the model takes in and gives together, where its endpoint does not say or says otherwise. */
  contextTokens: z.number().int().positive().optional(),
  /** Requests under way at the same time, in one process. */
  concurrency: z.number().int().min(1).max(512).default(80),
  /** HTTP requests for one reply, the first included. */
  maxTries: z.number().int().min(1).max(20).default(6),
  /** The time-out follows the observed latency between these two; before anything is observed it is the larger. */
  minTimeoutMs: z.number().int().positive().default(1500),
  maxTimeoutMs: z.number().int().positive().default(120_000),
  /** How long the breaker may stay open before waiting calls fail. */
  giveUpMs: z.number().int().positive().default(600_000),
})
export type TeacherOptions = z.infer<typeof TeacherOptions>

/** The endpoint of a teacher. */
export type Endpoint = { baseUrl: string; apiKey: string }

/** OPENAI_BASE_URL (default: OpenAI's) and OPENAI_API_KEY; a local endpoint needs no key, so an empty one is allowed. */
export function endpointOf(env: Readonly<Record<string, string | undefined>>): Endpoint {
  const baseUrl = (env.OPENAI_BASE_URL ?? 'https://api.openai.com/v1').replace(/\/+$/, '')
  return { baseUrl, apiKey: (env.OPENAI_API_KEY ?? '').trim() }
}

/** What an endpoint says of a fault, without the key that some repeat in it. */
export const withoutKey = (text: string, { apiKey }: Endpoint): string =>
  apiKey === '' ? text : text.replaceAll(apiKey, '[key]')
