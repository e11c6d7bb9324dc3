import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { memoryFault, memoryNeeded, memoryThere } from '../../../trainer-bridge/memory.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'syllabus-memory-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** Llama 3.1 8B. */
const llama = {
  ...{
    hidden_size: 4096,
    num_hidden_layers: 32,
    intermediate_size: 14336,
    vocab_size: 128256,
    num_attention_heads: 32,
  },
  ...{ num_key_value_heads: 8, dtype: 'bfloat16' },
}

async function student(config: object, weights: number): Promise<string> {
  const path = await mkdtemp(join(folder, 'student-'))
  await writeFile(join(path, 'config.json'), JSON.stringify(config))
  await writeFile(join(path, 'model.safetensors'), '')
  // Without a block on the disk.
  await truncate(join(path, 'model.safetensors'), weights)
  return path
}

const recipe = { lora_rank: 16, cutoff_len: 2048 }
const gb = (bytes: number) => bytes / 1e9

describe('what a training takes', () => {
  test('an 8B student in 16 bits', async () => {
    const need = await memoryNeeded(await student(llama, 16.06e9), recipe, { is16Bit: true })
    expect(gb(need!.weights)).toBeCloseTo(16.06)
    // 41.9 million trained numbers, as PEFT counts them for all linear layers at rank 16.
    expect(need!.adapter / 16).toBeCloseTo(41_943_040, 0)
    expect(gb(need!.total)).toBeGreaterThan(20)
    expect(gb(need!.total)).toBeLessThan(32)
  })

  test('twice the weights in 32 bits, whatever they are stored in', async () => {
    const of = async (dtype: string, bytes: number) =>
      (await memoryNeeded(await student({ ...llama, dtype }, bytes), recipe, { is16Bit: false }))!.weights
    expect(await of('bfloat16', 2e9)).toBe(4e9)
    expect(await of('float32', 4e9)).toBe(4e9)
  })

  test('a model for images is measured by its text part', async () => {
    const need = await memoryNeeded(await student({ model_type: 'vlm', text_config: llama }, 1e9), recipe, {
      is16Bit: true,
    })
    expect(need!.adapter / 16).toBeCloseTo(41_943_040, 0)
  })

  test.each([
    ['sizes by other names', { n_embd: 768, n_layer: 12 }, 1e9],
    ['no weights', llama, 0],
  ])('nothing is known of %s', async (_, config, weights) => {
    expect(await memoryNeeded(await student(config, weights), recipe, { is16Bit: true })).toBeNull()
  })
})

describe('whether it fits', () => {
  const need = { weights: 16e9, adapter: 0.7e9, activations: 10e9, total: 26.7e9 }
  test.each([
    [80e9, null],
    [
      24e9,
      /takes 26\.7 GB \(16\.0 GB of weights, 0\.70 GB of an adapter of rank 16 .*10\.0 GB for one row of 2048 tokens\), and one has 24\.0 GB free: lower cutoff_len/,
    ],
    [12e9, /has 12\.0 GB free: use a smaller student, or a device with more memory/],
  ])('%d bytes', (bytes, fault) => {
    const found = memoryFault(need, { bytes, of: 'one', is16Bit: true }, recipe)
    if (fault === null) expect(found).toBeNull()
    else expect(found).toMatch(fault)
  })

  test("a device's memory is what the runtime says, a machine's what the system says and the runtime has already", async () => {
    const signal = new AbortController().signal
    const runtime = (free_bytes: number | null) => ({
      pid: process.pid,
      memory: async () => ({ device: 'one', dtype: free_bytes === null ? 'float32' : 'bfloat16', free_bytes }),
    })
    expect(await memoryThere(runtime(5e9), signal)).toEqual({ bytes: 5e9, of: 'one', is16Bit: true })
    const here = await memoryThere(runtime(null), signal)
    expect(here).toMatchObject({ of: 'this machine', is16Bit: false })
    expect(here.bytes).toBeGreaterThan(process.memoryUsage.rss() / 2)
  })
})
