import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { InferRequest } from '../../../schemas/runtime-protocol.ts'
import { type ClaimedDevices, noDevices } from '../../../trainer-bridge/devices/claim.ts'
import { BridgeOptions } from '../../../trainer-bridge/options.ts'
import type { Runtime } from '../../../trainer-bridge/runtime.ts'
import type { Answerer, RuntimeParts } from '../../../trainer-bridge/runtimes/runtime.ts'
import { ownServer } from '../../../trainer-bridge/runtimes/vllm/own-server.ts'
import { answererOf, vllm } from '../../../trainer-bridge/runtimes/vllm/runtime.ts'
import { startVllm } from '../../../trainer-bridge/runtimes/vllm/server.ts'
import { memoryLog, until } from '../../support/nats.ts'
import { type StubBehaviour, stubVllm } from '../../support/stub-vllm.ts'

let folder: string
const stop = new AbortController()
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'syllabus-vllm-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const endId = 2
const ids = Array.from({ length: 12 }, (_, index) => `q${index}`)
const released: string[] = []

/** What the project's own runtime does for another one: prompts of one token each, and predictions of the tokens. */
const own = {
  async prompts({ out }) {
    const lines = ids.map((id, index) => JSON.stringify({ id, tokens: [100, 200 + index], messages: [] }))
    await writeFile(out, `${lines.join('\n')}\n`)
    return { prompts: out, count: ids.length, room: 8, longest: 2, context: 512, end_ids: [endId], dtype: 'float32' }
  },
  async readReplies({ replies, out }) {
    const text = await readFile(replies, 'utf8')
    const read = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    const byId = new Map(read.map((reply) => [reply.id, reply]))
    const lines = ids.map((id) => ({ id, text: byId.get(id).tokens.join(' '), finish: byId.get(id).finish, tokens: 1 }))
    await writeFile(out, `${lines.map((line) => JSON.stringify(line)).join('\n')}\n`)
    return { predictions: out, sha256: 'a'.repeat(64), count: ids.length, truncated: 0, unfit: 0, open: 0 }
  },
  release: async () => void released.push('released'),
} as Runtime

const gpu: ClaimedDevices = {
  ...noDevices,
  devices: [{ maker: 'nvidia', index: 0, id: 'GPU-a', name: 'NVIDIA H200', totalMb: 1, freeMb: 1, driver: '580' }],
  env: { CUDA_VISIBLE_DEVICES: 'GPU-a', SYLLABUS_DEVICE: 'cuda' },
}

const partsWith = (options: object, devices = noDevices): RuntimeParts => ({
  home: folder,
  settings: BridgeOptions.parse({ infer: 'vllm', vllm: { stopMs: 2000, sequences: 4, ...options } }),
  student: { name: 'tiny', path: '/students/tiny' },
  own,
  devices,
  log: memoryLog(),
  signal: stop.signal,
})

async function started(behaviour: StubBehaviour = {}, options: object = {}, devices = noDevices) {
  const stub = await stubVllm(folder, behaviour)
  const parts = partsWith(options, devices)
  const answerer = answererOf(await ownServer(stub.python, parts), parts, async () => ({
    ...{ name: 'vllm', version: '0.32.0', device: 'cpu', versions: {} },
  }))
  return { ...stub, answerer }
}

/** A PEFT folder whose first projection reads `hidden` numbers, in this layer. */
async function adapterOf(rank: number, job = 'c'.repeat(64), hidden = 64, layer = 0): Promise<string> {
  const path = join(folder, job, 'adapter')
  await mkdir(path, { recursive: true })
  await writeFile(join(path, 'adapter_config.json'), JSON.stringify({ r: rank }))
  const name = `base_model.model.model.layers.${layer}.self_attn.q_proj.lora_A.weight`
  const header = Buffer.from(JSON.stringify({ [name]: { dtype: 'F32', shape: [rank, hidden], data_offsets: [0, 0] } }))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(header.length))
  await writeFile(join(path, 'adapter_model.safetensors'), Buffer.concat([length, header]))
  return path
}

const request = (more: Partial<InferRequest> = {}): InferRequest => ({
  ...{ student: '/students/tiny', adapter: null, questions: '', system: '', inference: { max_new_tokens: 8 } },
  ...{ out: join(folder, 'out.jsonl') },
  ...more,
})

const texts = async () =>
  (await readFile(join(folder, 'out.jsonl'), 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).text)
const expected = ids.map((_, index) => `${200 + index} ${endId}`)
const completions = (events: string[]) => events.filter((event) => event.startsWith('complete'))
const ask = (answerer: Answerer, more: Partial<InferRequest> = {}) =>
  answerer.infer(request(more), { signal: stop.signal })

describe('vLLM answers', () => {
  test('each question once, greedily, as its tokens; adapters are loaded and unloaded on one warm server', async () => {
    const { answerer, events } = await started()
    await using _ = answerer
    const adapter = await adapterOf(16)
    const seen: number[] = []
    await answerer.infer(request({ lora_rank: 16 }), { onProgress: ({ done }) => seen.push(done) })
    expect(await texts()).toEqual(expected)
    expect(seen.toSorted((one, other) => one - other)).toEqual(ids.map((_, index) => index + 1))
    await ask(answerer, { adapter })
    const all = await events()
    expect(all.filter((event) => !event.startsWith('complete'))).toEqual([
      'start rank 16 context 512 dtype float32 on cpu',
      'load syllabus-cccccccccccccccc',
      'unload syllabus-cccccccccccccccc',
    ])
    expect(completions(all)).toHaveLength(2 * ids.length)
    expect(completions(all).slice(0, ids.length).toSorted()).toEqual(
      ids.map((_, index) => `complete student 100 ${200 + index} t0 max 8`).toSorted(),
    )
    expect(
      completions(all)
        .slice(ids.length)
        .every((event) => event.includes('syllabus-cccc')),
    ).toBe(true)
  })

  test('a server that dies in mid-batch is started again, with the adapter, and only what is open is asked', async () => {
    const { answerer, events, set } = await started({ diesBefore: 6 })
    await using _ = answerer
    const adapter = await adapterOf(8)
    const done = ask(answerer, { adapter })
    await until('the end of vLLM', async () => (await events()).includes('dies'))
    await set({})
    await done
    expect(await texts()).toEqual(expected)
    const all = await events()
    expect(all.filter((event) => event.startsWith('start'))).toHaveLength(2)
    expect(all.filter((event) => event.startsWith('load'))).toHaveLength(2)
    // What was answered before the end is kept; a question under way may be asked twice.
    expect(completions(all).length).toBeLessThanOrEqual(ids.length + 4)
  })

  test('replies are kept for the same request, whatever ended the one before', async () => {
    const first = await started({ diesBefore: 8 }, { mostLosses: 1 })
    const failed = ask(first.answerer)
    await until('the end of vLLM', async () => (await first.events()).includes('dies'))
    await first.set({ startFails: 'it fell over' })
    await expect(failed).rejects.toThrow(/vLLM ended with status 1: it fell over/)
    await first.answerer[Symbol.asyncDispose]()
    const before = completions(await first.events()).length
    expect(before).toBeGreaterThan(0)
    const second = await started()
    await using _ = second.answerer
    await ask(second.answerer)
    expect(await texts()).toEqual(expected)
    expect(completions(await second.events()).length).toBeLessThan(ids.length)
  })

  test('on the GPU of the training it sleeps between two requests, and the training gives up its memory while it is awake', async () => {
    released.length = 0
    const { answerer, events } = await started({}, {}, gpu)
    await using _ = answerer
    await ask(answerer)
    await rm(join(folder, 'out.jsonl'))
    await ask(answerer)
    const all = (await events()).filter((event) => !event.startsWith('complete'))
    expect(all).toEqual(['start rank 8 context 512 dtype float32 sleeps on GPU-a', 'sleep', 'wake', 'sleep'])
    expect(released).toHaveLength(2)
  })

  test('one that cannot sleep is ended, so that the training has its memory', async () => {
    const { answerer, events } = await started({ sleepFails: true }, {}, gpu)
    await using _ = answerer
    await ask(answerer)
    await ask(answerer)
    expect((await events()).filter((event) => event.startsWith('start'))).toHaveLength(2)
  })

  test('an adapter of a larger rank than was made room for starts it again', async () => {
    const { answerer, events } = await started()
    await using _ = answerer
    await ask(answerer, { adapter: await adapterOf(8) })
    await ask(answerer, { adapter: await adapterOf(48, 'd'.repeat(64)) })
    const starts = (await events()).filter((event) => event.startsWith('start'))
    expect(starts.map((event) => event.split(' ')[2])).toEqual(['8', '64'])
  })
})

describe('vLLM that cannot', () => {
  const oom = 'torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB'
  test.each<[string, StubBehaviour, object, string, RegExp]>([
    [
      'has no memory to start',
      { startFails: oom },
      {},
      'out_of_memory',
      /memory ran out: .*lower .*vllm\.sequences \(4\) or .*memoryShare \(0\.9\)/,
    ],
    [
      'finds its device full',
      {
        startFails:
          'ValueError: Free memory on device cuda:0 (3.1/79.2 GiB) on startup is less than desired GPU memory utilization (0.9, 71.3 GiB).',
      },
      {},
      'out_of_memory',
      /less memory free.*lower .*memoryShare/,
    ],
    [
      'has no room for keys and values',
      { startFails: 'ValueError: No available memory for the cache blocks. Try increasing `gpu_memory_utilization`' },
      {},
      'out_of_memory',
      /raise .*memoryShare .*or lower .*contextTokens/,
    ],
    [
      'does not know the student',
      { startFails: "ValueError: Model architectures ['FooForCausalLM'] are not supported for now." },
      {},
      'bad_student',
      /infer to peft/,
    ],
    [
      'runs out of memory while it answers',
      { diesBefore: 1, lastLine: oom },
      { mostLosses: 1 },
      'out_of_memory',
      /sequences/,
    ],
    [
      'does not answer what is asked',
      { refuses: [400, 'prompt has a bad token'] },
      {},
      'bad_request',
      /HTTP 400.*bad token/,
    ],
    [
      'has an old driver',
      { startFails: 'RuntimeError: The NVIDIA driver on your system is too old (found version 12020).' },
      {},
      'bad_request',
      /update the NVIDIA driver/,
    ],
    [
      'is asked for more than its context',
      {},
      { contextTokens: 9 },
      'bad_dataset',
      /2 tokens and its reply may have 8, more than the 9 .*contextTokens/,
    ],
  ])('%s', async (_, behaviour, options, kind, message) => {
    const { answerer } = await started(behaviour, options)
    await using _owned = answerer
    await expect(ask(answerer)).rejects.toMatchObject({ kind, message: expect.stringMatching(message) })
  })

  test.each<[string, [number, string], RegExp]>([
    [
      'of another student',
      [400, 'Error: Invalid adapter: size mismatch for q_proj'],
      /fits the student that it was trained on, and no other/,
    ],
    ['that it does not see', [404, 'No adapter found for /x'], /must see this folder under the same path/],
    ['while it runs', [404, '{"detail":"Not Found"}'], /VLLM_ALLOW_RUNTIME_LORA_UPDATING=True/],
  ])('loads no adapter %s', async (_, adapterRefuses, message) => {
    const { answerer } = await started({ adapterRefuses })
    await using _owned = answerer
    await expect(ask(answerer, { adapter: await adapterOf(8) })).rejects.toMatchObject({
      kind: 'bad_request',
      message: expect.stringMatching(message),
    })
  })

  test.each([
    [32, 0, /is of another student: .*q_proj.* reads 32 numbers, and the student has 2 layers of 64/],
    [64, 5, /is of another student: .*q_proj.* is of layer 5/],
  ])('an adapter of another student is refused before it is asked: %d, layer %d', async (hidden, layer, message) => {
    const { answerer, events } = await started()
    await using _ = answerer
    const student = join(folder, 'student')
    await mkdir(student)
    await writeFile(join(student, 'config.json'), JSON.stringify({ hidden_size: 64, num_hidden_layers: 2 }))
    const adapter = await adapterOf(8, 'e'.repeat(64), hidden, layer)
    await expect(ask(answerer, { student, adapter })).rejects.toMatchObject({
      kind: 'bad_request',
      message: expect.stringMatching(message),
    })
    expect(await events()).toEqual([])
  })

  test('a folder without an adapter is refused before it is asked', async () => {
    const { answerer, events } = await started()
    await using _ = answerer
    await expect(ask(answerer, { adapter: join(folder, 'none') })).rejects.toThrow(
      /no adapter at .*adapter_config.json is missing/,
    )
    expect(await events()).toEqual([])
  })

  test('a request that is given up ends at once', async () => {
    const { answerer } = await started()
    await using _ = answerer
    const given = new AbortController()
    const asked = answerer.infer(request(), { signal: given.signal })
    given.abort(new Error('given up'))
    await expect(asked).rejects.toThrow('given up')
  })
})

describe('a vLLM of somebody else', () => {
  test('is asked under its own name, and neither put to sleep nor ended', async () => {
    const stub = await stubVllm(folder)
    const limits = { startMs: 20_000, stopMs: 2000 }
    const args = ['--served-model-name', 'their-student']
    const theirs = await startVllm({ python: stub.python, args, env: {}, log: memoryLog(), ...limits }, stop.signal)
    try {
      const baseUrl = `http://127.0.0.1:${theirs.port}/v1`
      const answerer = await vllm.start(partsWith({ baseUrl }, gpu))
      await ask(answerer, { adapter: await adapterOf(8) })
      expect(await answerer.facts()).toMatchObject({
        name: 'vllm',
        version: '0.32.0-stub',
        versions: { root: '/students/tiny' },
      })
      await answerer[Symbol.asyncDispose]()
      expect(await texts()).toEqual(expected)
      expect((await stub.events()).filter((event) => /sleep|wake|start/.test(event))).toHaveLength(1)
      await expect(vllm.start(partsWith({ baseUrl, model: 'other' }))).rejects.toThrow(
        /does not serve the model other; it serves their-student/,
      )
    } finally {
      await theirs.stop()
    }
  })

  test('that is not there is refused at the start, with its address', async () => {
    await expect(vllm.start(partsWith({ baseUrl: 'http://127.0.0.1:9/v1' }))).rejects.toThrow(
      /http:\/\/127\.0\.0\.1:9\/v1/,
    )
  })
})
