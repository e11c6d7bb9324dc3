import { z } from 'zod'
import { TeacherLimits } from '../../../schemas/teacher.ts'

/** How an agent speaks to a teacher; the key and the address come from the environment alone. */
export const TeacherOptions = z.strictObject({
  model: z.string().min(1),
  /** Tokens that the model takes in and gives together, where its endpoint does not say or says otherwise. */
  contextTokens: z.number().int().positive().optional(),
  /** Requests under way at the same time, in one process. */
  concurrency: z.number().int().min(1).max(512).default(80),
  ...TeacherLimits.shape,
})
export type TeacherOptions = z.infer<typeof TeacherOptions>

/** The endpoint of a teacher. */
export type Endpoint = { baseUrl: string; apiKey: string }

/** OPENAI_BASE_URL (default: OpenAI's) and OPENAI_API_KEY; a local endpoint needs no key, so an empty one is allowed. */
export function endpointOf(env: Readonly<Record<string, string | undefined>>): Endpoint {
  const baseUrl = (env.OPENAI_BASE_URL?.trim() || 'https://api.openai.com/v1').replace(/\/+$/, '')
  return { baseUrl, apiKey: (env.OPENAI_API_KEY ?? '').trim() }
}

/** What an endpoint says of a fault, without the key that some repeat in it. */
export const withoutKey = (text: string, { apiKey }: Endpoint): string =>
  apiKey === '' ? text : text.replaceAll(apiKey, '[key]')
