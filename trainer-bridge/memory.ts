import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { jsonOrNull } from '../schemas/bounded-json.ts'
import type { Recipe } from '../schemas/task.ts'
import type { Runtime } from './runtime.ts'

/** What a training takes at least, in bytes. */
export type MemoryNeed = { weights: number; adapter: number; activations: number; total: number }

/** Sizes of a model's text part, by the names that most families use; a family with other names is not estimated. */
const Sizes = z.object({
  hidden_size: z.int().positive(),
  num_hidden_layers: z.int().positive(),
  intermediate_size: z.int().positive(),
  vocab_size: z.int().positive(),
  num_attention_heads: z.int().positive(),
  num_key_value_heads: z.int().positive().nullish(),
  head_dim: z.int().positive().nullish(),
  /** Of the stored weights. */
  dtype: z.string().nullish(),
  torch_dtype: z.string().nullish(),
})
const Config = z.union([Sizes, z.object({ text_config: Sizes }).transform(({ text_config }) => text_config)])

/** Bytes of a trained number: the weight, its gradient, and AdamW's two means, all in 32 bits. */
const trainedBytes = 16

/**
 * What a training of an adapter takes at least: one row of `cutoff_len` tokens in a pass, since passes are made smaller where memory runs
 * out. Null where the student's files do not say how large it is.
 *
 * A layer keeps 34 h bytes for a token in 16 bits, without the scores of attention, which are computed again (Korthikanti et al. 2022,
 * "Reducing Activation Recomputation in Large Transformer Models", 4.1); the output keeps its logits, their gradient and a copy in 32 bits.
 */
export async function memoryNeeded(
  folder: string,
  recipe: Pick<Recipe, 'lora_rank' | 'cutoff_len'>,
  { is16Bit }: Pick<MemoryThere, 'is16Bit'>,
): Promise<MemoryNeed | null> {
  const config = Config.safeParse(jsonOrNull(await readFile(join(folder, 'config.json'), 'utf8').catch(() => '')))
  const stored = await weightBytes(folder)
  if (!config.success || stored === 0) return null
  const {
    hidden_size: hidden,
    num_hidden_layers: layers,
    intermediate_size: inner,
    vocab_size: vocabulary,
  } = config.data
  const { num_attention_heads: heads, num_key_value_heads, head_dim } = config.data
  const head = head_dim ?? hidden / heads
  const [asked, kept] = [heads * head, (num_key_value_heads ?? heads) * head]
  const ends = [hidden + asked, 2 * (hidden + kept), asked + hidden, 3 * (hidden + inner)].reduce(
    (sum, each) => sum + each,
    0,
  )
  const bytes = is16Bit ? 2 : 4
  const { dtype, torch_dtype } = config.data
  const weights = (stored * bytes) / ((dtype ?? torch_dtype) === 'float32' ? 4 : 2)
  const adapter = layers * recipe.lora_rank * ends * trainedBytes
  const activations = recipe.cutoff_len * (layers * hidden * 17 * bytes + vocabulary * (2 * bytes + 4))
  return { weights, adapter, activations, total: weights + adapter + activations }
}

async function weightBytes(folder: string): Promise<number> {
  const names = await readdir(folder).catch(() => [])
  const sizes = await Promise.all(
    names.filter((name) => /\.safetensors$/.test(name)).map(async (name) => (await stat(join(folder, name))).size),
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}

/** Memory that a training may take, of what, and whether it computes in 16 bits there. */
export type MemoryThere = { bytes: number; of: string; is16Bit: boolean }

/** What a training may take: what is free, and what the runtime has of it already, which it uses again. */
export async function memoryThere(runtime: Pick<Runtime, 'memory' | 'pid'>, signal: AbortSignal): Promise<MemoryThere> {
  const { device, dtype, free_bytes } = await runtime.memory({ signal })
  const is16Bit = dtype !== 'float32'
  // A processor's memory is that of the machine, or what a container may have of it, which Node reads.
  if (free_bytes === null)
    return { bytes: process.availableMemory() + (await residentBytes(runtime.pid)), of: 'this machine', is16Bit }
  return { bytes: free_bytes, of: device, is16Bit }
}

async function residentBytes(pid: number | undefined): Promise<number> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(text)?.[1] ?? 0) * 1024
}

/** Why a training does not fit, with what makes it fit; null where it does. */
export function memoryFault(
  need: MemoryNeed,
  there: MemoryThere,
  recipe: Pick<Recipe, 'lora_rank' | 'cutoff_len'>,
): string | null {
  if (need.total <= there.bytes) return null
  const { weights, adapter, activations, total } = need
  const parts = `${gb(weights)} of weights, ${gb(adapter)} of an adapter of rank ${recipe.lora_rank} with its optimizer, ${gb(activations)} for one row of ${recipe.cutoff_len} tokens`
  const fix =
    weights + adapter < there.bytes * 0.9
      ? 'lower cutoff_len in the recipe'
      : 'use a smaller student, or a device with more memory (gpus in the options of the trainer-bridge)'
  return `a training takes ${gb(total)} (${parts}), and ${there.of} has ${gb(there.bytes)} free: ${fix}, or end other programs there`
}

const gb = (bytes: number): string => `${(bytes / 1e9).toFixed(bytes < 1e9 ? 2 : 1)} GB`
