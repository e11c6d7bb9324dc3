import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { Prediction, type TrainRequest } from '../../../schemas/runtime-protocol.ts'
import { type Runtime, type RuntimeOptions, startRuntime } from '../../../trainer-bridge/runtime.ts'
import { RuntimeDiedError } from '../../../trainer-bridge/runtime-errors.ts'
import { isAlive } from '../../support/alive.ts'
import { fakePython, hello } from '../../support/fake-python.ts'
import { makeTinyStudent, runtimePython } from '../../support/python.ts'

let folder: string
let python: string
let student: string
/** Warm for the tests that do it no harm: loading torch takes seconds. */
let shared: Runtime
const logged: string[] = []
const open: Runtime[] = []

const note = (fields: object, message: string) => void logged.push(`${message} ${JSON.stringify(fields)}`)

function start(options: Partial<RuntimeOptions> = {}): Runtime {
  const env = { SYLLABUS_DEVICE: 'cpu', SYLLABUS_HEARTBEAT_SECONDS: '0.3', ...options.env }
  const log = { debug() {}, info: note, warn: note }
  const runtime = startRuntime({ python, log, restartDelayMs: 50, ...options, env })
  open.push(runtime)
  return runtime
}

async function trainRequest(name: string, epochs: number): Promise<TrainRequest> {
  const rows = Array.from({ length: 40 }, (_, n) => ({
    id: `r${n}`,
    instruction: 'Add.',
    input: `${n} and 2`,
    output: `${n + 2}`,
  }))
  const dataset = join(folder, 'rows.jsonl')
  await writeFile(dataset, rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
  const recipe = {
    lora_rank: 4,
    lora_alpha: 8,
    lora_dropout: 0,
    lora_target: 'all',
    learning_rate: 1e-3,
    lr_scheduler_type: 'cosine',
    warmup_ratio: 0.1,
    num_train_epochs: epochs,
    per_device_train_batch_size: 1,
    gradient_accumulation_steps: 8,
    cutoff_len: 256,
    bf16: true,
    max_grad_norm: 1,
    system: 'Be brief.',
  } as const
  return { student, dataset, recipe, seed: 0, out: join(folder, name) }
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'syllabus-runtime-'))
  python = await runtimePython()
  student = await makeTinyStudent(python, join(folder, 'student'))
  shared = start()
  open.pop()
}, 900_000)

afterEach(async () => {
  const pids = open.map((runtime) => runtime.pid).filter((pid) => pid !== undefined)
  await Promise.all(open.splice(0).map((runtime) => runtime[Symbol.asyncDispose]()))
  expect(pids.filter(isAlive)).toEqual([])
  logged.length = 0
})

afterAll(async () => {
  await shared[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

test('trains, then answers with the adapter', { timeout: 120_000 }, async () => {
  const runtime = shared
  expect(await runtime.hello()).toMatchObject({ protocol: 1, device: 'cpu' })
  const steps: number[] = []
  const trained = await runtime.train(await trainRequest('plain', 2), { onProgress: ({ step }) => steps.push(step) })
  expect(trained).toMatchObject({ steps: 10, rows: 40, device: 'cpu' })
  expect([steps[0], steps.at(-1)]).toEqual([1, 10])
  const questions = join(folder, 'questions.jsonl')
  await writeFile(questions, `${JSON.stringify({ id: 'q', instruction: 'Add.', input: '1 and 2' })}\n`)
  const out = join(folder, 'predictions.jsonl')
  const inference = { max_new_tokens: 5 }
  const answered = await runtime.infer({ student, adapter: trained.adapter, questions, system: '', inference, out })
  expect(answered.count).toBe(1)
  expect(Prediction.parse(JSON.parse(await readFile(out, 'utf8'))).id).toBe('q')
})

test('a refused request carries its kind, and the process lives on', { timeout: 120_000 }, async () => {
  const runtime = shared
  const request = await trainRequest('refused', 1)
  await expect(runtime.train({ ...request, student: '/nowhere' })).rejects.toMatchObject({ kind: 'bad_student' })
  const { pid } = runtime
  await runtime.hello()
  expect(runtime.pid).toBe(pid)
})

test('P1 aborting cancels between steps and rejects with the reason; the process stays warm', {
  timeout: 120_000,
}, async () => {
  const runtime = shared
  const stop = new AbortController()
  const reason = new Error('the run was stopped')
  const onProgress = () => stop.abort(reason)
  const training = runtime.train(await trainRequest('aborted', 10_000), { onProgress, signal: stop.signal })
  await expect(training).rejects.toBe(reason)
  const { pid } = runtime
  await runtime.hello()
  expect(runtime.pid).toBe(pid)
})

test('P2 kill -9 in mid-training rejects it; the next call trains to the same adapter in a new process', {
  timeout: 180_000,
}, async () => {
  const expected = await shared.train(await trainRequest('expected', 2))
  const runtime = start()
  const killedPids: number[] = []
  const kill = () => {
    killedPids.push(runtime.pid!)
    process.kill(runtime.pid!, 'SIGKILL')
  }
  const killed = runtime.train(await trainRequest('killed', 10_000), { onProgress: kill })
  await expect(killed).rejects.toBeInstanceOf(RuntimeDiedError)
  const again = await runtime.train(await trainRequest('again', 2))
  expect(killedPids).not.toContain(runtime.pid)
  expect(again.sha256).toBe(expected.sha256)
})

test('P2 a call made at the moment of death is served by the next process', { timeout: 120_000 }, async () => {
  const runtime = start()
  await runtime.hello()
  process.kill(runtime.pid!, 'SIGKILL')
  const outcomes = await Promise.allSettled([runtime.hello(), runtime.hello()])
  for (const outcome of outcomes)
    if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(RuntimeDiedError)
  expect(await runtime.hello()).toMatchObject({ protocol: 1 })
})

test('P3 a process that falls silent is killed', { timeout: 120_000 }, async () => {
  const runtime = start({ heartbeatTimeoutMs: 6_000 })
  await runtime.hello()
  const pid = runtime.pid!
  process.kill(pid, 'SIGSTOP')
  await expect(runtime.hello()).rejects.toThrow('no sign of life for 6000 ms')
  expect(isAlive(pid)).toBe(false)
})

test('a Python that cannot be started says so', async () => {
  await expect(start({ python: '/nowhere/python' }).hello()).rejects.toThrow('/nowhere/python cannot be started')
})

test('lines it does not know are logged and do no harm', async () => {
  const python = await fakePython(folder, `console.log('{"event":"novelty"}'); console.log('no json')`)
  expect(await start({ python }).hello()).toEqual(hello)
  expect(logged.filter((line) => line.includes('unknown'))).toHaveLength(2)
})

test('what it compiled is kept, though the environment forbids it', async () => {
  const python = await fakePython(folder, 'result.torch = process.env.PYTHONDONTWRITEBYTECODE')
  expect(await start({ python, env: { PYTHONDONTWRITEBYTECODE: '1' } }).hello()).toEqual({ ...hello, torch: '' })
})

test('it is given what it uses of the environment, and no key', async () => {
  const python = await fakePython(folder, 'result.torch = Object.keys(process.env).join(" ")')
  const keys = { OPENAI_API_KEY: 'k', EMBED_KEY: 'k', NATS_URL: 'nats://u:p@h', SYLLABUS_CONTAMINATION_KEY: 'k' }
  const uses = {
    CUDA_VISIBLE_DEVICES: '0',
    HF_TOKEN: 't',
    HF_HOME: '/hf',
    https_proxy: 'http://p',
    PYTORCH_ALLOC_CONF: 'x',
    SYLLABUS_FAST_PATHS: 'off',
  }
  const given = (await start({ python, env: { ...keys, ...uses } }).hello()).torch.split(' ')
  expect(given).toEqual(expect.arrayContaining(['PATH', 'SYLLABUS_DEVICE', ...Object.keys(uses)]))
  expect(given.filter((name) => name in keys)).toEqual([])
})

test('disposal rejects what is pending', { timeout: 120_000 }, async () => {
  const runtime = start()
  let begun = () => {}
  const running = new Promise<void>((resolve) => {
    begun = resolve
  })
  const training = runtime.train(await trainRequest('disposed', 10_000), { onProgress: () => begun() })
  const rejected = expect(training).rejects.toThrow()
  await running
  await runtime[Symbol.asyncDispose]()
  await rejected
  await expect(runtime.hello()).rejects.toThrow('the runtime was stopped')
})
