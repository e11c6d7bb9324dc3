import { z } from 'zod'

/** Whether an address has nothing that could be a secret: it stands in files, logs and reports. */
export const isPlainAddress = (text: string): boolean => {
  const url = URL.parse(text)
  return url !== null && /^https?:$/.test(url.protocol) && !url.username && !url.password && !url.search && !url.hash
}

/** What is wanted of an address. One that is not plain is never repeated. */
export const plainAddressWanted = 'an http or https address is wanted, without user, password and query'

const unnamed = 'no model is named'

/** The name of a model, as its endpoint has it. */
export const ModelName = z.string(unnamed).min(1, unnamed)

/** Where an agent's model is asked. A key is never said, only the name of the environment variable that holds it. */
export const EndpointOptions = z.object({
  /** Left out: OPENAI_BASE_URL, and without that OpenAI's own. */
  baseUrl: z
    .string()
    .refine(isPlainAddress, plainAddressWanted)
    .transform((text) => text.replace(/(?<!\/)\/+$/, ''))
    .optional(),
  /** The variable whose key goes to this endpoint, and to no other; null: none does. */
  apiKeyEnv: z
    .string()
    .regex(
      /^[A-Z_][A-Z0-9_]{0,63}$/,
      'the name of an environment variable is wanted, in capitals; never the key itself',
    )
    .nullable()
    .default('OPENAI_API_KEY'),
})
export type EndpointOptions = z.infer<typeof EndpointOptions>
