/**
 * Measures the runtimes on a GPU in at most ten minutes: the embedded student, and a student of Llama-3.1-8B's shape with random weights.
 *
 *   npm run figures:gpu [-- --students embedded,8b --vllm --minutes 10]
 *
 * Training tokens a second beside a plain loop of transformers and peft, answers to 436 questions of 600 tokens, peak memory, recovery from
 * memory that runs out, and two bridges on one device. Packages and student are fetched before, by `npx syllabus doctor` or a first run.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { createLog } from '../../agents/kit/log.ts'
import { homeFolder } from '../../machine/folders.ts'
import { provisionRuntime, provisionStudent, runCommand, runtimeEnvironment } from '../../provision/mod.ts'
import type { InferRequest, TrainRequest } from '../../schemas/runtime-protocol.ts'
import { reasonOf } from '../../schemas/user-error.ts'
import { claimDevices } from '../../trainer-bridge/devices/claim.ts'
import { listDevices } from '../../trainer-bridge/devices/list.ts'
import { BridgeOptions } from '../../trainer-bridge/options.ts'
import { startRuntime } from '../../trainer-bridge/runtime.ts'
import { answerers } from '../../trainer-bridge/runtimes/table.ts'

const { values } = parseArgs({
  options: {
    students: { type: 'string', default: 'embedded,8b' },
    vllm: { type: 'boolean', default: false },
    minutes: { type: 'string', default: '10' },
  },
})
const signal = AbortSignal.timeout(Number(values.minutes) * 60_000)
const line = (text: string) => console.log(text)
const home = homeFolder()
const log = createLog({ role: 'bench' }, { level: 'silent' })
const parts = fileURLToPath(new URL('gpu_parts.py', import.meta.url))
const { python } = await provisionRuntime({ home, onProgress: line, signal })
const embedded = await provisionStudent({ home, python, onProgress: line, signal })
const folder = await mkdtemp(join(tmpdir(), 'syllabus-gpu-'))
await using devices = await claimDevices({ gpus: [0], signal })
const [gpu] = devices.devices
line(`${gpu!.name}, ${gpu!.totalMb} MB, driver ${gpu!.driver}`)

const second = await claimDevices({ gpus: [0] }).then(
  () => 'NOT REFUSED',
  (error: unknown) => reasonOf(error),
)
line(`a second bridge on it: ${second}\n`)

/** The most memory that the GPU had in use while something was done. */
async function peakOf<T>(work: () => Promise<T>): Promise<{ result: T; peakGb: number }> {
  let [peak, isOver] = [0, false]
  const watching = (async () => {
    while (!isOver) {
      const [now] = (await listDevices()).filter(({ id }) => id === gpu!.id)
      if (now?.totalMb && now.freeMb !== null) peak = Math.max(peak, now.totalMb - now.freeMb)
    }
  })()
  try {
    return { result: await work(), peakGb: Math.round(peak / 102.4) / 10 }
  } finally {
    isOver = true
    await watching
  }
}

const env = { ...runtimeEnvironment(), ...devices.env }
const recipe: TrainRequest['recipe'] = {
  ...{
    lora_rank: 8,
    lora_alpha: 16,
    lora_dropout: 0,
    lora_target: 'all',
    learning_rate: 1e-4,
    lr_scheduler_type: 'cosine',
  },
  ...{ warmup_ratio: 0.1, num_train_epochs: 1, per_device_train_batch_size: 4, gradient_accumulation_steps: 2 },
  ...{ cutoff_len: 2048, bf16: true, max_grad_norm: 1, system: 'Be brief.' },
}
const words = (count: number, seed: number) =>
  Array.from(
    { length: count },
    (_, at) => ['box', 'of', 'seven', 'pens', 'costs', '4.20', 'each'][(at * seed) % 7],
  ).join(' ')
const dataset = join(folder, 'rows.jsonl')
const rows = Array.from({ length: 128 }, (_, n) => ({
  ...{ id: `r${n}`, instruction: 'Work it out.', input: words(300, n + 1), output: words(200, n + 2) },
}))
await writeFile(dataset, rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
const questions = join(folder, 'questions.jsonl')
const asked = Array.from({ length: 436 }, (_, n) => ({
  id: `q${n}`,
  instruction: 'Work it out.',
  input: words(60, n + 1),
}))
await writeFile(questions, asked.map((each) => `${JSON.stringify(each)}\n`).join(''))

async function measure(name: string, student: string): Promise<void> {
  await using own = startRuntime({ python, log, env: devices.env })
  const request = { student, dataset, recipe, seed: 1, out: join(folder, name) }
  const { result: trained, peakGb } = await peakOf(() => own.train(request, { signal }))
  await own.release()
  const plain = JSON.parse(
    await runCommand(python, [parts, 'plain', student, dataset, JSON.stringify(recipe)], { env, signal }),
  )
  const ratio = (trained.tokens_per_s / plain.tokens_per_s).toFixed(2)
  line(
    `${name}: trains ${trained.tokens_per_s} tokens/s, peak ${peakGb} GB; plain loop ${plain.tokens_per_s}, peak ${plain.peak_gb} GB: ${ratio} of it`,
  )

  const inference = { max_new_tokens: 600 }
  const out = join(folder, `${name}.jsonl`)
  const ask: InferRequest = { student, adapter: trained.adapter, questions, inference, system: '', lora_rank: 8, out }
  const own436 = await peakOf(() => own.infer(ask, { signal }))
  line(`${name}: peft answers 436 questions in ${own436.result.seconds} s, peak ${own436.peakGb} GB`)
  if (values.vllm) {
    const settings = BridgeOptions.parse({ infer: 'vllm' })
    const parts = { home, settings, student: { name, path: student }, own, devices, log, signal }
    await using vllm = await answerers.vllm.start(parts)
    await vllm.infer({ ...ask, out: join(folder, `${name}-first.jsonl`) }, { signal })
    const its = await peakOf(() => vllm.infer({ ...ask, out: join(folder, `${name}-vllm.jsonl`) }, { signal }))
    line(`${name}: vLLM answers them in ${its.result.seconds} s (loaded, and waking up), peak ${its.peakGb} GB`)
  }

  await own.release()
  // What one row needs, and little more than a pass of several.
  const leftGb = (peakGb * 0.6).toFixed(1)
  const filler: ChildProcess = spawn(python, [parts, 'fill', leftGb], { env, stdio: ['pipe', 'pipe', 'inherit'] })
  await once(filler.stdout!, 'data')
  const recovered = await own
    .train({ ...request, out: join(folder, `${name}-less`) }, { signal })
    .then(
      ({ halvings, loss_curve }) =>
        `halved ${halvings} times; last loss ${loss_curve.at(-1)![1]} (${trained.loss_curve.at(-1)![1]} with all memory)`,
      reasonOf,
    )
  filler.stdin!.end()
  await once(filler, 'close')
  line(`${name}: with ${leftGb} GB: ${recovered}\n`)
}

try {
  for (const name of values.students.split(',')) {
    const student = name === 'embedded' ? embedded.path : join(folder, '8b')
    if (name === '8b') await runCommand(python, [parts, 'make', embedded.path, student], { env, signal })
    await measure(name, student)
  }
} finally {
  await rm(folder, { recursive: true, force: true })
}
