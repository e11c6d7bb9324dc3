import { TerminalError } from '../../bus/mod.ts'
import { hasGpu, SetupError } from '../../provision/mod.ts'
import { ownRuntime } from '../../schemas/runtime-identity.ts'
import { type RuntimeRecipeKey, unknownLearntKey } from '../../schemas/runtime-recipe-keys.ts'
import type { Recipe } from '../../schemas/task.ts'
import type { BridgeOptions } from '../options.ts'
import { trainers } from './table.ts'

type Chosen = Pick<BridgeOptions, 'train' | 'infer'>

const where = "`recipe` in the task's task.yaml, or `training` in a recipe file"

/** What is wrong with a recipe for the runtime that trains, and what helps; undefined where nothing is. */
function faultOf({ train, infer }: Chosen, recipe: Recipe): { what: string; fix: string } | undefined {
  const key = unknownLearntKey(recipe, trainers[train].recipeKeys ?? [])
  if (key === undefined && recipe.finetuning_type === 'full' && infer !== ownRuntime)
    return {
      what: `With the recipe's finetuning_type: full there is no adapter, and the runtime ${infer} answers with adapters alone.`,
      fix: `Set options.infer of the trainer-bridge to ${ownRuntime}, or train an adapter: ${where}.`,
    }
  if (key === undefined) return undefined
  const knowing = Object.values(trainers).filter(({ recipeKeys }) => recipeKeys?.includes(key))
  return {
    what: `The runtime ${train} cannot train with the recipe's ${key}: ${JSON.stringify(recipe[key])}.`,
    fix: `Set options.train of the trainer-bridge to ${knowing.map(({ name }) => name).join(' or ')}, or take the key out: ${where}.`,
  }
}

const needGpu: readonly RuntimeRecipeKey[] = ['quantization_bit', 'deepspeed']

/**
 * Checks before a run that a recipe can be trained with.
 * @throws SetupError for a key that the runtime does not know, or that this machine cannot do
 */
export async function checkRecipe(chosen: Chosen, recipe: Recipe, env: NodeJS.ProcessEnv = process.env): Promise<void> {
  const fault = faultOf(chosen, recipe)
  if (fault) throw new SetupError(fault.what, fault.fix)
  const asking = needGpu.find((key) => recipe[key] !== undefined && trainers[chosen.train].recipeKeys?.includes(key))
  if (asking === undefined || (await hasGpu(env))) return
  throw new SetupError(
    `The recipe's ${asking}: ${JSON.stringify(recipe[asking])} needs an NVIDIA GPU, and nvidia-smi shows none here.`,
    `Run it on a GPU node, or take the key out: ${where}.`,
  )
}

/** The same for a bridge whose run was begun elsewhere. @throws TerminalError */
export function requireRecipe(chosen: Chosen, recipe: Recipe): void {
  const fault = faultOf(chosen, recipe)
  if (fault) throw new TerminalError(`${fault.what} ${fault.fix}`)
}
