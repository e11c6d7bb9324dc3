import { z } from 'zod'
import { EndpointOptions, isPlainAddress, ModelName, plainAddressWanted } from '../../../schemas/endpoint.ts'
import { TeacherLimits } from '../../../schemas/teacher.ts'
import { UserError } from '../../../schemas/user-error.ts'

/** How an agent speaks to a teacher. */
export const TeacherOptions = z.strictObject({
  model: ModelName,
  ...EndpointOptions.shape,
  /** Tokens that the model takes in and gives together, where its endpoint does not say or says otherwise. */
  contextTokens: z.number().int().positive().optional(),
  /** Requests under way at the same time, in one process. */
  concurrency: z.number().int().min(1).max(512).default(80),
  ...TeacherLimits.shape,
})
export type TeacherOptions = z.infer<typeof TeacherOptions>

/** Where a model is asked. `set` names what a person sets to change the address and the key. */
export type Endpoint = { baseUrl: string; apiKey: string; set?: { baseUrl: string; apiKey: string } }

/** What is set where a topology says nothing. */
export const usualVariables = { baseUrl: 'OPENAI_BASE_URL', apiKey: 'OPENAI_API_KEY' }

type Environment = Readonly<Record<string, string | undefined>>

/**
 * The endpoint of the options that stand at this place of a topology; a local one needs no key, so an empty one is allowed.
 * @throws TeacherUnusable for an address of the environment that is none, or might hold a secret.
 */
export function endpointOf({ baseUrl, apiKeyEnv }: EndpointOptions, env: Environment, at: string): Required<Endpoint> {
  const usual = (env.OPENAI_BASE_URL?.trim() || 'https://api.openai.com/v1').replace(/(?<!\/)\/+$/, '')
  if (baseUrl === undefined && !isPlainAddress(usual)) {
    throw new TeacherUnusable(
      `OPENAI_BASE_URL cannot be used: ${plainAddressWanted}.`,
      'Set it to the address alone, for example http://127.0.0.1:11434/v1, and OPENAI_API_KEY to the key.',
    )
  }
  const own = (option: string) => `${at}.${option}`
  return {
    baseUrl: baseUrl ?? usual,
    apiKey: apiKeyEnv === null ? '' : (env[apiKeyEnv] ?? '').trim(),
    set: { baseUrl: baseUrl ? own('baseUrl') : usualVariables.baseUrl, apiKey: apiKeyEnv ?? own('apiKeyEnv') },
  }
}

/** The host of an endpoint, as reports name it. */
export const hostOf = ({ baseUrl }: Pick<Endpoint, 'baseUrl'>): string =>
  URL.parse(baseUrl)?.host ?? 'an address that is none'

/** A shorter one is a placeholder for an endpoint that wants no key: a word that may stand in any text. */
const leastKeyChars = 12

/** Takes the key out of what an endpoint says, in whatever letters, or escaped as in JSON and in addresses. */
export function keyRemover({ apiKey }: Pick<Endpoint, 'apiKey'>): (text: string) => string {
  if (apiKey.length < leastKeyChars) return (text) => text
  const chars = [...apiKey].map((char) => {
    const code = char.charCodeAt(0).toString(16).padStart(2, '0')
    return `(?:\\\\?${char.replace(/\W/, '\\$&')}|\\\\u00${code}|%${code})`
  })
  const key = new RegExp(chars.join(''), 'gi')
  return (text) => text.replaceAll(key, '[key]')
}

/** What keeps an endpoint from being asked, and how to fix it. */
export class TeacherUnusable extends UserError {}
