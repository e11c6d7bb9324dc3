import { readFile } from 'node:fs/promises'
import type { Python } from './python.ts'
import { runCommand } from './run-command.ts'

/** Which build of torch is taken, said to the user before it is downloaded. */
export interface TorchBuild {
  kind: 'cpu' | 'default'
  /** "torch==2.15.0"; empty when the requirements name none. */
  pin: string
  description: string
  installedGb: number
}

export interface TorchRequest {
  python: Python
  requirements: string
  env?: NodeJS.ProcessEnv
  signal?: AbortSignal
  platform?: NodeJS.Platform
}

/** The index of the CPU build; SYLLABUS_TORCH_INDEX names a mirror. */
export const torchIndex = (env: NodeJS.ProcessEnv): string =>
  (env.SYLLABUS_TORCH_INDEX || 'https://download.pytorch.org/whl/cpu').replace(/\/+$/, '')

/** The CPU build alone carries this mark, so no other index can stand in for its own. */
export const cpuPin = (pin: string) => `${pin}+cpu`

/**
 * On Linux the default wheel brings CUDA's libraries along. Without an NVIDIA GPU they are dead weight, so the CPU build is taken where
 * its index answers within a second. That build lives in an index of its own, so it is pinned by version, not by hash.
 */
export async function chooseTorch(request: TorchRequest): Promise<TorchBuild> {
  const { python, requirements, env = process.env, signal, platform = process.platform } = request
  const pin = torchPin(await readFile(requirements, 'utf8'), python)
  if (!pin) return { kind: 'default', pin, description: 'without torch', installedGb: 0.1 }
  if (platform !== 'linux')
    return { kind: 'default', pin, description: `${pin}, about 0.3 GB to download`, installedGb: 1.5 }
  const whole = (why: string) => withCuda(pin, why)
  if (await hasGpu(env)) return whole('NVIDIA GPU found')
  const index = torchIndex(env)
  if (!(await hasCpuBuild(python, pin, index, env, signal)))
    return whole(`no GPU here, but ${index} showed no CPU build within a second`)
  return {
    kind: 'cpu',
    pin,
    description: `${pin} for CPU (no GPU here), about 0.3 GB to download, 1.2 GB on disk`,
    installedGb: 1.5,
  }
}

/** The build that brings CUDA along, and why it is taken. */
export const withCuda = (pin: string, why: string): TorchBuild => ({
  kind: 'default',
  pin,
  description: `${pin} with CUDA, about 3 GB to download, 6 GB on disk (${why})`,
  installedGb: 6.5,
})

/** Asked by Python, which knows proxies and certificates as pip does. Resolving a name can hang: the alarm ends that, too. */
const lookUp = `import signal, sys, urllib.request
signal.setitimer(signal.ITIMER_REAL, 1)
page = urllib.request.urlopen(sys.argv[1])
signal.setitimer(signal.ITIMER_REAL, 10)
sys.exit(sys.argv[2] not in page.read().decode().replace("%2B", "+"))`

/** Whether the index answers within a second, and lists this version. */
function hasCpuBuild(python: Python, pin: string, index: string, env: NodeJS.ProcessEnv, signal?: AbortSignal) {
  const file = `${cpuPin(pin).replace('==', '-')}-`
  return runCommand(python.command, ['-c', lookUp, `${index}/torch/`, file], { env, signal, timeoutMs: 15_000 }).then(
    () => true,
    () => {
      signal?.throwIfAborted()
      return false
    },
  )
}

/** Whether nvidia-smi lists a GPU. */
export const hasGpu = (env: NodeJS.ProcessEnv) =>
  runCommand('nvidia-smi', ['-L'], { env, timeoutMs: 20_000 })
    .catch(() => '')
    .then((output) => /GPU \d+:/.test(output))

/** The torch of these requirements for this Python; the file holds one line per range of Python versions. */
export const torchPin = (requirements: string, python: Python): string => pinOf('torch', requirements, python)

/** Packages whose CPU build is in torch's own index, as these requirements pin them. */
export const torchPins = (requirements: string, python: Python): string[] =>
  ofTorch.map((name) => pinOf(name, requirements, python)).filter((pin) => pin !== '')

const ofTorch = ['torch', 'torchvision', 'torchaudio']

/** A package as it is pinned for this Python; empty where it is not. */
export function pinOf(name: string, requirements: string, { version }: Python): string {
  const minor = Number(version.split('.')[1])
  const pins = [...requirements.matchAll(new RegExp(`^(${name}==[^\\s;]+)(?:\\s*;\\s*(.*?))?\\s*\\\\?$`, 'gm'))]
  const pin = pins.find(([, , condition]) => condition === undefined || holds(condition, minor)) ?? pins.at(-1)
  return pin?.[1] ?? ''
}

function holds(condition: string, minor: number): boolean {
  const match = /python_full_version\s*(<|>=)\s*'3\.(\d+)'/.exec(condition)
  if (!match) return true
  return match[1] === '<' ? minor < Number(match[2]) : minor >= Number(match[2])
}

const torchOnly = /^(torch|torchvision|torchaudio|triton|cuda-[a-z]+|nvidia-[a-z0-9-]+)==/

/** The requirements less torch and what only its CUDA build needs. */
export function withoutTorch(requirements: string): string {
  const kept: string[] = []
  let dropping = false
  for (const line of requirements.split('\n')) {
    if (!/^\s/.test(line)) dropping = torchOnly.test(line)
    if (!dropping) kept.push(line)
  }
  return kept.join('\n')
}
