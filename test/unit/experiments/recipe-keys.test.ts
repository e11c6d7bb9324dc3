import { describe, expect, test } from 'vitest'
import { ZodError } from 'zod'
import { RecipeArm } from '../../../schemas/recipe.ts'
import { isWithoutEffect, readyRecipe } from '../../../schemas/recipe-keys.ts'
import { readTrainConfig } from '../../../tasks/paper-folder/read.ts'

const { training } = RecipeArm.shape.task.shape

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
  ['gradient_checkpointing', true],
  ['flash_attn', 'fa2'],
  ['report_to', 'none'],
]
const refused: [string, unknown][] = [
  ['weight_decay', 0.01],
  ['optim', 'adafactor'],
  ['packing', true],
  ['finetuning_type', 'full'],
  ['stage', 'dpo'],
  ['adam_beta2', 0.95],
  ['warmup_steps', 20],
  ['max_steps', 100],
  ['use_dora', true],
  ['neftune_noise_alpha', 5],
  ['quantization_bit', 4],
  ['train_on_prompt', true],
  ['label_smoothing_factor', 0.1],
  ['lora_rnk', 8],
]

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
