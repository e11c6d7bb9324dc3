import type { RuntimeRecipeKey } from '../../../schemas/runtime-recipe-keys.ts'
import { runtimeFolder } from '../environment.ts'
import { trainerOf } from '../trainer-process.ts'

const recipeKeys: readonly RuntimeRecipeKey[] = [
  'finetuning_type',
  'quantization_bit',
  'quantization_type',
  'double_quantization',
  'use_rslora',
  'use_dora',
  'loraplus_lr_ratio',
  'neftune_noise_alpha',
  'weight_decay',
  'gradient_checkpointing',
  'disable_gradient_checkpointing',
  'flash_attn',
  'deepspeed',
  'fsdp',
  'fsdp_config',
]

/** LLaMA-Factory: the recipe goes to it as its own YAML. It pins older versions of transformers and peft, hence an environment of its own. */
export const llamaFactory = trainerOf({
  name: 'llama-factory',
  module: 'llama_factory_runtime',
  recipeKeys,
  environment: {
    folder: runtimeFolder('llama-factory'),
    title: 'LLaMA-Factory 0.9.5',
    modules: ['torch', 'llamafactory', 'llamafactory.train.tuner'],
    oldestMinor: 11,
    beside: { download: 0.6, installed: 1.8 },
  },
})
