import { z } from 'zod'
import { checkTeacher } from '../../agents/kit/teacher/check.ts'
import type { Endpoint } from '../../agents/kit/teacher/options.ts'
import { SetupError } from '../../provision/mod.ts'
import { jsonOrNull } from '../../schemas/bounded-json.ts'
import { fixOf, reasonOf } from '../../schemas/user-error.ts'
import { openAnswerClient } from './completions.ts'

/** What a server of somebody else says of itself. */
export type AnswerServerFacts = { model: string; version: string; versions: Record<string, string> }

const Models = z.object({
  data: z.array(
    z.object({
      id: z.string(),
      root: z.string().nullish(),
      parent: z.string().nullish(),
      owned_by: z.string().nullish(),
    }),
  ),
})
const lookMs = 10_000

/**
 * What answers there, and by which name: `model`, or the only one that is no adapter.
 * @throws SetupError where nobody answers, or the model is not served
 */
export async function serverFacts(
  endpoint: Endpoint,
  model: string | undefined,
  signal: AbortSignal,
): Promise<AnswerServerFacts> {
  const client = openAnswerClient(endpoint, 1)
  const either = AbortSignal.any([signal, AbortSignal.timeout(lookMs)])
  await checkTeacher(endpoint, model ?? '', lookMs, '/completions').catch((error: unknown) => {
    throw new SetupError(reasonOf(error), fixOf(error) || 'Start the server, or correct its address.', { cause: error })
  })
  const { text } = await client.get('/models', either)
  const listed = Models.safeParse(jsonOrNull(text)).data?.data ?? []
  const bases = listed.filter(({ parent }) => parent == null)
  const found = model === undefined ? (bases.length === 1 ? bases[0] : undefined) : bases.find(({ id }) => id === model)
  if (!found) {
    const names = listed.map(({ id }) => id).join(', ') || 'none'
    throw new SetupError(
      model === undefined
        ? `${endpoint.baseUrl} serves several models, or none: ${names}.`
        : `${endpoint.baseUrl} does not serve the model ${model}; it serves ${names}.`,
      'Name the student as the server does: model, beside baseUrl in the options of the trainer-bridge.',
    )
  }
  const version = await versionOf(endpoint, either)
  const { root, owned_by } = found
  const versions = { model: found.id, ...(root && { root }), ...(owned_by && { server: owned_by }) }
  return { model: found.id, version: version ?? owned_by ?? 'unknown', versions }
}

/** vLLM and some others say it beside `/v1`. */
async function versionOf({ baseUrl }: Endpoint, signal: AbortSignal): Promise<string | null> {
  const client = openAnswerClient({ baseUrl: baseUrl.replace(/\/v1$/, ''), apiKey: '' }, 1)
  const answer = await client.get('/version', signal).catch(() => null)
  return z.object({ version: z.string() }).safeParse(jsonOrNull(answer?.text ?? '')).data?.version ?? null
}
