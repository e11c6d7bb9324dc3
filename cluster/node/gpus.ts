import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { reasonOf, UsageError } from '../../schemas/user-error.ts'
import { listDevices, visibleVariable } from '../../trainer-bridge/devices/list.ts'

const lookMs = 20_000

/** A GPU, and the variable by which a process is given it alone. */
export type HostGpu = { id: string; variable: (typeof visibleVariable)['nvidia' | 'amd'] }

/**
 * The GPUs of this host: NVIDIA's as CUDA_VISIBLE_DEVICES has them already, as a scheduler sets it, else all that `nvidia-smi -L` lists;
 * of a GPU that is divided, its parts. AMD's as `rocm-smi` and HIP_VISIBLE_DEVICES have them, where there are none of NVIDIA.
 * @throws UsageError where there is none
 */
export async function gpusOfHost(env: NodeJS.ProcessEnv = process.env): Promise<HostGpu[]> {
  const amd = (await listDevices(env)).filter(({ maker }) => maker === 'amd')
  if (amd.length > 0) return amd.map(({ id }) => ({ id, variable: visibleVariable.amd }))
  return (await nvidiaGpus(env)).map((id) => ({ id, variable: visibleVariable.nvidia }))
}

async function nvidiaGpus(env: NodeJS.ProcessEnv): Promise<string[]> {
  const listed = await promisify(execFile)('nvidia-smi', ['-L'], { timeout: lookMs, env }).then(
    ({ stdout }) => devicesIn(stdout),
    (error: unknown) => refuse(`nvidia-smi -L failed: ${reasonOf(error).split('\n')[0]}`),
  )
  if (listed.length === 0) return refuse('nvidia-smi -L lists none')
  const given = env.CUDA_VISIBLE_DEVICES?.split(',').flatMap((each) => each.trim() || [])
  if (given === undefined) return listed
  return given.length > 0 ? given : refuse('CUDA_VISIBLE_DEVICES is empty')
}

/** Lines as `GPU 0: NVIDIA H200 (UUID: GPU-…)`, and under a divided one `  MIG 1g.18gb Device 0: (UUID: MIG-…)`. */
export function devicesIn(text: string): string[] {
  const found = [...text.matchAll(/^(\s*)(?:GPU|MIG)\b.*\(UUID: ([^\s)]+)\)/gm)]
  return found.flatMap(([, indent = '', id = ''], index) => {
    const isDivided = indent === '' && (found[index + 1]?.[1] ?? '') !== ''
    return isDivided ? [] : [id]
  })
}

function refuse(why: string): never {
  throw new UsageError(
    `--trainer-bridge gpus asks for a trainer-bridge for each GPU of this host, and none is found: ${why}.`,
    'Install the driver, or allow the container its GPUs; a number, such as --trainer-bridge 1, also works without one.',
  )
}
