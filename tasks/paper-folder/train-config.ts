import { z } from 'zod'
import { isWithoutEffect, neutralRecipeKeys, readyRecipe } from '../../schemas/recipe-keys.ts'
import { InferenceSettings, Recipe } from '../../schemas/task.ts'
import { parseWith, readYaml } from '../files/read-files.ts'
import { paperInference, paperRecipe } from '../importers/task-yaml.ts'
import { TaskError } from '../task-error.ts'

/** Keys of a LLaMA-Factory file that are a run's own affair: which rows it takes, and its seeds. */
const ofRun = /^(max_samples|seed|data_seed|val_size)$/

/** Keys that change what is learnt; another value would be another recipe. */
const Fixed = z.looseObject({ stage: z.literal('sft').optional(), finetuning_type: z.literal('lora').optional() })

export type TrainConfig = { recipe: Recipe; inference: InferenceSettings; ignored: string[] }

/**
 * Reads `train_config.yaml` with LLaMA-Factory's keys; what it does not say is the paper's. Errors: `TaskError` naming the key
 * with a value that this project cannot train with, or that it does not know.
 */
export function readTrainConfig(text: string, where: string): TrainConfig {
  const keys = parseWith(z.record(z.string(), z.unknown()), readYaml(text, where) ?? {}, where)
  parseWith(Fixed, keys, where)
  const ready = readyRecipe(keys) as Record<string, unknown>
  const taken = (schema: z.ZodObject) =>
    Object.fromEntries(Object.entries(ready).filter(([key]) => key in schema.shape))
  const known = (key: string) => key in Recipe.shape || key in InferenceSettings.shape
  const ignored = Object.keys(keys).filter((key) => !known(key))
  const unknown = ignored.find((key) => !ofRun.test(key) && !isWithoutEffect(key, keys[key]))
  if (unknown !== undefined) {
    throw new TaskError(
      `The key ${unknown}${unknown in neutralRecipeKeys ? ` with the value ${JSON.stringify(keys[unknown])}` : ''} is not one that this project trains with`,
      where,
      `Remove it, or write a task.yaml; the recipe has: ${Object.keys(Recipe.shape).join(', ')}.`,
    )
  }
  return {
    recipe: parseWith(Recipe, { ...paperRecipe, ...taken(Recipe) }, where),
    inference: parseWith(InferenceSettings, { ...paperInference, ...taken(InferenceSettings) }, where),
    ignored,
  }
}
