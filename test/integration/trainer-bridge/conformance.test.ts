import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sha256 } from '../../../schemas/hash.ts'
import {
  Prediction,
  type RuntimeEvent,
  type TrainRequest,
  type TrainResult,
} from '../../../schemas/runtime-protocol.ts'
import { BridgeOptions } from '../../../trainer-bridge/options.ts'
import { type Runtime, startRuntime } from '../../../trainer-bridge/runtime.ts'
import { RuntimeDiedError } from '../../../trainer-bridge/runtime-errors.ts'
import { spawnRuntimeProcess } from '../../../trainer-bridge/runtime-process.ts'
import { isAlive } from '../../support/alive.ts'
import { memoryLog, until } from '../../support/nats.ts'
import { home, makeTinyStudent, runtimePython } from '../../support/python.ts'
import { testedTrainers } from '../../support/runtimes.ts'

/** What every runtime does that trains and speaks the protocol. Loading one takes up to a minute on a small machine. */
const patienceMs = 300_000
const env = { SYLLABUS_DEVICE: 'cpu', SYLLABUS_HEARTBEAT_SECONDS: '0.3' }

describe.each(testedTrainers)('runtime $name', (declared) => {
  let folder: string
  let student: string
  let runtime: Runtime
  let command: Awaited<ReturnType<NonNullable<typeof declared.process>>>
  let first: TrainResult
  const steps: number[] = []

  function requestOf(out: string, changes: Partial<TrainRequest> = {}, epochs = 2): TrainRequest {
    const recipe: TrainRequest['recipe'] = {
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
      cutoff_len: 128,
      bf16: false,
      max_grad_norm: 1,
      system: 'Be brief.',
    }
    return { student, dataset: join(folder, 'rows.jsonl'), recipe, seed: 3, out: join(folder, out), ...changes }
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'syllabus-conformance-'))
    const python = await runtimePython()
    student = await makeTinyStudent(python, join(folder, 'student'))
    const rows = Array.from({ length: 40 }, (_, n) => ({
      id: `r${n}`,
      instruction: 'Add.',
      // Every byte is a token: the last row is longer than the cut-off.
      input: `${n} and 2${n === 39 ? ' '.repeat(200) : ''}`,
      output: `${n + 2}`,
    }))
    await writeFile(join(folder, 'rows.jsonl'), rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
    await declared.provision?.({ home, settings: BridgeOptions.parse({}), onProgress: () => {} })
    command = await declared.process!(home)
    runtime = startRuntime({
      ...command,
      log: memoryLog() as never,
      env,
      restartDelayMs: 50,
      heartbeatTimeoutMs: 60_000,
    })
    first = await runtime.train(requestOf('first'), { onProgress: ({ step }) => steps.push(step) })
  }, 900_000)

  afterAll(async () => {
    await runtime?.[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  })

  test('says what it is', async () => {
    const hello = await runtime.hello()
    expect(hello).toMatchObject({ protocol: 1, device: 'cpu' })
    for (const version of [hello.torch, hello.transformers, hello.peft, hello.version ?? hello.peft])
      expect(version).toMatch(/^\d+\.\d+/)
  })

  test('tells each step that it says, in order, and the curve of all', () => {
    expect(first).toMatchObject({ steps: 10, rows: 39, left_out: 1, device: 'cpu' })
    expect([steps[0], steps.at(-1)]).toEqual([1, 10])
    expect(steps).toEqual(steps.toSorted((one, other) => one - other))
    expect(first.loss_curve.map(([step]) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    expect(first.loss_curve.at(-1)![1]).toBeLessThan(first.loss_curve[0]![1])
    expect(first.tokens_per_s / (first.tokens / first.seconds)).toBeCloseTo(1, 1)
  })

  test('leaves an adapter in the layout of PEFT, named by its files', async () => {
    const names = (await readdir(first.adapter)).sort()
    expect(names).toEqual(['adapter_config.json', 'adapter_model.safetensors'])
    const files = await Promise.all(names.map((name) => readFile(join(first.adapter, name))))
    expect(first.sha256).toBe(sha256(files.map((bytes, at) => `${names[at]}\0${sha256(bytes)}`).join('')))
    expect(JSON.parse(String(files[0]))).toMatchObject({ peft_type: 'LORA', r: 4, lora_alpha: 8 })
    expect(String(files[0])).not.toContain(folder)
  })

  test('its adapter answers in the project’s own runtime', { timeout: patienceMs }, async () => {
    await using own = startRuntime({ python: await runtimePython(), log: memoryLog() as never, env })
    const [questions, out] = [join(folder, 'questions.jsonl'), join(folder, 'predictions.jsonl')]
    await writeFile(questions, `${JSON.stringify({ id: 'q', instruction: 'Add.', input: '1 and 2' })}\n`)
    const asked = { student, questions, system: 'Be brief.', inference: { max_new_tokens: 5 }, out }
    expect(await own.infer({ ...asked, adapter: first.adapter })).toMatchObject({ count: 1 })
    expect(Prediction.parse(JSON.parse(await readFile(out, 'utf8'))).id).toBe('q')
  })

  test('the same request gives the same adapter, and another seed another one', { timeout: patienceMs }, async () => {
    expect((await runtime.train(requestOf('again'))).sha256).toBe(first.sha256)
    expect((await runtime.train(requestOf('other', { seed: 4 }))).sha256).not.toBe(first.sha256)
  })

  test('a refused request says which kind of fault it is, and the process lives on', {
    timeout: patienceMs,
  }, async () => {
    const { pid } = runtime
    const empty = join(folder, 'empty.jsonl')
    await writeFile(empty, '')
    const refused: [Partial<TrainRequest>, string][] = [
      [{ student: '/nowhere' }, 'bad_student'],
      [{ dataset: join(folder, 'none.jsonl') }, 'bad_dataset'],
      [{ dataset: empty }, 'bad_dataset'],
      [{ recipe: { ...requestOf('x').recipe, cutoff_len: 16 } }, 'bad_dataset'],
    ]
    for (const [changes, kind] of refused)
      await expect(runtime.train(requestOf('refused', changes)), kind).rejects.toMatchObject({ kind })
    await runtime.hello()
    expect(runtime.pid).toBe(pid)
  })

  test('a key that it does not know, an unknown operation and a line that is none are refused by name', {
    timeout: patienceMs,
  }, async () => {
    const events: RuntimeEvent[] = []
    const ended = Promise.withResolvers<string>()
    const limits = { heartbeatTimeoutMs: 60_000, log: memoryLog() as never, env }
    const process = spawnRuntimeProcess({
      ...command,
      ...limits,
      onEvent: (event) => events.push(event),
      onExit: ended.resolve,
    })
    const { recipe, ...request } = requestOf('key')
    process.send({ id: 'key', op: 'train', ...request, recipe: { ...recipe, lora_rnk: 8 } })
    process.send({ id: 'op', op: 'fly' })
    process.send('no object' as never)
    const errors = () => events.filter((event) => event.event === 'error')
    await until('the errors', () => errors().length === 3, patienceMs)
    const answers = new Map(errors().map(({ id, kind, message }) => [id, { kind, message }]))
    expect(answers.get('key')).toMatchObject({ kind: 'bad_request', message: expect.stringContaining('lora_rnk') })
    expect(answers.get('op')).toMatchObject({ kind: 'bad_request', message: expect.stringContaining('fly') })
    expect(answers.get(null)).toMatchObject({ kind: 'bad_request' })
    expect(events.some(({ event }) => event === 'heartbeat')).toBe(true)
    await process.stop(60_000)
    expect(await ended.promise).toContain('status 0')
  })

  test('aborting ends a training with the reason; the process stays, and trains again', {
    timeout: patienceMs,
  }, async () => {
    const stop = new AbortController()
    const reason = new Error('the run was stopped')
    const training = runtime.train(requestOf('aborted', {}, 5000), {
      onProgress: () => stop.abort(reason),
      signal: stop.signal,
    })
    const { pid } = runtime
    await expect(training).rejects.toBe(reason)
    expect((await runtime.train(requestOf('after'))).sha256).toBe(first.sha256)
    expect(runtime.pid).toBe(pid)
  })

  test('killed in a training, it ends with all that it started, and the next call finds another', {
    timeout: patienceMs,
  }, async () => {
    let below: number[] = []
    const kill = async () => {
      below = await processesBelow(runtime.pid!)
      process.kill(runtime.pid!, 'SIGKILL')
    }
    const training = runtime.train(requestOf('killed', {}, 5000), { onProgress: () => void kill() })
    await expect(training).rejects.toBeInstanceOf(RuntimeDiedError)
    await until('all have ended', () => !below.some(isAlive), 30_000)
    expect((await runtime.train(requestOf('next'))).sha256).toBe(first.sha256)
  })
})

/** Ids of the processes that a process has started, and those in turn; Linux. */
async function processesBelow(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '')
  const children = text.split(' ').filter(Boolean).map(Number)
  return [...children, ...(await Promise.all(children.map(processesBelow))).flat()]
}
