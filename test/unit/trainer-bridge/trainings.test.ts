import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Bus } from '../../../bus/mod.ts'
import { sha256 } from '../../../schemas/hash.ts'
import type { TrainRequest } from '../../../schemas/runtime-protocol.ts'
import type { Recipe } from '../../../schemas/task.ts'
import type { Trainer } from '../../../trainer-bridge/runtimes/runtime.ts'
import { type BridgeParts, createTrainings } from '../../../trainer-bridge/trainings.ts'

let scratch: string
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'syllabus-trainings-'))
})
afterAll(() => rm(scratch, { recursive: true, force: true }))

const recipe = { cutoff_len: 128, lora_rank: 8 } as Recipe
const ref = { store: 'LAB', name: 'rows', sha256: 'a'.repeat(64), size: 1 } as never
const training = { dataset: ref, datasetHash: 'a'.repeat(64), seed: 1 }
const signal = new AbortController().signal
const options = { chat: {}, runtimes: undefined, halvings: 0, onProgress: () => {}, signal }

/** A bus that is away for the first `failures` uploads, and a trainer that writes an adapter of two files. */
function partsOf(failures: number) {
  const requests: TrainRequest[] = []
  const records = new Map<string, unknown>()
  let left = failures
  const trainer: Pick<Trainer, 'facts' | 'train' | 'recipeKeys'> = {
    recipeKeys: [],
    facts: async () => ({ name: 'peft', version: '1', device: 'cpu', versions: {} }),
    async train(request) {
      requests.push(request)
      const adapter = join(request.out, 'adapter')
      await mkdir(adapter, { recursive: true })
      for (const name of ['a.json', 'b.bin']) await writeFile(join(adapter, name), name)
      const hash = sha256(['a.json', 'b.bin'].map((name) => `${name}\0${sha256(name)}`).join(''))
      const measured = {
        steps: 1,
        rows: 1,
        left_out: 0,
        tokens: 9,
        seconds: 1,
        tokens_per_s: 9,
        loss_curve: [[1, 2] as [number, number]],
      }
      return { adapter, sha256: hash, device: 'cpu', halvings: request.halvings ?? 0, ...measured }
    },
  }
  const bus = {
    kv: () => ({
      get: async (key: string) => (records.has(key) ? { value: records.get(key) } : null),
      put: async (key: string, value: unknown) => void records.set(key, value),
    }),
    objects: {
      getLines: async () => [{ id: 'r', instruction: 'i', input: 'x', output: 'y' }],
      put: async (_: string, name: string, bytes: Uint8Array) => {
        if (left-- > 0) throw new Error('the bus is away')
        return { store: 'LAB', name, sha256: sha256(bytes), size: bytes.length }
      },
    },
  } as unknown as Bus
  const student = { name: 'tiny', path: '/students/tiny', sha256: 'b'.repeat(64) }
  const parts = { bus, trainer, student, scratch, runtime: {}, answerer: {} } as unknown as BridgeParts
  const trainings = createTrainings(parts, { perplexityRows: 0, embedder: null, embeddedRows: 2 })
  return { trainings, requests, records }
}

test('a training that came to its end before its record is not done again', async () => {
  const { trainings, requests, records } = partsOf(2)
  await expect(trainings.train(training, recipe, options)).rejects.toThrow('the bus is away')
  expect(await trainings.find(training, recipe, options)).toBeNull()
  await expect(trainings.train(training, recipe, options)).rejects.toThrow('the bus is away')
  const trained = await trainings.train(training, recipe, options)
  expect(requests).toHaveLength(1)
  expect(trained.adapter.files.map(({ name }) => name)).toEqual(['a.json', 'b.bin'])
  expect(records.size).toBe(1)
  expect(await trainings.find(training, recipe, options)).toMatchObject({ reused: true, jobHash: trained.jobHash })
})

test('one whose adapter is not what it made is done again; halvings are recorded', async () => {
  const { trainings, requests } = partsOf(1)
  const other = { ...training, seed: 2 }
  await expect(trainings.train(other, recipe, options)).rejects.toThrow('the bus is away')
  const adapter = join(requests[0]!.out, 'adapter', 'b.bin')
  await writeFile(adapter, 'cut')
  const trained = await trainings.train(other, recipe, { ...options, halvings: 2 })
  expect(requests.map(({ halvings }) => halvings)).toEqual([0, 2])
  expect(await readFile(adapter, 'utf8')).toBe('b.bin')
  expect(trained.summary.halvings).toBe(2)
})
