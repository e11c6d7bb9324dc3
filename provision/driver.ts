import { readFile } from 'node:fs/promises'
import { SetupError } from './errors.ts'
import type { Python } from './python.ts'
import { runCommand } from './run-command.ts'
import { pinOf } from './torch-build.ts'

/** The oldest NVIDIA driver that serves each CUDA, minor versions of it included. */
const oldestDriver: Readonly<Record<number, number>> = { 11: 450, 12: 525, 13: 580 }

/**
 * Packages of CUDA need a driver of the same major version, or a newer one.
 * @throws SetupError where this machine's driver is older than the requirements' packages
 */
export async function checkDriver(request: {
  requirements: string
  python: Python
  name: string
  env: NodeJS.ProcessEnv
}): Promise<void> {
  const { requirements, python, name, env } = request
  const served = cudaOfDriver(await runCommand('nvidia-smi', [], { env, timeoutMs: 20_000 }).catch(() => ''))
  const wanted = cudaOfPackages(await readFile(requirements, 'utf8'), python)
  if (served === null || wanted === null || served.major >= wanted) return
  throw new SetupError(
    `The packages of the ${name} need CUDA ${wanted}, and this machine's NVIDIA driver serves CUDA ${served.text}.`,
    `Update the driver to ${oldestDriver[wanted] ?? 'one for it'} or newer, or choose another runtime: options.train and options.infer of the trainer-bridge.`,
  )
}

/** What `nvidia-smi` says; null where there is no driver. */
function cudaOfDriver(output: string): { major: number; text: string } | null {
  const text = /CUDA (?:UMD )?Version:\s*(\d+\.\d+)/.exec(output)?.[1]
  return text === undefined ? null : { major: Number.parseInt(text, 10), text }
}

/** The major version of CUDA that pinned packages bring; null where they bring none. */
function cudaOfPackages(requirements: string, python: Python): number | null {
  const names = [
    'cuda-toolkit',
    'nvidia-cuda-runtime',
    ...Object.keys(oldestDriver).map((cuda) => `nvidia-cuda-runtime-cu${cuda}`),
  ]
  const pin = names.map((name) => pinOf(name, requirements, python)).find((found) => found !== '')
  return pin === undefined ? null : Number.parseInt(pin.split('==')[1]!, 10)
}
