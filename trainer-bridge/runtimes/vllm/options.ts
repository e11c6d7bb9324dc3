import { z } from 'zod'
import { EndpointOptions } from '../../../schemas/endpoint.ts'
import { count, ms } from '../../../schemas/limit.ts'

/** `options.vllm` of a trainer-bridge. */
export const VllmOptions = z.strictObject({
  baseUrl: EndpointOptions.shape.baseUrl.describe(
    'a vLLM of yours, with its /v1, started with --enable-lora and VLLM_ALLOW_RUNTIME_LORA_UPDATING=True; it reads adapters in the folder of this home. Left out: the bridge starts one',
  ),
  model: z
    .string()
    .min(1)
    .optional()
    .describe('the name that the student has on your server; left out: the only one that it serves'),
  apiKeyEnv: EndpointOptions.shape.apiKeyEnv
    .default(null)
    .describe('the environment variable with the key of your server; null: it wants none'),
  gpus: z
    .array(z.int().nonnegative())
    .min(1)
    .optional()
    .describe(
      'GPUs of its own, as nvidia-smi numbers them; left out: those of the training, where it sleeps while something else than answers is computed',
    ),
  contextTokens: count(8192, 'tokens of a prompt and its reply; less where the student has less'),
  sequences: count(128, 'questions that are answered at the same time'),
  memoryShare: z
    .number()
    .positive()
    .max(1)
    .default(0.9)
    .describe("share of a GPU's memory that it takes while it answers (--gpu-memory-utilization)"),
  cpuCacheGb: count(4, 'GB of keys and values where there is no GPU (VLLM_CPU_KVCACHE_SPACE)'),
  eager: z.boolean().default(false).describe('whether nothing is compiled: it starts sooner, and answers slower'),
  startMs: ms(900_000, 'how long it may take to load the student and to compile'),
  stopMs: ms(15_000, 'how long it may take to end'),
  mostLosses: count(3, 'how often in a row it is started again without one more answer'),
})
export type VllmOptions = z.infer<typeof VllmOptions>
