import { processLimits, startRuntime } from '../runtime.ts'
import { diagnoseEnvironment, type Environment, provisionEnvironment, pythonOf } from './environment.ts'
import type { RuntimeDeclaration, Trainer } from './runtime.ts'
import { speaking } from './speaking.ts'

type TrainerProcess = Pick<RuntimeDeclaration<Trainer>, 'name' | 'recipeKeys'> & {
  /** The Python module, in the folder of its environment, that speaks the protocol. */
  module: string
  environment: Environment
}

/** A runtime that trains in a Python environment of its own, and speaks the protocol. */
export function trainerOf({ module, environment, name, recipeKeys }: TrainerProcess): RuntimeDeclaration<Trainer> {
  const process = async (home: string) => ({
    python: await pythonOf(environment, home),
    module,
    packages: [environment.folder],
  })
  return {
    name,
    recipeKeys,
    provision: async (setup) => void (await provisionEnvironment(environment, setup)),
    diagnose: (home) => diagnoseEnvironment(environment, home),
    process,
    start: async ({ home, settings, log, signal }) =>
      speaking(name, startRuntime({ ...(await process(home)), log, signal, ...processLimits(settings) }), recipeKeys),
  }
}
