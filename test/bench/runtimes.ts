/**
 * Figures of the runtimes that train:
 * npm run figures:runtimes -- [--runtimes peft,llama-factory] [--rows 100] [--items 60] [--warmup 0] [--epochs 1] [--float32] [--seed 1]
 *
 * Trains the embedded student on the same rows of the bundled task with each runtime, asks each adapter validation items with the project's
 * own runtime, and prints loss curves, tokens a second and results, each beside the first runtime. `--warmup` replaces the recipe's
 * warmup_ratio: transformers begins a warm-up at a rate of 0, and the project's own runtime at the first rate above it.
 * `--float32`: weights and products in float32, so that runtimes differ by less than bfloat16 rounds.
 * What a runtime needs is installed into SYLLABUS_HOME on first use.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { parseArgs } from 'node:util'
import { createLog } from '../../agents/kit/log.ts'
import { homeFolder } from '../../machine/folders.ts'
import { provisionRuntime, provisionStudent } from '../../provision/mod.ts'
import { Prediction, type TrainResult } from '../../schemas/runtime-protocol.ts'
import { bundledTask } from '../../tasks/bundled-task.ts'
import { loadTask } from '../../tasks/load.ts'
import { procedureOf } from '../../tasks/procedures.ts'
import { openTaskScorer } from '../../tasks/score-with.ts'
import { noDevices } from '../../trainer-bridge/devices/claim.ts'
import { BridgeOptions } from '../../trainer-bridge/options.ts'
import { startRuntime } from '../../trainer-bridge/runtime.ts'
import { trainers } from '../../trainer-bridge/runtimes/table.ts'

const { values } = parseArgs({
  options: {
    runtimes: { type: 'string', default: 'peft,llama-factory' },
    rows: { type: 'string', default: '100' },
    items: { type: 'string', default: '60' },
    epochs: { type: 'string' },
    warmup: { type: 'string' },
    float32: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
  },
})
const line = (text: string) => console.log(text)
const home = homeFolder()
const folder = await mkdtemp(join(tmpdir(), 'syllabus-runtimes-'))
const { signal } = new AbortController()
const settings = BridgeOptions.parse({})
const log = createLog({ role: 'bench' }, { level: 'silent' })
const { python } = await provisionRuntime({ home, onProgress: line })
const { path } = await provisionStudent({ home, python, onProgress: line, signal })
const student = { name: basename(path), path }
const task = await loadTask(bundledTask)
const recipe = {
  ...task.recipe,
  ...(values.warmup !== undefined && { warmup_ratio: Number(values.warmup) }),
  ...(values.float32 && { bf16: false }),
  ...(values.epochs !== undefined && { num_train_epochs: Number(values.epochs) }),
}
const items = task.validation.slice(0, Number(values.items))
const [dataset, questions] = [join(folder, 'rows.jsonl'), join(folder, 'questions.jsonl')]
const linesOf = (all: readonly object[]) => all.map((each) => `${JSON.stringify(each)}\n`).join('')
const skills = task.skills.map(({ name }) => name)
const procedure = (await procedureOf(task))!
const rows = Array.from({ length: Number(values.rows) }, (_, n) => {
  const asked = {
    skill: skills[n % skills.length]!,
    difficulty: 1,
    range: 'wide',
    phrasings: 4,
    seed: String(n),
  } as const
  const { instruction, input, output } = procedure.sampleRow(asked)
  return { id: `r${n}`, instruction, input, output }
})
await writeFile(dataset, linesOf(rows))
await writeFile(questions, linesOf(items.map(({ id, instruction, input }) => ({ id, instruction, input }))))
const scorer = openTaskScorer(task.scorer)
await using own = startRuntime({ python, log })

type Measured = { name: string; version: string; trained: TrainResult; right: boolean[]; texts: string[] }

async function measure(name: keyof typeof trainers): Promise<Measured> {
  const declared = trainers[name]
  await declared.provision?.({ home, settings, onProgress: line })
  await using trainer = await declared.start({ home, settings, student, own, devices: noDevices, log, signal })
  const { version, device } = await trainer.facts()
  const request = { student: student.path, dataset, recipe, seed: Number(values.seed), out: join(folder, name) }
  const trained = await trainer.train(request, {
    onProgress: ({ step, steps, loss }) => process.stderr.write(`\r${name}: step ${step} of ${steps}, loss ${loss}  `),
  })
  process.stderr.write('\n')
  line(`${name} ${version} on ${device}: ${trained.tokens_per_s} tokens/s, ${trained.seconds} s`)
  const out = join(folder, `${name}.jsonl`)
  const { inference } = task
  await own.infer({ student: student.path, adapter: trained.adapter, questions, inference, system: recipe.system, out })
  const replies = (await readFile(out, 'utf8'))
    .trim()
    .split('\n')
    .map((text) => Prediction.parse(JSON.parse(text)))
  const right = await Promise.all(
    items.map(
      async ({ answer, ...item }, at) => (await scorer.score(replies[at]!.text, answer, item))[task.scorer.primary],
    ),
  )
  return { name, version, trained, right, texts: replies.map(({ text }) => text) }
}

const measured: Measured[] = []
for (const name of values.runtimes.split(',')) measured.push(await measure(name as keyof typeof trainers))
const [first, ...others] = measured as [Measured, ...Measured[]]
line(
  `\n${rows.length} rows, ${recipe.num_train_epochs} epochs, warm-up ${recipe.warmup_ratio}, bf16 ${recipe.bf16}, seed ${values.seed}\n`,
)
line(
  '| runtime | tokens/s | s | first loss | last loss | largest difference of a step | right | results equal | replies equal |',
)
line('|---|---|---|---|---|---|---|---|---|')
for (const { name, version, trained, right, texts } of measured) {
  const differences = trained.loss_curve.map(([, loss], at) => Math.abs(loss / first.trained.loss_curve[at]![1] - 1))
  const equal = <T>(mine: readonly T[], its: readonly T[]) => mine.filter((each, at) => each === its[at]).length
  line(
    `| ${name} ${version} | ${trained.tokens_per_s} | ${trained.seconds} | ${trained.loss_curve[0]![1]} | ${trained.loss_curve.at(-1)![1]} | ${(100 * Math.max(...differences)).toFixed(2)} % | ${right.filter(Boolean).length} of ${items.length} | ${equal(right, first.right)} of ${items.length} | ${equal(texts, first.texts)} of ${items.length} |`,
  )
}
for (const { name, trained } of others) {
  line(`\n${name} beside ${first.name}, step by step:`)
  for (const [at, [step, loss]] of trained.loss_curve.entries()) {
    const usual = first.trained.loss_curve[at]![1]
    line(
      `  ${String(step).padStart(3)}  ${usual.toFixed(4)}  ${loss.toFixed(4)}  ${(100 * (loss / usual - 1)).toFixed(2)} %`,
    )
  }
}
await rm(folder, { recursive: true, force: true })
