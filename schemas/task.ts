import { z } from 'zod'
import { ReferenceArm, ReferenceName } from './arm.ts'
import { KebabName, Sha256 } from './ids.ts'
import { isPathLike, Rubric } from './rubric.ts'
import { runtimeRecipeKeys } from './runtime-recipe-keys.ts'

/**
 * What a task folder says. `TaskFile` is `task.yaml` as written (snake_case, the names its users know from LLaMA-Factory);
 * `Task` is the folder as loaded and checked; `PublicTask` is the part that agents may be sent.
 */

/** A path inside the task folder: relative, never out of it. */
export const InnerPath = z
  .string()
  .min(1)
  .refine((path) => !path.startsWith('/') && !path.split(/[\\/]/).includes('..'), 'must stay inside the task folder')

/** A row to train on or to imitate, in the paper's form. The user's turn is `userTurn(row)`, the reply is `output`. */
export const TrainingRow = z.strictObject({
  instruction: z.string().min(1),
  input: z.string().min(1),
  output: z.string().min(1),
})
export type TrainingRow = z.infer<typeof TrainingRow>

/**
 * Where an item stands towards the training rows; each part is scored and reported apart. `benchmark` is an item of a
 * published set: nothing was held out, because no template wrote it.
 */
export const ItemPart = z.enum(['in-template', 'heldout-phrasing', 'heldout-range', 'handwritten', 'benchmark'])
export type ItemPart = z.infer<typeof ItemPart>

/** A question of a split with its gold answer. `coreKey` names its numeric core: two items with one key are one problem. */
export const Item = z.strictObject({
  id: z.string().min(1),
  part: ItemPart,
  skill: z.string().min(1),
  instruction: z.string().min(1),
  input: z.string().min(1),
  answer: z.string().min(1),
  /** Further golds: a reply that is right for any of them, or for `answer`, is right. Left out: `answer` alone. */
  alternatives: z.array(z.string().min(1)).min(1).optional(),
  coreKey: z.string().min(1),
  /** Items that share a context or a source problem; all of a group are in one split. Without it an item stands alone. */
  group: z.string().min(1).optional(),
})
export type Item = z.infer<typeof Item>

/** All golds of an item; a reply has to be right for one of them. */
export function goldsOf({ answer, alternatives = [] }: Pick<Item, 'answer' | 'alternatives'>): readonly string[] {
  return [answer, ...alternatives]
}

/** An item as the student sees it: neither its golds nor the core, from which the answer follows. */
export const Question = Item.omit({ answer: true, alternatives: true, coreKey: true })
export type Question = z.infer<typeof Question>

/** What one reply scored. `strict` asks for the answer's form, `lenient` takes the last number where the form is missing. */
export const ReplyScore = z.strictObject({
  strict: z.boolean(),
  lenient: z.boolean(),
  extracted: z.string().nullable(),
  reason: z.string(),
})
export type ReplyScore = z.infer<typeof ReplyScore>

export const ScoreMode = z.enum(['strict', 'lenient'])
export type ScoreMode = z.infer<typeof ScoreMode>

/** The name of a scorer that a task brings as a JavaScript file. */
export const scriptScorer = 'script'

export const ScorerChoice = z.strictObject({
  /** A scorer of `tasks/scorers`, or `script`. */
  name: z.string().min(1).default(scriptScorer),
  /** A JavaScript file with a function `score(response, item, options)`; it runs in the sandbox. */
  file: InnerPath.optional(),
  /** The text of `file`, read with the folder. */
  source: z.string().optional(),
  /** The mode that steers the search and heads the report; the other is reported beside it. */
  primary: ScoreMode,
  /** Parsed by the scorer named. */
  options: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean()], 'write a text, a number, or true or false'))
    .default({}),
})
export type ScorerChoice = z.infer<typeof ScorerChoice>

/** The fixed training recipe, with LLaMA-Factory's names. No agent can change it. */
export const Recipe = z.strictObject({
  lora_rank: z.int().positive(),
  lora_alpha: z.number().positive(),
  lora_dropout: z.number().min(0).max(1),
  lora_target: z.literal('all'),
  learning_rate: z.number().positive(),
  lr_scheduler_type: z.literal('cosine'),
  warmup_ratio: z.number().min(0).max(1),
  num_train_epochs: z.number().positive(),
  per_device_train_batch_size: z.int().positive(),
  gradient_accumulation_steps: z.int().positive(),
  /** Longest row in tokens, chat frame included. */
  cutoff_len: z.int().positive(),
  bf16: z.boolean(),
  max_grad_norm: z.number().positive(),
  /** The system turn, in training and in inference alike. */
  system: z.string(),
  /** What only some runtimes train with. */
  ...runtimeRecipeKeys,
})
export type Recipe = z.infer<typeof Recipe>

/** How a student's chat template is filled in, in training and in inference alike. */
export const ChatSettings = z.strictObject({
  enable_thinking: z
    .boolean()
    .optional()
    .describe("the variable enable_thinking of the student's chat template; left out: as the template has it"),
  chat_template_kwargs: z
    .record(z.string(), z.json())
    .optional()
    .describe("other variables of the student's chat template, such as reasoning_effort"),
  template_date: z.iso
    .date()
    .optional()
    .describe("the day that a template is told where it asks for today's; left out: 2025-01-01"),
})
export type ChatSettings = z.infer<typeof ChatSettings>

/** How a student thinks before it answers. Thoughts are no part of the answer that is scored. */
export const ThinkingSettings = ChatSettings.extend({
  max_thinking_tokens: z
    .int()
    .nonnegative()
    .optional()
    .describe(
      'tokens after which thoughts are closed, so that the answer comes; they are counted beside max_new_tokens. Left out: thoughts and answer share max_new_tokens',
    ),
})
export type ThinkingSettings = z.infer<typeof ThinkingSettings>

/** Greedy decoding; the same limit for the base student and for every tuned one. */
export const InferenceSettings = z.strictObject({
  max_new_tokens: z.int().positive(),
  batch_size: z.int().positive(),
  do_sample: z.literal(false),
  ...ThinkingSettings.shape,
})
export type InferenceSettings = z.infer<typeof InferenceSettings>

/** The paper's seed pool holds up to 1,000 questions. */
export const maxSeeds = 1000

/** A raw question without its answer, to build rows on; one without a skill fits all. */
export const SeedQuestion = z.strictObject({ text: z.string().min(1).max(8000), skill: z.string().min(1).optional() })
export type SeedQuestion = z.infer<typeof SeedQuestion>

/** The seeds that rows of a skill may build on: those of that skill and those of none. */
export const seedsOf = (seeds: readonly SeedQuestion[], skill: string): readonly SeedQuestion[] =>
  seeds.filter((seed) => seed.skill === undefined || seed.skill === skill)

/** How the planner may speak about a skill. */
export const SkillInfo = z.strictObject({ name: KebabName, description: z.string().min(1) })
export type SkillInfo = z.infer<typeof SkillInfo>

export const Difficulty = z.union([z.literal(1), z.literal(2), z.literal(3)])
export type Difficulty = z.infer<typeof Difficulty>

/** A range of numbers that training rows may be drawn from. */
export const TrainingRange = z.enum(['narrow', 'wide'])
export type TrainingRange = z.infer<typeof TrainingRange>

/** All ranges of a procedure: no training range reaches a held-out one, and the two held-out ones are disjoint. */
export const NumberRange = z.enum([...TrainingRange.options, 'heldout-validation', 'heldout-test'])
export type NumberRange = z.infer<typeof NumberRange>

/** How many sentence frames of the training bank a row's phrasing is drawn from. */
export const maxPhrasings = 8
export const Phrasings = z.int().min(1).max(maxPhrasings)
export type Phrasings = z.infer<typeof Phrasings>

/** The small JSON value a problem is made of, without its wording. Its skill's `solve` finds the answer from it alone. */
export const Core = z.record(z.string(), z.union([z.number(), z.string(), z.array(z.number()), z.array(z.string())]))
export type Core = z.infer<typeof Core>

export const SplitFile = z.strictObject({ file: InnerPath, sha256: Sha256, count: z.int().positive() })
export type SplitFile = z.infer<typeof SplitFile>

/**
 * Items outside all skills of a task, that show what a training made the student forget. Scored apart from the task, by a scorer of their
 * own; whether something was forgotten is reported in that one's `primary` mode.
 */
export const RetentionFile = SplitFile.extend({
  scorer: ScorerChoice,
  /** Tokens of a reply; the task's other settings of inference hold. */
  max_new_tokens: z.int().positive().default(24),
})
export type RetentionFile = z.infer<typeof RetentionFile>

/** A retention set as read: the scorer has its script's text. */
export const RetentionSet = RetentionFile.extend({ items: z.array(Item).min(1) })
export type RetentionSet = z.infer<typeof RetentionSet>

/** Rows that people wrote, or that were there before: a JSON array, or JSON lines (.jsonl). */
const NamedFiles = z
  .array(z.strictObject({ name: ReferenceName, file: InnerPath }))
  .min(1)
  .refine((files) => new Set(files.map(({ name }) => name)).size === files.length, 'each must have a name of its own')

/** Texts of a task for agents and students. */
const Words = z
  .string()
  .min(1)
  .refine((text) => !isPathLike(text), {
    error: 'looks like the path of a file: no file is read here, write the words themselves',
  })

/** `task.yaml`. */
export const TaskFile = z.strictObject({
  id: KebabName,
  title: z.string().min(1),
  description: Words,
  goal: Words,
  /** The fixed instruction of every row and item. */
  instruction: Words,
  /** Left out: a general rubric. */
  rubric: Rubric.optional(),
  scorer: ScorerChoice,
  recipe: Recipe,
  inference: InferenceSettings,
  rows: z
    .strictObject({
      target: z.int().positive(),
      minimum: z.int().positive(),
      /** They may hold bidirectional embeddings, overrides and isolates (U+202A to U+202E, U+2066 to U+2069). */
      bidirectional: z.boolean().optional(),
    })
    .refine((rows) => rows.minimum <= rows.target, 'minimum must not exceed target'),
  skills: z.array(SkillInfo).min(1),
  /**
   * The loosest filters that a planner's program may have, see `Program.filters`: what is beyond is set to these. Left out: 0.8
   * and 0.6.
   */
  filters: z
    .strictObject({
      near_duplicate_jaccard: z.number().min(0.3).max(1).optional(),
      contamination_share: z.number().min(0.1).max(1).optional(),
    })
    .optional(),
  /** `audit` is read only after the search has stopped. */
  splits: z.strictObject({ validation: SplitFile, test: SplitFile, audit: SplitFile.optional() }),
  /** Left out: the set that comes with the project. */
  retention: RetentionFile.optional(),
  /** The part that heads the report. */
  headline: ItemPart,
  few_shot: InnerPath,
  sample_submission: InnerPath,
  /** Raw questions without answers, for the paper's seed setting. */
  seed: InnerPath.optional(),
  /** What a run's dataset is compared with: a file, or several by their names, each of which is an arm of its own. */
  reference: z
    .union([InnerPath, NamedFiles], 'write the name of a file in the folder, or a list of {name, file}')
    .optional(),
  /** The module that writes training rows and audit items, if the task has one. */
  procedure: InnerPath.optional(),
  /** Where the task departs from the paper; the report prints each. */
  departures: z.array(z.string().min(1)),
})
export type TaskFile = z.infer<typeof TaskFile>

/** The rows of a reference, and the arm that is trained on them. */
export const Reference = z.strictObject({ arm: ReferenceArm, rows: z.array(TrainingRow).min(1) })
export type Reference = z.infer<typeof Reference>

/** A task folder, loaded and checked. `sha256` covers the task file, every file it names and the procedure's folder. */
export const Task = TaskFile.extend({
  dir: z.string().min(1),
  sha256: Sha256,
  /** Of the code in the procedure's folder. */
  procedureSha256: Sha256.optional(),
  validation: z.array(Item),
  test: z.array(Item),
  audit: z.array(Item).default([]),
  fewShot: z.array(TrainingRow),
  sampleSubmission: z.array(TrainingRow),
  references: z.array(Reference).default([]),
  retentionSet: RetentionSet.optional(),
  /** The seed pool; empty where the task has none. */
  seeds: z.array(SeedQuestion).max(maxSeeds).default([]),
})
export type Task = z.infer<typeof Task>

/**
 * All of a task that an agent may be sent. The test and the audit are named by their sizes and hashes only; in the setting scratch
 * there are no seeds. References are not shown, so that nothing is copied from what a dataset is compared with.
 */
export const PublicTask = Task.omit({
  dir: true,
  test: true,
  audit: true,
  few_shot: true,
  sample_submission: true,
  reference: true,
  references: true,
  retention: true,
  retentionSet: true,
})
export type PublicTask = z.infer<typeof PublicTask>

/** The user's turn of a row or item, in training and in inference: the instruction, a line break, the input. */
export const userTurn = (row: Pick<TrainingRow, 'instruction' | 'input'>): string => `${row.instruction}\n${row.input}`
