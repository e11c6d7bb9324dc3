import type { RuntimeRecipeKey } from '../../../schemas/runtime-recipe-keys.ts'
import { runtimeFolder } from '../environment.ts'
import { trainerOf } from '../trainer-process.ts'

const recipeKeys: readonly RuntimeRecipeKey[] = [
  'use_rslora',
  'use_dora',
  'neftune_noise_alpha',
  'weight_decay',
  'gradient_checkpointing',
  'disable_gradient_checkpointing',
]

/** TRL's SFTTrainer. */
export const trl = trainerOf({
  name: 'trl',
  module: 'trl_runtime',
  recipeKeys,
  environment: {
    folder: runtimeFolder('trl'),
    title: 'TRL 1.16.0',
    modules: ['torch', 'trl', 'peft', 'datasets'],
    oldestMinor: 11,
    beside: { download: 0.2, installed: 0.6 },
  },
})
