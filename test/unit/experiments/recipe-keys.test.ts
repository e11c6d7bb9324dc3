import { describe, expect, test } from 'vitest'
import { ZodError } from 'zod'
import { RecipeArm } from '../../../schemas/recipe.ts'
import { isWithoutEffect, readyRecipe } from '../../../schemas/recipe-keys.ts'
import { recipeFor } from '../../../schemas/runtime-recipe-keys.ts'
import { readTrainConfig } from '../../../tasks/paper-folder/read.ts'
import { jobHashOf } from '../../../trainer-bridge/job.ts'
import { checkRecipe, requireRecipe } from '../../../trainer-bridge/runtimes/check-recipe.ts'

const { training } = RecipeArm.shape.task.shape

const job = { datasetHash: 'd'.repeat(64), student: { name: 's', path: '', sha256: 'e'.repeat(64) }, seed: 1 }

const taken: [string, unknown][] = [
  ['weight_decay', 0],
  ['optim', 'adamw_torch'],
  ['packing', false],
  ['neat_packing', false],
  ['stage', 'sft'],
  ['finetuning_type', 'lora'],
  ['adam_beta2', 0.999],
  ['adam_epsilon', 1e-8],
  ['warmup_steps', 0],
  ['max_steps', -1],
  ['use_dora', false],
  ['use_rslora', false],
  ['neftune_noise_alpha', null],
  ['quantization_bit', null],
  ['train_on_prompt', false],
  ['template', 'qwen3'],
  ['logging_steps', 10],
  ['save_steps', 500],
  ['report_to', 'none'],
]
const refused: [string, unknown][] = [
  ['optim', 'adafactor'],
  ['packing', true],
  ['stage', 'dpo'],
  ['adam_beta2', 0.95],
  ['warmup_steps', 20],
  ['max_steps', 100],
  ['quantization_bit', 3],
  ['finetuning_type', 'freeze'],
  ['train_on_prompt', true],
  ['label_smoothing_factor', 0.1],
  ['lora_rnk', 8],
]

/** Only some runtimes train with them: which, is known when a topology is. */
const ofRuntimes: [string, unknown][] = [
  ['weight_decay', 0.01],
  ['finetuning_type', 'full'],
  ['quantization_bit', 4],
  ['use_dora', true],
  ['neftune_noise_alpha', 5],
]
const ofComputing: [string, unknown][] = [
  ['gradient_checkpointing', true],
  ['flash_attn', 'fa2'],
  ['deepspeed', 'examples/deepspeed/ds_z3_config.json'],
  ['fsdp', ['full_shard', 'auto_wrap']],
]

test.each([...ofRuntimes, ...ofComputing])('%s: %j is kept for the runtimes that know it', (key, value) => {
  expect(training.parse({ [key]: value })).toEqual({ [key]: value })
  const { recipe } = readTrainConfig(`${key}: ${JSON.stringify(value)}\n`, 'train_config.yaml')
  expect(recipe).toMatchObject({ [key]: value })
})

test.each(ofRuntimes)('%s: %j is refused before a run by a runtime that does not know it', async (key, value) => {
  const { recipe } = readTrainConfig(`${key}: ${JSON.stringify(value)}\n`, 'train_config.yaml')
  await expect(checkRecipe({ train: 'peft', infer: 'peft' }, recipe)).rejects.toMatchObject({
    message: `The runtime peft cannot train with the recipe's ${key}: ${JSON.stringify(value)}.`,
    fix: expect.stringContaining('Set options.train of the trainer-bridge to llama-factory'),
  })
  expect(() => requireRecipe({ train: 'peft', infer: 'peft' }, recipe)).toThrow(key)
  expect(() => requireRecipe({ train: 'llama-factory', infer: 'peft' }, recipe)).not.toThrow()
})

test.each(ofComputing)('%s: %j makes no other training of it, and no runtime refuses it', async (key, value) => {
  const { recipe } = readTrainConfig('', 'train_config.yaml')
  const keyed = readTrainConfig(`${key}: ${JSON.stringify(value)}\n`, 'train_config.yaml').recipe
  expect(jobHashOf({ ...job, recipe: keyed })).toBe(jobHashOf({ ...job, recipe }))
  for (const train of ['peft', 'llama-factory', 'trl'] as const)
    expect(() => requireRecipe({ train, infer: 'peft' }, keyed)).not.toThrow()
  expect(recipeFor(keyed, [])).toEqual(recipe)
})

test('a key that changes what is learnt, and what trains, make another training', () => {
  const { recipe } = readTrainConfig('', 'train_config.yaml')
  const trainer = { name: 'llama-factory', version: '0.9.5', device: 'cpu' }
  const hashes = [
    jobHashOf({ ...job, recipe }),
    jobHashOf({ ...job, recipe: { ...recipe, weight_decay: 0.01 } }),
    ...[trainer, { ...trainer, version: '0.9.6' }, { ...trainer, device: 'cuda' }].map((each) =>
      jobHashOf({ ...job, recipe, trainer: each }),
    ),
  ]
  expect(new Set(hashes).size).toBe(hashes.length)
})

test('what a key needs of the machine is said before a run', async () => {
  const { recipe } = readTrainConfig('quantization_bit: 4\n', 'train_config.yaml')
  await expect(
    checkRecipe({ train: 'llama-factory', infer: 'peft' }, recipe, { PATH: '/nowhere' }),
  ).rejects.toMatchObject({
    message: "The recipe's quantization_bit: 4 needs an NVIDIA GPU, and nvidia-smi shows none here.",
  })
})

test.each(taken)('%s: %j changes nothing, so it is taken', (key, value) => {
  expect(isWithoutEffect(key, value)).toBe(true)
  expect(readyRecipe({ lora_rank: 8, lora_alpha: 8, [key]: value })).toEqual({ lora_rank: 8, lora_alpha: 8 })
  expect(training.parse({ [key]: value })).toEqual({})
  const { recipe } = readTrainConfig(`lora_rank: 4\n${key}: ${JSON.stringify(value)}\n`, 'train_config.yaml')
  expect(recipe).toMatchObject({ lora_rank: 4, lora_alpha: 8 })
})

test.each(refused)('%s: %j is another recipe, so it is refused by name', (key, value) => {
  expect(() => training.parse({ [key]: value })).toThrow(ZodError)
  expect(() => training.parse({ [key]: value })).toThrow(key)
  expect(() => readTrainConfig(`${key}: ${JSON.stringify(value)}\n`, 'train_config.yaml')).toThrow(key)
})

describe('lora_alpha', () => {
  test('left out, is twice the rank, as in LLaMA-Factory', () => {
    expect(readyRecipe({ lora_rank: 64 })).toEqual({ lora_rank: 64, lora_alpha: 128 })
    expect(readyRecipe({ lora_rank: 64, lora_alpha: null })).toEqual({ lora_rank: 64, lora_alpha: 128 })
    expect(training.parse({ lora_rank: 32 })).toEqual({ lora_rank: 32, lora_alpha: 64 })
  })

  test('written, stays as it is; without a rank it is the task’s', () => {
    expect(readyRecipe({ lora_rank: 64, lora_alpha: 16 })).toEqual({ lora_rank: 64, lora_alpha: 16 })
    expect(readyRecipe({ learning_rate: 1e-4 })).toEqual({ learning_rate: 1e-4 })
    for (const other of [null, 3, 'text', []]) expect(readyRecipe(other)).toEqual(other)
  })
})
