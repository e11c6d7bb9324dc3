import { z } from 'zod'

/*
 * Keys of a recipe beyond those that every runtime trains with, by LLaMA-Factory's names. Each runtime says which of them it knows; another
 * one is refused by name before a run begins. docs/runtimes.md lists them.
 */

/** They change what is learnt, so they are a part of what a training is known by. */
const learnt = {
  finetuning_type: z.enum(['lora', 'full']),
  quantization_bit: z.literal([4, 8]),
  quantization_type: z.enum(['nf4', 'fp4']),
  double_quantization: z.boolean(),
  use_rslora: z.boolean(),
  use_dora: z.boolean(),
  loraplus_lr_ratio: z.number().positive(),
  neftune_noise_alpha: z.number().positive(),
  weight_decay: z.number().nonnegative(),
}

/** They change how a training is computed, and nothing of what is learnt but rounding. A runtime that does not know one leaves it out. */
const computed = {
  gradient_checkpointing: z.boolean(),
  disable_gradient_checkpointing: z.boolean(),
  flash_attn: z.string(),
  /** The name of a configuration that comes with the runtime, or one that is written out. */
  deepspeed: z.union([z.string(), z.record(z.string(), z.json())]),
  fsdp: z.union([z.string(), z.array(z.string())]),
  fsdp_config: z.union([z.string(), z.record(z.string(), z.json())]),
}

export type RuntimeRecipeKey = keyof typeof learnt | keyof typeof computed

export const runtimeRecipeKeys = z.object({ ...learnt, ...computed }).partial().shape

const namesComputed: ReadonlySet<string> = new Set(Object.keys(computed))

/** Whether a key is of how a training is computed, with a value that says something. */
export const isOfComputing = (key: string, value: unknown): boolean => namesComputed.has(key) && value !== null

/** The recipe's part that a training is known by. */
export const learntRecipe = <R extends object>(recipe: R): R =>
  Object.fromEntries(Object.entries(recipe).filter(([key]) => !namesComputed.has(key))) as R

/** The recipe without the keys of this file that a runtime does not know. Those that change what is learnt are refused before. */
export const recipeFor = <R extends object>(recipe: R, known: readonly RuntimeRecipeKey[]): R =>
  Object.fromEntries(
    Object.entries(recipe).filter(([key]) => !(key in runtimeRecipeKeys) || known.some((name) => name === key)),
  ) as R

/** The first key that changes what is learnt and that a runtime does not know; undefined where there is none. */
export const unknownLearntKey = (recipe: object, known: readonly RuntimeRecipeKey[]): RuntimeRecipeKey | undefined =>
  (Object.keys(learnt) as (keyof typeof learnt)[]).find((key) => key in recipe && !known.includes(key))
