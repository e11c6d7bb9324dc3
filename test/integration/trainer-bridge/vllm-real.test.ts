import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { provisionStudent } from '../../../provision/mod.ts'
import type { InferRequest, TrainRequest } from '../../../schemas/runtime-protocol.ts'
import { noDevices } from '../../../trainer-bridge/devices/claim.ts'
import { BridgeOptions } from '../../../trainer-bridge/options.ts'
import { type Runtime, startRuntime } from '../../../trainer-bridge/runtime.ts'
import type { Answerer } from '../../../trainer-bridge/runtimes/runtime.ts'
import { vllm } from '../../../trainer-bridge/runtimes/vllm/runtime.ts'
import { memoryLog, until } from '../../support/nats.ts'
import { home, runtimePython } from '../../support/python.ts'
import { isTested } from '../../support/runtimes.ts'

/** vLLM takes gigabytes and minutes: tested where SYLLABUS_RUNTIMES names it. */
const patienceMs = 1_800_000

test.runIf(isTested('vllm'))(
  'vLLM answers as the project’s own runtime, and again after it was killed',
  {
    timeout: patienceMs,
  },
  async () => {
    const { answerer, own, request, texts, pidOf } = await opened()
    const adapter = await trained(own, request.student)
    for (const asked of [
      { ...request, adapter: null },
      { ...request, adapter },
    ]) {
      await own.infer(asked)
      const mine = await texts()
      await answerer.infer(asked)
      const equal = (await texts()).filter((text, at) => text === mine[at]).length
      // Sums in another order may change a token whose logit is about that of another one.
      expect(equal).toBeGreaterThanOrEqual(questionCount - 2)
    }
    let done = 0
    const before = await texts()
    const onProgress = (progress: { done: number }) => {
      done = progress.done
    }
    const again = answerer.infer({ ...request, adapter }, { onProgress })
    await until('a first reply', () => done > 0, patienceMs)
    process.kill(pidOf(), 'SIGKILL')
    expect(await again).toMatchObject({ count: questionCount })
    expect(await texts()).toEqual(before)
  },
)

const questionCount = 12
let folder: string
const open: AsyncDisposable[] = []
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'syllabus-vllm-real-'))
})
afterAll(async () => {
  for (const each of open.toReversed()) await each[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

async function opened() {
  const python = await runtimePython()
  const { signal } = new AbortController()
  const student = await provisionStudent({ home, python, onProgress: () => {}, signal })
  const own = startRuntime({ python, log: memoryLog(), env: { SYLLABUS_DEVICE: 'cpu' } })
  const settings = BridgeOptions.parse({ infer: 'vllm', vllm: { eager: true, sequences: 4, cpuCacheGb: 1 } })
  const setup = { home, settings, signal }
  await vllm.provision?.({ ...setup, onProgress: () => {} })
  const log = memoryLog()
  const answerer: Answerer = await vllm.start({
    ...setup,
    student: { name: 'embedded', path: student.path },
    own,
    devices: noDevices,
    log,
  })
  open.push(own, answerer)
  const questions = join(folder, 'questions.jsonl')
  const lines = Array.from({ length: questionCount }, (_, n) =>
    JSON.stringify({ id: `q${n}`, instruction: 'Answer with a number.', input: `What is ${n} and ${n + 3}?` }),
  )
  await writeFile(questions, `${lines.join('\n')}\n`)
  const out = join(folder, 'out.jsonl')
  const asked = { questions, system: '', inference: { max_new_tokens: 24 }, bf16: false, lora_rank: 8, out }
  const request: InferRequest = { student: student.path, adapter: null, ...asked }
  const texts = async () =>
    (await readFile(out, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).text as string)
  const pidOf = () => Number(log.lines.findLast(({ message }) => message === 'vllm answers')!.pid)
  return { answerer, own, request, texts, pidOf }
}

async function trained(own: Runtime, student: string): Promise<string> {
  const dataset = join(folder, 'rows.jsonl')
  const rows = Array.from({ length: 24 }, (_, n) =>
    JSON.stringify({
      id: `r${n}`,
      instruction: 'Answer with a number.',
      input: `What is ${n} and 2?`,
      output: `${n + 2}`,
    }),
  )
  await writeFile(dataset, `${rows.join('\n')}\n`)
  const recipe: TrainRequest['recipe'] = {
    ...{ lora_rank: 8, lora_alpha: 16, lora_dropout: 0, lora_target: 'all', learning_rate: 1e-3 },
    ...{ lr_scheduler_type: 'cosine', warmup_ratio: 0.1, num_train_epochs: 1, per_device_train_batch_size: 1 },
    ...{ gradient_accumulation_steps: 8, cutoff_len: 256, bf16: false, max_grad_norm: 1, system: '' },
  }
  return (await own.train({ student, dataset, recipe, seed: 1, out: join(folder, 'training') })).adapter
}
