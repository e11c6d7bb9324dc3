import { readFile } from 'node:fs/promises'
import { hasUv } from './installer.ts'
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

/**
 * On Linux the default wheel brings CUDA's libraries along. Without an NVIDIA GPU they are dead weight, so the CPU build
 * is taken where uv can reach it. That build lives in an index of its own, so it is pinned by version, not by hash.
 */
export async function chooseTorch(request: TorchRequest): Promise<TorchBuild> {
  const { python, requirements, env = process.env, signal, platform = process.platform } = request
  const pin = torchPin(await readFile(requirements, 'utf8'), python)
  if (!pin) return { kind: 'default', pin, description: 'without torch', installedGb: 0.1 }
  if (platform !== 'linux')
    return { kind: 'default', pin, description: `${pin}, about 0.3 GB to download`, installedGb: 1.5 }
  const whole = (why: string): TorchBuild => ({
    kind: 'default',
    pin,
    description: `${pin} with CUDA (${why}), about 3 GB to download, 6 GB on disk`,
    installedGb: 6.5,
  })
  if (await hasGpu(env)) return whole('NVIDIA GPU found')
  if (!(await hasUv(env))) return whole('no GPU here, but the smaller CPU build needs uv')
  const reachable = await canReachCpuBuild(python, pin, env, signal)
  if (!reachable) return whole('no GPU here, but the index of the CPU build cannot be reached')
  return {
    kind: 'cpu',
    pin,
    description: `${pin} for CPU (no GPU here), about 0.3 GB to download, 1.2 GB on disk`,
    installedGb: 1.5,
  }
}

async function canReachCpuBuild(
  python: Python,
  pin: string,
  env: NodeJS.ProcessEnv,
  signal?: AbortSignal,
): Promise<boolean> {
  const args = [
    'pip',
    'install',
    '--python',
    python.command,
    '--system',
    '--dry-run',
    '--no-deps',
    '--torch-backend',
    'cpu',
    pin,
  ]
  const quick = { ...env, UV_HTTP_TIMEOUT: '10', UV_HTTP_RETRIES: '0' }
  return runCommand('uv', args, { env: quick, signal, timeoutMs: 30_000 }).then(
    () => true,
    () => false,
  )
}

/** Whether nvidia-smi lists a GPU. */
export const hasGpu = (env: NodeJS.ProcessEnv) =>
  runCommand('nvidia-smi', ['-L'], { env, timeoutMs: 20_000 }).then(
    (output) => /GPU \d+:/.test(output),
    () => false,
  )

/** The torch of these requirements for this Python; the file holds one line per range of Python versions. */
export function torchPin(requirements: string, { version }: Python): string {
  const minor = Number(version.split('.')[1])
  const pins = [...requirements.matchAll(/^(torch==[^\s;]+)(?:\s*;\s*(.*?))?\s*\\?$/gm)]
  const pin = pins.find(([, , condition]) => condition === undefined || holds(condition, minor)) ?? pins.at(-1)
  return pin?.[1] ?? ''
}

function holds(condition: string, minor: number): boolean {
  const match = /python_full_version\s*(<|>=)\s*'3\.(\d+)'/.exec(condition)
  if (!match) return true
  return match[1] === '<' ? minor < Number(match[2]) : minor >= Number(match[2])
}

const torchOnly = /^(torch|triton|cuda-[a-z]+|nvidia-[a-z0-9-]+)==/

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
