import { runCommand, SetupError } from '../../../provision/mod.ts'
import type { RuntimeRecipeKey } from '../../../schemas/runtime-recipe-keys.ts'
import type { Recipe } from '../../../schemas/task.ts'
import { type PythonEnvironment, pythonOf, runtimeFolder } from '../environment.ts'
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

const environment: PythonEnvironment = {
  folder: runtimeFolder('llama-factory'),
  title: 'LLaMA-Factory 0.9.5',
  modules: ['torch', 'llamafactory', 'llamafactory.train.tuner'],
  oldestMinor: 11,
  beside: { download: 0.6, installed: 1.8 },
}

/** It has no wheels, so it is not among the requirements. @throws SetupError */
async function checkRecipe({ deepspeed }: Recipe, home: string): Promise<void> {
  if (deepspeed === undefined) return
  const python = await pythonOf(environment, home)
  const isThere = await runCommand(python, [
    '-c',
    'import importlib.util, sys; sys.exit(importlib.util.find_spec("deepspeed") is None)',
  ])
    .then(() => true)
    .catch(() => false)
  if (isThere) return
  throw new SetupError(
    `The recipe's deepspeed: ${JSON.stringify(deepspeed)} needs DeepSpeed, which is not installed with ${environment.title}.`,
    `Install it: uv pip install --python ${python} --no-build-isolation "deepspeed>=0.16,<0.19"; or use fsdp, which needs nothing more.`,
  )
}

/** LLaMA-Factory: the recipe goes to it as its YAML. It pins older versions of transformers and peft, hence an environment of its own. */
export const llamaFactory = trainerOf({
  name: 'llama-factory',
  module: 'llama_factory_runtime',
  recipeKeys,
  environment,
  checkRecipe,
})
