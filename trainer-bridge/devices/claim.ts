import { mkdir } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { FileHeldError, type HeldFile, holderName, holdFile } from '../../machine/held-file.ts'
import { SetupError } from '../../provision/mod.ts'
import { type Device, listDevices, visibleVariable } from './list.ts'

/** Devices that this process alone works on until it is disposed; none: the processor does the work. */
export type ClaimedDevices = AsyncDisposable & {
  devices: readonly Device[]
  /** By which a child is given these and no others. */
  env: Readonly<Record<string, string>>
  /** Whether a person asked for a GPU, not only found one. */
  isAsked: boolean
}

export type DeviceRequest = {
  /** Numbers of `nvidia-smi`; left out: the first that is free. */
  gpus?: readonly number[] | undefined
  env?: NodeJS.ProcessEnv
  /** How long a device is waited for that another still has, which may be about to end. */
  waitMs?: number
  signal?: AbortSignal
  /** Where the files lie by which devices are held: one folder for all homes of a host. */
  folder?: string
}

/** Whoever looks at a file has it for a moment. */
const shortMs = 300
const usualFolder = () => join(tmpdir(), `syllabus-devices-${userInfo().uid}`)

/**
 * Takes the devices that a trainer-bridge computes on.
 * G1  A device has one trainer-bridge: two would take each other's memory, and each would be slower.
 * G2  What is asked for and is not there is refused. Nothing falls back to the processor unseen.
 * @throws SetupError
 */
export async function claimDevices(request: DeviceRequest): Promise<ClaimedDevices> {
  const { gpus, env = process.env, folder = usualFolder(), waitMs = 300, signal } = request
  const wanted = env.SYLLABUS_DEVICE ?? ''
  if (/^(cpu|mps)\b/.test(wanted)) {
    if (!gpus) return noDevices
    throw new SetupError(
      `gpus asks for ${listed(gpus)}, and SYLLABUS_DEVICE is ${wanted}.`,
      `Unset SYLLABUS_DEVICE, or remove gpus from ${at}.`,
    )
  }
  const visible = await listDevices(env)
  const numbered = /^(?:cuda|hip):(\d+)$/.exec(wanted)?.[1]
  const named = gpus ?? (numbered === undefined ? undefined : [Number(numbered)])
  const candidates = named ? named.map((index) => deviceOf(index, visible, gpus === undefined)) : visible
  if (candidates.length === 0) {
    if (wanted === '') return noDevices
    throw new SetupError(`SYLLABUS_DEVICE is ${wanted}, and no GPU is found here.`, findFix)
  }
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await using stack = new AsyncDisposableStack()
  const until = performance.now() + waitMs
  const hold = (device: Device, mostMs: number): Promise<HeldFile> =>
    holdFile(join(folder, `${device.maker}-${device.id.replaceAll(/[^\w-]/g, '_')}.held`), { waitMs: mostMs, signal })
  const held: Device[] = []
  if (named) {
    for (const device of candidates) {
      stack.use(await hold(device, until - performance.now()).catch((error: unknown) => refuse(error, [device])))
      held.push(device)
    }
  }
  for (let turn = 0; held.length === 0; turn++) {
    const device = candidates[turn % candidates.length]!
    try {
      stack.use(await hold(device, shortMs))
      held.push(device)
    } catch (error) {
      const isLast = turn % candidates.length === candidates.length - 1
      if (!(error instanceof FileHeldError) || (isLast && performance.now() >= until)) refuse(error, candidates)
    }
  }
  const claimed = stack.move()
  const variable = visibleVariable[held[0]!.maker]
  return {
    devices: held,
    // A device that SYLLABUS_DEVICE names by its place is among all that are visible.
    env: {
      ...(numbered === undefined && { [variable]: held.map(({ id }) => id).join(',') }),
      ...(gpus && { SYLLABUS_DEVICE: 'cuda' }),
    },
    isAsked: gpus !== undefined || wanted !== '',
    [Symbol.asyncDispose]: () => claimed.disposeAsync(),
  }
}

const at = 'agents.trainer-bridge.options in the topology'
/** Without a device that is claimed: what is computed is tried, on whatever is there. */
export const noDevices: ClaimedDevices = { devices: [], env: {}, isAsked: false, [Symbol.asyncDispose]: async () => {} }
const findFix =
  'Install the driver (nvidia-smi or rocm-smi must list it), or allow the container its GPUs; SYLLABUS_DEVICE=cpu works without one.'

const listed = (gpus: readonly number[]) => `GPU ${gpus.join(', ')}`
const shown = ({ index, name, id }: Device) => (index === null ? name : `GPU ${index} (${name}, ${id})`)

function deviceOf(number: number, visible: readonly Device[], isPlace: boolean): Device {
  const found = isPlace ? visible[number] : visible.find(({ index }) => index === number)
  if (found) return found
  const there = visible.length > 0 ? `there is ${visible.map(shown).join(', ')}` : 'no GPU is found here'
  throw new SetupError(
    `${isPlace ? `SYLLABUS_DEVICE asks for GPU ${number}` : `gpus asks for GPU ${number}`}, and ${there}.`,
    visible.length > 0 ? `Name one of those, or remove gpus from ${at}.` : findFix,
  )
}

function refuse(error: unknown, devices: readonly Device[]): never {
  if (!(error instanceof FileHeldError)) throw error
  const which = devices.map(shown).join(', ')
  throw new SetupError(
    `${which} ${devices.length > 1 ? 'are all' : 'is'} in use by another trainer-bridge, ${holderName(error.holder)}${devices.length > 1 ? ' the last' : ''}: a GPU has one.`,
    `Lower replicas of the trainer-bridge to the number of GPUs, give each one gpus of its own in ${at}, or end the other process.`,
    { cause: error },
  )
}
