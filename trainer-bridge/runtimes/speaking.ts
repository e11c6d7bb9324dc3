import type { RuntimeRecipeKey } from '../../schemas/runtime-recipe-keys.ts'
import type { Runtime } from '../runtime.ts'
import type { Answerer, RuntimeFacts, Trainer } from './runtime.ts'

/** A process that speaks the protocol, as what trains and answers. */
export function speaking(
  name: string,
  runtime: Runtime,
  recipeKeys: readonly RuntimeRecipeKey[] = [],
): Trainer & Answerer {
  let known: RuntimeFacts | undefined
  return {
    recipeKeys,
    check: runtime.check,
    async facts(options = {}) {
      if (known) return known
      const { device, version, torch, transformers, peft, versions = {} } = await runtime.hello(options)
      known = { name, version: version ?? peft, device, versions: { torch, transformers, peft, ...versions } }
      return known
    },
    train: runtime.train,
    infer: runtime.infer,
    [Symbol.asyncDispose]: () => runtime[Symbol.asyncDispose](),
  }
}
