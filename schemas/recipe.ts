import { z } from 'zod'
import { ReferenceName } from './arm.ts'
import { KebabName } from './ids.ts'
import { readyRecipe } from './recipe-keys.ts'
import { Setting } from './run.ts'
import { InferenceSettings, Recipe } from './task.ts'

/** Names a file or folder that the user brings: `--source <name>=<path>`. */
const SourceName = KebabName
const Layer = z.record(z.string(), z.json())
/** A part of a name, and a choice of one: it becomes a part of run ids. */
const Name = SourceName

/** The task folder that an arm is made from: a published set as its importer reads it, and what is laid over its `task.yaml`. */
const RecipeTask = z.strictObject({
  importer: z.string().min(1),
  source: SourceName,
  /** Of the importers that take any: named columns and the like. */
  options: z.record(z.string(), z.string()).default({}),
  /** Seed of the division into splits. */
  seed: z.int().nonnegative().default(1),
  /** Items set aside for after the search. */
  audit: z.int().nonnegative().default(0),
  /** Questions of the set itself that are set aside without answers; the seed pool holds up to 1,000 of them. */
  aside: z.int().nonnegative().default(0),
  /** A published set whose questions are the seed pool. */
  seeds: z.strictObject({ importer: z.string().min(1), source: SourceName }).optional(),
  /**
   * Rows {instruction, input, output} to compare the chosen dataset with: the arm "reference", or of several one each by its source's name.
   */
  reference: z
    .union(
      [SourceName, z.array(SourceName.pipe(ReferenceName)).min(1)],
      'write the name of a source, or a list of them',
    )
    .optional(),
  rows: z.strictObject({ target: z.int().positive(), minimum: z.int().positive() }).optional(),
  /** Training keys by LLaMA-Factory's names; the others are the importer's. */
  training: z.preprocess(readyRecipe, Recipe.partial()).default({}),
  inference: InferenceSettings.partial().default({}),
})
export type RecipeTask = z.infer<typeof RecipeTask>

/** What fixes the runs of one arm, once the layers of its recipe are laid over each other. */
export const RecipeArm = z.strictObject({
  task: RecipeTask,
  setting: Setting,
  /** Laid over the recipe's topology file. */
  topology: Layer.default({}),
  /** Settings by the paper's names, such as TOTAL_API_LIMIT; they come after `topology`, and before the environment's. */
  limits: z.record(z.string(), z.union([z.number(), z.string()], 'write a number or a text')).default({}),
  /** By the names that their endpoint and the model hub know. */
  models: z
    .strictObject({
      planner: z.string().min(1).optional(),
      /** Of generators and critics. */
      teacher: z.string().min(1).optional(),
      student: z.string().min(1).optional(),
    })
    .default({}),
  /**
   * What trains and answers as the student named, by the names of the trainer-bridge's options. Another student in its place, such as
   * LOCAL_MODEL's, has what the topology says.
   */
  runtimes: z.strictObject({ train: Name.optional(), infer: Name.optional() }).default({}),
  /** Whether the student named is too large for a machine without a GPU. */
  gpu: z.boolean().default(false),
  /** Independent searches. */
  runs: z.int().positive().default(1),
})
export type RecipeArm = z.infer<typeof RecipeArm>

/**
 * A recipe: experiments that share a task, by name. An arm is `settings`, with one choice of every group laid over it in the order of
 * the groups; all combinations are arms, named by their choices. `arms` adds arms by name, with the choices `of` and changes of their own.
 */
export const RecipeFile = z.strictObject({
  /** A recipe file that this one is laid over, relative to it. */
  extends: z.string().min(1).optional(),
  name: Name,
  title: z.string().min(1),
  /** A topology file, relative to the recipe that names it. */
  topology: z.string().min(1),
  settings: Layer.default({}),
  choices: z.record(Name, z.record(Name, Layer)).default({}),
  arms: z.record(Name, z.strictObject({ of: z.array(Name).default([]), settings: Layer.default({}) })).default({}),
  /** What the experiment's description leaves open, and what stands here for it. */
  notStated: z.record(z.string(), z.string()).default({}),
})
export type RecipeFile = z.infer<typeof RecipeFile>
