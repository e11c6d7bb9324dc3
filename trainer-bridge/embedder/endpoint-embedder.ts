import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import { type HttpAnswer, openHttpClient } from '../../agents/kit/teacher/http-client.ts'
import { jsonValues } from '../../agents/kit/teacher/json-values.ts'
import { type Endpoint, hostOf } from '../../agents/kit/teacher/options.ts'
import { shown } from '../../agents/kit/teacher/quoted.ts'
import { mayPass } from '../../agents/kit/teacher/refusal.ts'
import type { EmbeddingEndpoint } from '../../schemas/embedding.ts'
import { TeacherLimits } from '../../schemas/teacher.ts'
import { type Embedder, EmbeddingFailed, normalised } from './embedder.ts'

/** Where embeddings are asked for, under an endpoint's address. */
export const embeddingsPath = '/embeddings'

const Reply = z.object({
  data: z.array(z.object({ index: z.int().nonnegative().optional(), embedding: z.array(z.number()).min(1) })),
  usage: z.object({ total_tokens: z.int().nonnegative() }).optional().catch(undefined),
})

/** Embeds over HTTP. A text that is empty is sent as a blank, since endpoints refuse it. */
export function endpointEmbedder(options: EmbeddingEndpoint, endpoint: Endpoint): Embedder {
  const { model, batchTexts, timeoutMs, maxTries } = options
  const client = openHttpClient(endpoint, {
    concurrency: 1,
    maxReplyBytes: TeacherLimits.parse({}).maxReplyBytes,
  })
  const name = `${model} at ${hostOf(endpoint)}`

  return {
    name,
    async embed(texts, signal) {
      const vectors: number[][] = []
      let [requests, tokens]: [number, number | null] = [0, 0]

      /** The answer to one batch; what may pass is asked again. */
      async function ask(body: string): Promise<HttpAnswer> {
        for (let tries = 1; ; tries++) {
          requests += 1
          const patience = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
          const answer = await client.post(embeddingsPath, body, patience).catch((error: unknown) => String(error))
          signal.throwIfAborted()
          if (typeof answer !== 'string' && answer.status < 300) return answer
          const why = typeof answer === 'string' ? answer : `HTTP ${answer.status}: ${shown(answer.text)}`
          const passes = typeof answer === 'string' || mayPass(answer.status)
          if (!passes || tries === maxTries) throw new EmbeddingFailed(`${name}: ${why}`, requests)
          await delay(Math.min(250 * 2 ** tries, timeoutMs), undefined, { signal })
        }
      }

      for (let from = 0; from < texts.length; from += batchTexts) {
        const batch = texts.slice(from, from + batchTexts).map((text) => text || ' ')
        const { text } = await ask(JSON.stringify({ model, input: batch, encoding_format: 'float' }))
        const { data, usage } = readReply(text, batch.length, name, requests)
        vectors.push(...data)
        tokens = tokens === null || usage === undefined ? null : tokens + usage.total_tokens
      }
      if (new Set(vectors.map(({ length }) => length)).size > 1)
        throw new EmbeddingFailed(`${name}: vectors of several lengths`, requests)
      return { vectors, requests, tokens }
    },
  }
}

/**
 * The vectors of one reply in the texts' order.
 * @throws EmbeddingFailed for what is no list of one vector a text
 */
function readReply(text: string, wanted: number, name: string, requests: number) {
  const parsed = Reply.safeParse(jsonValues(text).values[0])
  if (!parsed.success)
    throw new EmbeddingFailed(`${name}: what it answers is no list of embeddings: ${shown(text)}`, requests)
  const { data, usage } = parsed.data
  const places = new Set(data.map(({ index }, place) => index ?? place))
  if (data.length !== wanted || places.size !== wanted || Math.max(...places) >= wanted)
    throw new EmbeddingFailed(`${name}: ${data.length} embeddings for ${wanted} texts`, requests)
  const ordered = data.toSorted((one, other) => (one.index ?? 0) - (other.index ?? 0))
  return { data: ordered.map(({ embedding }) => normalised(embedding)), usage }
}
