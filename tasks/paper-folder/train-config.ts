import { z } from 'zod'
import { InferenceSettings, Recipe } from '../../schemas/task.ts'
import { paperInference, paperRecipe } from '../importers/task-yaml.ts'
import { parseWith, readYaml } from '../read-files.ts'
import { TaskError } from '../task-error.ts'

/** Keys of a LLaMA-Factory file that say how to run and not what is learnt: they are the trainer bridge's. */
const idle =
  /^(model_name_or_path|trust_remote_code|stage|do_train|do_eval|finetuning_type|deepspeed|dataset|dataset_dir|template|output_dir|overwrite_.*|logging_.*|save_.*|plot_loss|report_to|ddp_.*|preprocessing_.*|dataloader_.*|resume_from_checkpoint|max_samples|seed|eval_.*|val_size|per_device_eval_batch_size|flash_attn|gradient_checkpointing)$/

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
  const taken = (schema: z.ZodObject) => Object.fromEntries(Object.entries(keys).filter(([key]) => key in schema.shape))
  const known = (key: string) => key in Recipe.shape || key in InferenceSettings.shape
  const ignored = Object.keys(keys).filter((key) => !known(key))
  const unknown = ignored.find((key) => !idle.test(key))
  if (unknown !== undefined) {
    throw new TaskError(
      `The key ${unknown} is not one that this project trains with`,
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
