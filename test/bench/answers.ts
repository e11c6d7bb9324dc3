/**
 * Compares an answering runtime with the project's own on the bundled task's validation items, with and without one adapter: results that
 * are equal, and how close the first tokens that differ are in the project's own computation.
 *
 *   npm run figures:answers -- --adapter <folder> [--infer vllm] [--eager] [--float32]
 *   npm run figures:answers -- --adapter <folder> --base-url http://127.0.0.1:8000/v1 --model student
 */

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { createLog } from '../../agents/kit/log.ts'
import { homeFolder } from '../../machine/folders.ts'
import { provisionRuntime, provisionStudent, runCommand, runtimeEnvironment } from '../../provision/mod.ts'
import { type InferRequest, Prediction } from '../../schemas/runtime-protocol.ts'
import { bundledTask } from '../../tasks/bundled-task.ts'
import { loadTask } from '../../tasks/load.ts'
import { openTaskScorer } from '../../tasks/score-with.ts'
import { noDevices } from '../../trainer-bridge/devices/claim.ts'
import { chatOf } from '../../trainer-bridge/job.ts'
import { BridgeOptions } from '../../trainer-bridge/options.ts'
import { startRuntime } from '../../trainer-bridge/runtime.ts'
import { answerers } from '../../trainer-bridge/runtimes/table.ts'

const { values } = parseArgs({
  options: {
    adapter: { type: 'string' },
    infer: { type: 'string', default: 'vllm' },
    items: { type: 'string', default: '60' },
    'base-url': { type: 'string' },
    model: { type: 'string' },
    eager: { type: 'boolean', default: false },
    float32: { type: 'boolean', default: false },
    'log-level': { type: 'string', default: 'silent' },
  },
})
const line = (text: string) => console.log(text)
const home = homeFolder()
const { signal } = new AbortController()
const log = createLog({ role: 'bench' }, { level: values['log-level'] })
const { python } = await provisionRuntime({ home, onProgress: line })
const { path } = await provisionStudent({ home, python, onProgress: line, signal })
const baseUrl = values['base-url']
const settings = BridgeOptions.parse({
  infer: values.infer,
  vllm: { eager: values.eager, sequences: 32, ...(baseUrl && { baseUrl, model: values.model }) },
  ...(values.infer === 'endpoint' && { endpoint: { baseUrl, model: values.model, apiKeyEnv: null } }),
})
const task = await loadTask(bundledTask)
const items = task.validation.slice(0, Number(values.items))
const folder = await mkdtemp(join(tmpdir(), 'syllabus-answers-'))
const questions = join(folder, 'questions.jsonl')
const asked = items.map(({ id, instruction, input }) => `${JSON.stringify({ id, instruction, input })}\n`)
await writeFile(questions, asked.join(''))
const scorer = openTaskScorer(task.scorer)
await using own = startRuntime({ python, log })
const declared = answerers[settings.infer]
await declared.provision?.({ home, settings, onProgress: line })
const student = { name: basename(path), path }
await using other = await declared.start({ home, settings, student, own, devices: noDevices, log, signal })
const facts = await other.facts()

type Answered = { right: boolean[]; texts: string[]; seconds: number; tokens: number }

async function answer(by: Pick<typeof own, 'infer'>, name: string, adapter: string | null): Promise<Answered> {
  const out = join(folder, `${name}-${adapter ? 'adapter' : 'base'}.jsonl`)
  const { system, lora_rank } = task.recipe
  const inference = { ...task.inference, ...chatOf(task.inference, {}) }
  const request: InferRequest = {
    student: path,
    adapter,
    questions,
    system,
    inference,
    lora_rank,
    bf16: !values.float32,
    out,
  }
  const { seconds } = await by.infer(request)
  const read = (await readFile(out, 'utf8')).trim().split('\n')
  const replies = read.map((text) => Prediction.parse(JSON.parse(text)))
  const right = await Promise.all(
    items.map(
      async ({ answer, ...item }, at) => (await scorer.score(replies[at]!.text, answer, item))[task.scorer.primary],
    ),
  )
  const tokens = replies.reduce((sum, reply) => sum + reply.tokens, 0)
  return { right, texts: replies.map(({ text }) => text), seconds, tokens }
}

line(
  `${facts.name} ${facts.version} on ${facts.device} (${Object.entries(facts.versions)
    .map((each) => each.join(' '))
    .join(', ')})\n`,
)
line('| model | runtime | right | s | tokens/s | results equal | replies equal |')
line('|---|---|---|---|---|---|---|')
const differing: { id: string; adapter: string | null; own: string; other: string }[] = []
for (const adapter of [null, ...(values.adapter ? [resolve(values.adapter)] : [])]) {
  const mine = await answer(own, 'own', adapter)
  const its = await answer(other, 'other', adapter)
  const equal = <T>(one: readonly T[], two: readonly T[]) => one.filter((each, at) => each === two[at]).length
  const row = (name: string, { right, seconds, tokens }: Answered, rest: string) =>
    line(
      `| ${adapter ? 'adapter' : 'base'} | ${name} | ${right.filter(Boolean).length} of ${items.length} | ${seconds} | ${Math.round(tokens / seconds)} | ${rest} |`,
    )
  row('peft', mine, '| ')
  row(
    facts.name,
    its,
    `${equal(mine.right, its.right)} of ${items.length} | ${equal(mine.texts, its.texts)} of ${items.length}`,
  )
  for (const [at, text] of mine.texts.entries()) {
    if (text !== its.texts[at]) differing.push({ id: items[at]!.id, adapter, own: text, other: its.texts[at]! })
  }
}
if (differing.length > 0) {
  const file = join(folder, 'differing.jsonl')
  await writeFile(file, differing.map((each) => `${JSON.stringify(each)}\n`).join(''))
  const script = fileURLToPath(new URL('margins.py', import.meta.url))
  const args = [script, path, questions, file, task.recipe.system, JSON.stringify(chatOf(task.inference, {}))]
  line(
    '\nWhere a reply differs: the first token that does, and how far apart the two are in float32 (logits; of all logits, the deviation).\n',
  )
  line(await runCommand(python, args, { env: runtimeEnvironment() }))
}
await rm(folder, { recursive: true, force: true })
