import { runCommand } from '../../provision/mod.ts'

/** A GPU of this host, or a part of one. Megabytes are of 2^20 bytes, as the drivers' own programs count them. */
export type Device = {
  maker: 'nvidia' | 'amd'
  /** As `nvidia-smi` or `rocm-smi` numbers it; null for one that they do not list, such as a part of a divided GPU. */
  index: number | null
  /** By which a process is given this one alone: a UUID, or AMD's number. */
  id: string
  name: string
  totalMb: number | null
  freeMb: number | null
  driver: string | null
}

/** The variable by which a process is given some devices of this maker and no others. */
export const visibleVariable = { nvidia: 'CUDA_VISIBLE_DEVICES', amd: 'HIP_VISIBLE_DEVICES' } as const

const lookMs = 20_000

/** The GPUs of this host that this process may use; none where there is no driver's program, or it lists none. */
export async function listDevices(env: NodeJS.ProcessEnv = process.env): Promise<Device[]> {
  const found = await listNvidia(env)
  return found.length > 0 ? found : listAmd(env)
}

const nvidiaFields = ['index', 'uuid', 'name', 'memory.total', 'memory.free', 'driver_version']

async function listNvidia(env: NodeJS.ProcessEnv): Promise<Device[]> {
  const args = [`--query-gpu=${nvidiaFields.join(',')}`, '--format=csv,noheader,nounits']
  const text = await runCommand('nvidia-smi', args, { env, timeoutMs: lookMs }).catch(() => null)
  return text === null ? [] : onlyVisible(readNvidia(text), env, 'nvidia')
}

/** Lines as `0, GPU-1d0c…, NVIDIA H200, 143771, 143166, 580.95.05`; what a driver does not know it says in brackets. */
function readNvidia(text: string): Device[] {
  return text.split('\n').flatMap((line) => {
    const [index, id, name, total, free, driver] = line.split(', ').map((part) => part.trim())
    if (!/^\d+$/.test(index ?? '') || !id || driver === undefined) return []
    const more = { totalMb: numberOf(total), freeMb: numberOf(free), driver: /^\d/.test(driver) ? driver : null }
    return [{ maker: 'nvidia' as const, index: Number(index), id, name: name!, ...more }]
  })
}

async function listAmd(env: NodeJS.ProcessEnv): Promise<Device[]> {
  const args = ['--showproductname', '--showuniqueid', '--showmeminfo', 'vram', '--showdriverversion', '--json']
  const text = await runCommand('rocm-smi', args, { env, timeoutMs: lookMs }).catch(() => null)
  return text === null ? [] : onlyVisible(readAmd(text), env, 'amd')
}

/** An object with `card0`, `card1` …, whose names of fields differ between versions in letters alone, and `system`. */
function readAmd(text: string): Device[] {
  const read = objectOf(text)
  const driver = textOf(fieldOf(objectAt(read, 'system'), /driver version/i))
  return Object.keys(read).flatMap((key) => {
    const number = /^card(\d+)$/.exec(key)?.[1]
    if (number === undefined) return []
    const card = objectAt(read, key)
    const name = textOf(fieldOf(card, /card (series|model)|product name/i)) ?? `AMD GPU ${number}`
    const [total, used] = [/vram total memory/i, /vram total used/i].map((field) =>
      numberOf(textOf(fieldOf(card, field))),
    )
    const mb = (bytes: number) => Math.floor(bytes / 2 ** 20)
    const totalMb = total == null ? null : mb(total)
    const freeMb = total == null || used == null ? null : mb(total - used)
    return [{ maker: 'amd' as const, index: Number(number), id: number, name, totalMb, freeMb, driver }]
  })
}

/**
 * Those that the maker's variable names, in its order; all without it. One that is not listed is believed to be there, since parts of a
 * divided GPU are not.
 */
function onlyVisible(all: readonly Device[], env: NodeJS.ProcessEnv, maker: Device['maker']): Device[] {
  const given = env[visibleVariable[maker]]
  if (given === undefined) return [...all]
  const names = given.split(',').flatMap((each) => each.trim() || [])
  // CUDA reads the list up to the first name that is none, such as -1.
  const until = names.indexOf('-1')
  return (until < 0 ? names : names.slice(0, until)).map(
    (name) =>
      all.find(
        ({ index, id }) => name === String(index) || id === name || (name.length > 7 && id.startsWith(name)),
      ) ?? {
        ...{ maker, index: null, id: name, name: `${maker === 'nvidia' ? 'NVIDIA' : 'AMD'} device ${name}` },
        ...{ totalMb: null, freeMb: null, driver: all[0]?.driver ?? null },
      },
  )
}

const numberOf = (text: string | null | undefined): number | null =>
  text != null && /^\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : null

const textOf = (value: unknown): string | null =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : null

type Fields = Readonly<Record<string, unknown>>

const fieldsOf = (value: unknown): Fields => (typeof value === 'object' && value !== null ? (value as Fields) : {})
const objectAt = (of: Fields, key: string): Fields => fieldsOf(of[key])
const fieldOf = (of: Fields, name: RegExp): unknown => Object.entries(of).find(([key]) => name.test(key))?.[1]

function objectOf(text: string): Fields {
  // Warnings may stand before the object.
  const from = text.indexOf('{')
  try {
    return fieldsOf(JSON.parse(text.slice(from)))
  } catch {
    return {}
  }
}
