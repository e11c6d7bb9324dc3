import { processLimits, startRuntime } from '../runtime.ts'
import { diagnoseEnvironment, type PythonEnvironment, provisionEnvironment, pythonOf } from './environment.ts'
import type { RuntimeDeclaration, Trainer } from './runtime.ts'
import { speaking } from './speaking.ts'

type TrainerProcess = Pick<RuntimeDeclaration<Trainer>, 'name' | 'recipeKeys' | 'checkRecipe'> & {
  /** The Python module, in the folder of its environment, that speaks the protocol. */
  module: string
  environment: PythonEnvironment
}

/** A runtime that trains in a Python environment of its own, and speaks the protocol. */
export function trainerOf({ module, environment, ...declared }: TrainerProcess): RuntimeDeclaration<Trainer> {
  const { name, recipeKeys } = declared
  const process = async (home: string) => ({
    python: await pythonOf(environment, home),
    module,
    packages: [environment.folder],
  })
  return {
    ...declared,
    provision: async (setup) => void (await provisionEnvironment(environment, setup)),
    diagnose: (home) => diagnoseEnvironment(environment, home),
    process,
    start: async ({ home, settings, devices, log, signal }) => {
      const started = { ...(await process(home)), env: devices.env, log, signal, ...processLimits(settings) }
      return speaking(name, startRuntime(started), recipeKeys)
    },
  }
}
