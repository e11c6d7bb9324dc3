import { readdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { MachineError } from '../../machine/faults.ts'
import { CommandError, runCommand, runtimeEnvironment } from '../../provision/mod.ts'
import { parseJson } from '../../schemas/bounded-json.ts'
import { UsageError } from '../../schemas/user-error.ts'
import { megabytes, requireSpace } from './part-folder.ts'

/** What the merged weights are written as; `base`: as the base's are. */
export const mergedTypes = ['base', 'float32', 'bfloat16', 'float16'] as const
export type MergedType = (typeof mergedTypes)[number]

/** What a long step says of itself. */
export type StepProgress = {
  line(text: string): void
  progress(label: string, done: number, total: number, detail?: string): void
}

export type Merge = {
  python: string
  base: { name: string; path: string }
  /** A PEFT folder. */
  adapter: string
  type: MergedType
  /** Of a file of weights at most, as transformers reads it: `5GB`. */
  maxShard: string
  signal: AbortSignal
}

const weights = /^(model|pytorch_model).*\.(safetensors|bin)$/

/** Bytes of a model's weights on this disk. */
export async function weightBytes(folder: string): Promise<number> {
  const names = (await readdir(folder)).filter((name) => weights.test(name))
  const sizes = await Promise.all(names.map((name) => stat(join(folder, name))))
  return sizes.reduce((sum, { size }) => sum + size, 0)
}

/** A base is in 16 bits or more, so that its weights in `float32` take at most twice as much. */
const mergedBytes = async ({ base, type }: Pick<Merge, 'base' | 'type'>): Promise<number> =>
  (await weightBytes(base.path)) * (type === 'float32' ? 2 : 1)

/**
 * Writes the base with the adapter's weights added into a folder.
 * @throws MachineError when the disk is full or memory runs out; UsageError when they cannot be merged
 */
export async function putMerged(
  { python, base, adapter, type, maxShard, signal }: Merge,
  staging: string,
  { line, progress }: StepProgress,
): Promise<void> {
  const bytes = await mergedBytes({ base, type })
  await requireSpace(dirname(staging), bytes, 'the merged model')
  line(`merging the adapter into ${base.name} (${megabytes(bytes)})`)
  const args = ['-m', 'syllabus_runtime.merge_adapter', base.path, adapter, staging, type, maxShard]
  try {
    await runCommand(python, args, {
      env: { ...runtimeEnvironment(), HF_HUB_OFFLINE: '1', TQDM_DISABLE: '1' },
      signal,
      onLine(text) {
        const { step, done, total } = stepOf(text)
        if (step) progress('merge', done, total, step)
      },
    })
  } catch (error) {
    throw mergeFault(error, dirname(staging), base.name)
  }
}

function stepOf(line: string): { step?: string; done: number; total: number } {
  try {
    return line.startsWith('{')
      ? (parseJson(line) as { step: string; done: number; total: number })
      : { done: 0, total: 0 }
  } catch {
    return { done: 0, total: 0 }
  }
}

const fullDisk = /No space left|os error 28|Errno 28/

/** A failure of Python as what a person can do about it. */
export function runtimeFault(error: unknown, what: string, folder: string, else_: (reason: string) => Error): unknown {
  if (!(error instanceof CommandError)) return error
  const options = { cause: error }
  if (fullDisk.test(error.tail)) {
    const fix =
      'Make room there, or give a folder on a larger disk with --out, and export again: what is whole is kept.'
    return new MachineError(`The disk of ${folder} filled up while ${what}.`, fix, options)
  }
  if (error.status === null || /MemoryError|not enough memory/.test(error.tail)) {
    const fix = 'Free memory: the base has to fit into it whole. Then export again.'
    return new MachineError(`Python was ended while ${what}, most likely since memory ran out.`, fix, options)
  }
  return else_(error.tail.trim().split('\n').at(-1) ?? '')
}

const mergeFault = (error: unknown, folder: string, base: string): unknown =>
  runtimeFault(error, 'the model was merged', folder, (reason) => {
    const fix = 'Take the adapter alone: --what adapter. It is loaded beside its base.'
    return new UsageError(`The adapter cannot be merged into ${base}: ${reason}.`, fix, { cause: error })
  })
