import { z } from 'zod'
import { EmbedderChoice } from '../schemas/embedding.ts'
import { count, ms } from '../schemas/limit.ts'
import { ThinkingSettings } from '../schemas/task.ts'
import { AnswerEndpoint } from './runtimes/endpoint/options.ts'
import { VllmOptions } from './runtimes/vllm/options.ts'

/** The topology's `options` of a trainer-bridge. */
export const BridgeOptions = z.strictObject({
  student: z
    .string()
    .min(1)
    .default('embedded')
    .describe(
      'embedded: SmolLM2-135M-Instruct from its wheel; else a folder with a transformers model, or a hub name such as "org/model" or "org/model@revision"',
    ),
  train: z
    .enum(['peft', 'llama-factory', 'trl'])
    .default('peft')
    .describe('which runtime trains, docs/runtimes.md; one run has one, from its base to its final evaluation'),
  infer: z
    .enum(['peft', 'vllm', 'endpoint'])
    .default('peft')
    .describe('which runtime answers, the base student too, docs/runtimes.md'),
  vllm: VllmOptions.default(VllmOptions.parse({})).describe('how vLLM answers, where infer names it'),
  endpoint: AnswerEndpoint.optional().describe('the server that answers, where infer is endpoint'),
  gpus: z
    .array(z.int().nonnegative())
    .min(1)
    .optional()
    .describe(
      'GPUs of one trainer-bridge, as nvidia-smi numbers them, for trainings over several; left out: the first that no other trainer-bridge has',
    ),
  deviceWaitMs: ms(
    30_000,
    'how long a GPU is waited for that another trainer-bridge has, which may be about to end',
    0,
  ),
  memoryCheck: z
    .boolean()
    .default(true)
    .describe(
      'whether a training that does not fit into memory, by the sizes of its student, is refused before it begins',
    ),
  mostHalvings: count(5, 'how often the rows of a pass are halved, where memory runs out in a training', 16, 0),
  inference: ThinkingSettings.default({}).describe(
    "how the student thinks before it answers: laid over the task's own settings of inference, and the same in training",
  ),
  perplexityRows: z
    .number()
    .int()
    .min(0)
    .max(100)
    .default(100)
    .describe('rows of a dataset whose replies are measured under the base student before a training; 0: none'),
  embedder: EmbedderChoice.default('none').describe(
    'what measures how varied a dataset is, once, before its training; none: the report measures by words alone',
  ),
  embeddedRows: z
    .number()
    .int()
    .min(2)
    .max(1000)
    .default(100)
    .describe('rows of a dataset whose question and reply are embedded'),
  progressEveryMs: ms(2000, 'least time between two progress messages'),
  silenceMs: ms(
    60_000,
    'a runtime that says nothing for so long is killed and started again; it beats every 5 s, whatever it works on',
  ),
  maxLineChars: count(
    16 * 1024 ** 2,
    'longest line that a runtime may say; for a longer one it is killed and started again',
  ),
  minRestartMs: ms(1000, 'pause before a runtime that died is started again; doubled while it goes on dying'),
  maxRestartMs: ms(30_000, 'longest such pause'),
  stopMs: ms(15_000, 'how long a runtime that is asked to stop may take to end its step'),
})
export type BridgeOptions = z.infer<typeof BridgeOptions>
