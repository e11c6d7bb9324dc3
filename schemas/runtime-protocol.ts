import { z } from 'zod'
import { Sha256 } from './ids.ts'
import { ChatSettings, InferenceSettings, Recipe } from './task.ts'

/**
 * Counts the changes after which the runtime makes another adapter, or other replies, of the same request: a part of every cache key.
 * `trainer-bridge/runtimes/peft/syllabus_runtime/__init__.py` has the same number, and says what changed.
 */
export const runtimeRevision = 2

/** The JSON lines between the trainer-bridge and the fine-tuning runtime. Keys are snake_case: the other side is Python. */

const Student = { student: z.string().min(1), student_revision: z.string().nullable().default(null) }

export const TrainRequest = z.object({
  ...Student,
  /** A file of JSON lines {id, instruction, input, output}. */
  dataset: z.string().min(1),
  recipe: Recipe.extend(ChatSettings.shape),
  seed: z.int().nonnegative(),
  /** A folder; the adapter is written to `adapter` inside it. */
  out: z.string().min(1),
  /** How often the rows of a pass are halved from the start, where memory ran out before; the recipe's steps stay what they are. */
  halvings: z.int().nonnegative().optional(),
})
export type TrainRequest = z.input<typeof TrainRequest>

export const PerplexityRequest = TrainRequest.pick({
  student: true,
  student_revision: true,
  dataset: true,
  recipe: true,
}).extend({
  /** Rows measured at most; which ones follows from `seed`. */
  most_rows: z.int().positive(),
  seed: z.int().nonnegative(),
})
export type PerplexityRequest = z.input<typeof PerplexityRequest>

export const InferRequest = z.object({
  ...Student,
  /** A PEFT folder; null for the base student. */
  adapter: z.string().min(1).nullable(),
  /** A file of JSON lines {id, instruction, input, examples?: [{input, output}]}. */
  questions: z.string().min(1),
  /** The system turn; the recipe's in training. */
  system: z.string(),
  /** Greedy. A task's own settings fit; `batch_tokens` bounds rows x tokens held at once. */
  inference: InferenceSettings.partial({ batch_size: true, do_sample: true }).extend({
    batch_tokens: z.int().positive().optional(),
    /** Whether a question that does not fit the student's context has an empty reply; else it is an error. */
    leave_unfit: z.boolean().optional(),
  }),
  bf16: z.boolean().default(true),
  /** The rank of the run's adapters, for what makes room for them at its start. */
  lora_rank: z.int().positive().optional(),
  out: z.string().min(1),
})
export type InferRequest = z.input<typeof InferRequest>

/**
 * The questions' prompts in tokens, for a runtime that answers in place of the student's own: a line a question that the context has room
 * for, `{id, tokens, messages}`, in the file `out`.
 */
export const PromptsRequest = InferRequest.omit({ adapter: true, lora_rank: true })
export type PromptsRequest = z.input<typeof PromptsRequest>

export const PromptsResult = z.object({
  prompts: z.string(),
  count: z.int().nonnegative(),
  /** Tokens that a reply may have. */
  room: z.int().positive(),
  /** Of the longest prompt. */
  longest: z.int().nonnegative(),
  context: z.int().positive().nullable(),
  /** Tokens that end a reply. */
  end_ids: z.array(z.int().nonnegative()),
  /** What the student's weights are computed in. */
  dtype: z.string(),
})
export type PromptsResult = z.infer<typeof PromptsResult>

/** Predictions of replies that another runtime gave, a line each in the file `replies`: `{id, finish, tokens}`, or `{id, finish, text}`. */
export const ReadRepliesRequest = PromptsRequest.extend({ replies: z.string().min(1) })
export type ReadRepliesRequest = z.input<typeof ReadRepliesRequest>

/** `out` has the predictions where `open` is 0; else lines `{id, tokens}` of replies to go on with, whose thoughts are closed now. */
export const ReadRepliesResult = z.object({
  predictions: z.string(),
  sha256: Sha256,
  count: z.int().positive(),
  truncated: z.int().nonnegative(),
  unfit: z.int().nonnegative(),
  open: z.int().nonnegative(),
})
export type ReadRepliesResult = z.infer<typeof ReadRepliesResult>

/** What a training may take of the devices' memory; null where they have none of their own. */
export const MemoryResult = z.object({
  device: z.string(),
  dtype: z.string(),
  free_bytes: z.number().nonnegative().nullable(),
})
export type MemoryResult = z.infer<typeof MemoryResult>

export const TokenFrameRequest = InferRequest.pick({
  student: true,
  student_revision: true,
  system: true,
  bf16: true,
}).extend({
  chat: ChatSettings.default({}),
  /** The text of a row whose tokens are counted, so that another tokenizer can be tried on it. */
  probe: z.string().min(1),
  /** A folder; the tokenizer's files are written to it. */
  out: z.string().min(1),
})
export type TokenFrameRequest = z.input<typeof TokenFrameRequest>

/** Whether a student can be trained and asked: it is, with two rows. */
export const CheckRequest = TokenFrameRequest.omit({ probe: true, out: true })
export type CheckRequest = z.input<typeof CheckRequest>

export const CheckResult = z.object({
  model: z.string(),
  /** Tokens of a prompt and its reply at most; null where the model says nothing. */
  context: z.int().positive().nullable(),
  /** How prompts are decoded together: the cache, and which rows share a batch. */
  decoding: z.string(),
  attention: z.string(),
  /** Whether the runtime's own faster ways are used where they hold for the student (SYLLABUS_FAST_PATHS). */
  fast_paths: z.boolean().default(true),
  /** The token that ends a turn. */
  end: z.string(),
  /** Whether the template has a system turn; else its text stands in the first user turn. */
  system_turn: z.boolean(),
  /** Whether the prompt ends inside thoughts. */
  opens_thoughts: z.boolean(),
})
export type CheckResult = z.infer<typeof CheckResult>

export const LongestPromptRequest = InferRequest.omit({ adapter: true, out: true })
export type LongestPromptRequest = z.input<typeof LongestPromptRequest>

/** `room`: the tokens that its reply may have; `context`: those of prompt and reply together, null where there is no limit. */
export const LongestPromptResult = z.object({
  id: z.string(),
  tokens: z.int().positive(),
  room: z.int().positive(),
  context: z.int().positive().nullable(),
  fits: z.boolean(),
})
export type LongestPromptResult = z.infer<typeof LongestPromptResult>

/** A line of the predictions file. `tokens` counts without the end of turn. */
export const Prediction = z.object({
  id: z.string(),
  /** The answer, which is scored. */
  text: z.string(),
  /** The whole reply, with thoughts and special tokens; left out where it is the answer and nothing more. Nothing is computed from it. */
  raw: z.string().optional(),
  finish: z.enum(['stop', 'length']),
  tokens: z.int().nonnegative(),
})
export type Prediction = z.infer<typeof Prediction>

export const EmbedRequest = z.object({
  /** A folder with a transformers model, or a hub name. */
  model: z.string().min(1),
  /** A file of JSON lines {text}. */
  texts: z.string().min(1),
  /** The file that JSON lines {vector} are written to, a line a text. */
  out: z.string().min(1),
})
export type EmbedRequest = z.input<typeof EmbedRequest>

export const EmbedResult = z.object({
  vectors: z.string(),
  count: z.int().positive(),
  dimensions: z.int().positive(),
  tokens: z.int().positive(),
})
export type EmbedResult = z.infer<typeof EmbedResult>

export const HelloResult = z.object({
  protocol: z.literal(1),
  revision: z.literal(runtimeRevision),
  device: z.string(),
  torch: z.string(),
  transformers: z.string(),
  peft: z.string(),
  /** Of the runtime, and of what else it is made of; left out by the project's own, whose version is that of peft. */
  version: z.string().optional(),
  versions: z.record(z.string(), z.string()).optional(),
  threads: z.int().positive(),
})
export type HelloResult = z.infer<typeof HelloResult>

export const TrainResult = z.object({
  adapter: z.string(),
  /** Over the adapter's files in name order: each name, a zero byte, its SHA-256. */
  sha256: Sha256,
  steps: z.int().positive(),
  rows: z.int().positive(),
  /** Rows longer than the recipe's `cutoff_len`, which were not trained on. */
  left_out: z.int().nonnegative().default(0),
  tokens: z.int().positive(),
  seconds: z.number(),
  tokens_per_s: z.number(),
  loss_curve: z.array(z.tuple([z.number(), z.number()])),
  /** How often the rows of a pass were halved, since memory ran out. */
  halvings: z.int().nonnegative().default(0),
  device: z.string(),
})
export type TrainResult = z.infer<typeof TrainResult>

/** `nll`: mean negative log-likelihood of a completion token under the base student, in nats; `tokens` of them in `rows` rows. */
export const PerplexityResult = z.object({
  rows: z.int().positive(),
  tokens: z.int().positive(),
  nll: z.number().nonnegative(),
})
export type PerplexityResult = z.infer<typeof PerplexityResult>

export const InferResult = z.object({
  predictions: z.string(),
  sha256: Sha256,
  count: z.int().positive(),
  truncated: z.int().nonnegative(),
  /** Questions without a reply, since they do not fit the student's context. */
  unfit: z.int().nonnegative(),
  seconds: z.number(),
})
export type InferResult = z.infer<typeof InferResult>

const context = z.int().positive().nullable()

/**
 * What stands before and after a row's input, and its output, in a training; `unusable` says why a student has none to tell. `context`:
 * tokens of a row at most, whatever the recipe allows; null where there is no limit.
 */
export const TokenFrameResult = z.union([
  z.object({ unusable: z.string(), context }),
  z.object({
    context,
    /** The folder with tokenizer.json and tokenizer_config.json. */
    tokenizer: z.string(),
    prompt: z.tuple([z.string(), z.string()]),
    reply: z.tuple([z.string(), z.string()]),
    /** Tokens of a row whose input and output are the probe. */
    probe_tokens: z.int().positive(),
  }),
])
export type TokenFrameResult = z.infer<typeof TokenFrameResult>

export const RuntimeErrorKind = z.enum([
  'bad_request',
  'bad_student',
  'bad_dataset',
  'cancelled',
  'out_of_memory',
  'internal',
])
export type RuntimeErrorKind = z.infer<typeof RuntimeErrorKind>

export const TrainProgress = z.object({
  phase: z.literal('train'),
  step: z.int(),
  steps: z.int(),
  loss: z.number(),
  tokens_per_s: z.number(),
  eta_s: z.number(),
})
export type TrainProgress = z.infer<typeof TrainProgress>

export const InferProgress = z.object({
  phase: z.literal('infer'),
  done: z.int(),
  total: z.int(),
  eta_s: z.number(),
})
export type InferProgress = z.infer<typeof InferProgress>

export const RuntimeProgress = z.discriminatedUnion('phase', [TrainProgress, InferProgress])
export type RuntimeProgress = z.infer<typeof RuntimeProgress>

/** A line from the runtime. A `done` line's result is parsed by the schema of its request. */
export const RuntimeEvent = z.union([
  z.object({ event: z.literal('done'), id: z.string(), result: z.unknown().optional() }),
  z.object({
    event: z.literal('error'),
    id: z.string().nullable(),
    // Whatever a failure says of itself, it ends its request.
    kind: RuntimeErrorKind.catch('internal'),
    message: z.string().catch('without a reason'),
  }),
  TrainProgress.extend({ event: z.literal('progress'), id: z.string() }),
  InferProgress.extend({ event: z.literal('progress'), id: z.string() }),
  z.object({ event: z.literal('heartbeat'), rss_mb: z.number() }),
  /** The model is loaded and its endpoint answers; from `syllabus_runtime.serving` alone. */
  z.object({ event: z.literal('listening'), port: z.int().positive() }),
])
export type RuntimeEvent = z.infer<typeof RuntimeEvent>
