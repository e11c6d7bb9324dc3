import { Document, isScalar, Scalar, type YAMLMap } from 'yaml'
import { numberText } from '../../schemas/number-text.ts'
import { defaultBounds } from '../../schemas/program.ts'
import { type InferenceSettings, type Recipe, type SplitFile, TaskFile } from '../../schemas/task.ts'
import { describeSkill, type TaskProfile } from './importer.ts'

/** The paper's recipe, which an imported task keeps unless a person changes it. */
export const paperRecipe: Recipe = {
  lora_rank: 8,
  lora_alpha: 16,
  lora_dropout: 0,
  lora_target: 'all',
  learning_rate: 1e-4,
  lr_scheduler_type: 'cosine',
  warmup_ratio: 0.1,
  num_train_epochs: 3,
  per_device_train_batch_size: 1,
  gradient_accumulation_steps: 8,
  cutoff_len: 2048,
  bf16: true,
  max_grad_norm: 1,
  system: 'You are a helpful assistant.',
}

export const paperInference: InferenceSettings = { max_new_tokens: 4096, batch_size: 128, do_sample: false }
/** Tokens that a short answer has in any case: so many end a sentence around it, or around a label. */
const [leastTokens, leastLabelTokens] = [64, 16]

/**
 * How replies are taken: as in the paper, but where a reply has to be the answer and nothing else. That one has no more tokens than
 * characters, and 4,096 of them, which a base student uses up, are hours on a machine without a GPU. There a reply that may work its answer
 * out has `workedTokens`, or as many as the longest answer may have.
 */
export function inferenceFor(
  { scorer: { name, primary }, labels }: Pick<TaskProfile, 'scorer' | 'labels'>,
  longestAnswer: number,
  { workedTokens }: Pick<TaskSizes, 'workedTokens'> = paperSizes,
): InferenceSettings {
  const isAlone = labels !== undefined || (name === 'exact' && primary === 'strict')
  const least = labels ? leastLabelTokens : isAlone ? leastTokens : workedTokens
  const needed = Math.max(least, 16 * Math.ceil((longestAnswer + 16) / 16))
  return { ...paperInference, max_new_tokens: Math.min(paperInference.max_new_tokens, needed) }
}

/** The paper trains on the first 2,000 valid rows and asks for 1,000. */
export const paperRows = { target: 2000, minimum: 1000 }

/** What a new task is made for: how much is trained, on how many rows, and how many questions are answered at once. */
export type TaskSizes = {
  recipe: Recipe
  rows: { target: number; minimum: number }
  batchSize: number
  /** Tokens of a reply that works its answer out. */
  workedTokens: number
}
export const paperSizes: TaskSizes = {
  recipe: paperRecipe,
  rows: paperRows,
  batchSize: paperInference.batch_size,
  workedTokens: paperInference.max_new_tokens,
}
/** For a machine without a GPU: one pass over few rows, after the bundled task, with which a run takes minutes on two cores. */
export const processorSizes: TaskSizes = {
  recipe: {
    ...paperRecipe,
    learning_rate: 1e-3,
    num_train_epochs: 1,
    per_device_train_batch_size: 4,
    gradient_accumulation_steps: 1,
    cutoff_len: 1024,
  },
  rows: { target: 300, minimum: 150 },
  batchSize: 32,
  workedTokens: 256,
}

export const taskFileNames = {
  validation: 'validation.jsonl',
  test: 'test.jsonl',
  audit: 'audit.jsonl',
  fewShot: 'few-shot.json',
  sample: 'sample_submission.json',
  seed: 'seed.json',
  solutions: 'solutions.jsonl',
  summary: 'import.json',
} as const

export type SplitFiles = { validation: SplitFile; test: SplitFile; audit?: SplitFile }

/**
 * The text of `task.yaml`.
 * @throws throws where a name or a count does not fit the schema
 */
export function taskYaml(
  id: string,
  profile: TaskProfile,
  skills: Iterable<string>,
  splits: SplitFiles,
  hasSeeds: boolean,
  inference: InferenceSettings,
  { recipe, rows, batchSize }: TaskSizes = paperSizes,
): string {
  const file: TaskFile = {
    id,
    title: profile.title,
    description: profile.description,
    goal: profile.goal,
    instruction: profile.instruction,
    scorer: profile.scorer,
    recipe,
    inference: { ...inference, batch_size: batchSize },
    rows,
    filters: {
      near_duplicate_jaccard: defaultBounds.nearDuplicateJaccard,
      contamination_share: defaultBounds.contaminationShare,
    },
    skills: [...skills].sort().map((name) => describeSkill(profile.skills, name)),
    splits,
    headline: 'benchmark',
    few_shot: taskFileNames.fewShot,
    sample_submission: taskFileNames.sample,
    ...(hasSeeds ? { seed: taskFileNames.seed } : {}),
    departures: [
      ...profile.departures,
      `Decoding is greedy and replies end after inference.max_new_tokens (${numberText(inference.max_new_tokens)} as imported); the paper gives a length of 8,192 with the prompt.`,
      ...(recipe === paperRecipe
        ? []
        : ["Rows and recipe are of sizes that suit a machine without a GPU, not the paper's."]),
    ],
  }
  return commented(TaskFile.parse(file), profile.todo)
}

/** What each key is for, said where a person fills it in. */
const comments: Readonly<Record<string, string>> = {
  id: 'A task of Syllabus. After every change: npx syllabus task check <this folder>',
  description: 'What the task is, and what good training rows are for; the planner reads both.',
  instruction: 'Stands before the input of every row and item.',
  scorer:
    'A scorer by name with its options (docs/scorers.md), or your own: { file: scorer.js, primary: strict }, a function score(response, item).',
  recipe: "How the student is trained, in LLaMA-Factory's names; the same for every dataset.",
  inference: 'How replies are taken: greedily, up to so many tokens.',
  rows: 'Rows of a dataset; below the minimum it is not valid.',
  filters: 'The loosest that a program may filter its rows: by overlap with other rows, and with items of the splits.',
  skills: 'What the items ask for; every item names one, and scores are said for each.',
  splits:
    'One item a line: id, part, skill, instruction, input, answer, coreKey, and group where items share a context. Validation steers the search; test and audit stay sealed until its end.',
  headline: 'The part of the items whose score heads the report.',
  few_shot: 'Worked examples, and rows in the form of a submission; none of them in a split.',
  seed: 'Raw questions without answers, to build rows on.',
  departures: 'Where the task departs from the paper; the report prints each.',
}

function commented(file: TaskFile, todo: TaskProfile['todo'] = {}): string {
  const document = new Document(file)
  for (const { key, value } of (document.contents as YAMLMap<unknown>).items) {
    if (!isScalar(key) || typeof key.value !== 'string') continue
    const open = (todo as Readonly<Record<string, string>>)[key.value]
    const remarks = [comments[key.value], open && `TODO: ${open}; then remove this line.`].filter((each) => each)
    if (remarks.length === 0) continue
    // A person writes over it: in this form a colon or a quotation mark needs nothing around it.
    if (open && isScalar(value)) value.type = Scalar.BLOCK_FOLDED
    key.commentBefore = remarks.map((remark) => ` ${remark}`).join('\n')
    key.spaceBefore = key.value !== 'id'
  }
  return document.toString({ lineWidth: 120 })
}
