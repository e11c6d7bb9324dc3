/**
 * Figures of exported models: npm run figures:models -- RUN [MODEL] [--python PYTHON] [--keep]
 *
 * Exports a trained model of a run of SYLLABUS_HOME, merged in float32, and asks what was written by other software, on 60 validation
 * items, greedily:
 * - the adapter on its base and the merged model, with plain transformers in float32, by a Python that sees no file of this project: that
 *   of `--python`, with torch, transformers and peft; left out: a new environment with the packages of the home's runtime;
 * - the GGUF file in q8_0, with node-llama-cpp 3.21.1, which is installed into the temporary folder (700 MB).
 * It ends with status 1 where fewer replies or results agree than are wanted.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { withBus } from '../../launcher/with-bus.ts'
import { homeFolder } from '../../machine/folders.ts'
import { exportModel } from '../../models/export/export-model.ts'
import { baseOfRun, modelsOfRun } from '../../models/trained-models.ts'
import { provisionRuntime } from '../../provision/mod.ts'
import { type ScorerChoice, userTurn } from '../../schemas/task.ts'
import { openTaskScorer } from '../../tasks/score-with.ts'

const { values, positionals } = parseArgs({
  options: { python: { type: 'string' }, keep: { type: 'boolean', default: false } },
  allowPositionals: true,
})
const [runId = '', model = 'final'] = positionals
const wanted = { items: 60, replies: 60, results: 57 }
const folder = await mkdtemp(join(tmpdir(), 'syllabus-models-'))
const at = (name: string) => join(folder, name)
const line = (text: string) => console.log(text)

/** A new environment that has the packages of another one, and nothing else. */
async function newEnvironment(python: string): Promise<string> {
  runAlone(python, ['-m', 'venv', '--without-pip', at('venv')])
  const packagesOf = (of: string) =>
    execFileSync(of, ['-I', '-c', 'import sysconfig; print(sysconfig.get_path("purelib"))'], {
      encoding: 'utf8',
    }).trim()
  const own = at('venv/bin/python')
  await writeFile(join(packagesOf(own), 'packages.pth'), `${packagesOf(python)}\n`)
  return own
}

/** With one thread, and without this project on any path. */
function runAlone(command: string, args: readonly string[], cwd = folder): void {
  const env = { PATH: process.env.PATH, HOME: folder, OMP_NUM_THREADS: '1', HF_HUB_OFFLINE: '1' }
  const { status } = spawnSync(command, args, { cwd, env, stdio: ['ignore', 'inherit', 'inherit'] })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with status ${status}`)
}

const textsOf = async (name: string) =>
  new Map(
    (await readFile(at(name), 'utf8'))
      .trim()
      .split('\n')
      .map((text) => JSON.parse(text) as { id: string; text: string })
      .map(({ id, text }) => [id, text]),
  )

const home = homeFolder()
const { signal } = new AbortController()
const { python } = await provisionRuntime({ home, onProgress: line })
const alone = values.python ?? (await newEnvironment(python))
const task = await withBus(async (bus) => {
  const run = await modelsOfRun(bus, runId)
  const { path: base } = await baseOfRun(run, { home, python, onProgress: line, signal })
  const parts = { adapter: at('adapter'), merged: at('merged'), gguf: at('gguf') }
  const request = { runId, model, parts, base, type: 'float32', maxShard: '5GB', gguf: ['q8_0'], home, signal } as const
  const exported = await exportModel(bus, request, { line, progress: () => {} })
  line(`adapter ${exported.adapterHash}, as the log says`)
  return run.task
})
const items = task.validation.slice(0, wanted.items)
const { system } = task.recipe
const asked = items.map((item) => ({
  id: item.id,
  messages: [...(system ? [{ role: 'system', content: system }] : []), { role: 'user', content: userTurn(item) }],
  max_new_tokens: task.inference.max_new_tokens,
}))
await writeFile(at('items.jsonl'), asked.map((item) => `${JSON.stringify(item)}\n`).join(''))

/** All Python of this project is in it. */
const project = join(import.meta.dirname, '../../trainer-bridge')
await copyFile(join(import.meta.dirname, 'plain_transformers.py'), at('plain_transformers.py'))
for (const name of ['adapter', 'merged']) {
  runAlone(alone, ['-I', at('plain_transformers.py'), at(name), at('items.jsonl'), at(`${name}.jsonl`), project])
}
await copyFile(join(import.meta.dirname, 'ask-gguf.mjs'), at('ask-gguf.mjs'))
const npm = ['install', '--no-audit', '--no-fund', '--ignore-scripts', 'node-llama-cpp@3.21.1']
if (spawnSync('npm', npm, { cwd: folder, stdio: 'inherit' }).status !== 0)
  throw new Error('node-llama-cpp is not there')
const file = at(`gguf/${task.id}-${model}-q8_0.gguf`)
runAlone(process.execPath, [at('ask-gguf.mjs'), file, at('prompts.jsonl'), at('gguf.jsonl')])

const [adapter, merged, gguf] = [
  await textsOf('adapter.jsonl'),
  await textsOf('merged.jsonl'),
  await textsOf('gguf.jsonl'),
]
const scorer = openTaskScorer(task.scorer as ScorerChoice)
let [replies, results] = [0, 0]
for (const { id, answer, ...question } of items) {
  const rightOf = async (texts: Map<string, string>) =>
    (await scorer.score(texts.get(id)!, answer, { id, ...question }))[task.scorer.primary]
  if (adapter.get(id) === merged.get(id)) replies += 1
  if ((await rightOf(adapter)) === (await rightOf(gguf))) results += 1
}
line(
  `merged model, plain transformers, float32: the same reply on ${replies} of ${items.length} (wanted ${wanted.replies})`,
)
line(`GGUF q8_0, node-llama-cpp: the same result on ${results} of ${items.length} (wanted ${wanted.results})`)
if (values.keep) line(`kept: ${folder}`)
else await rm(folder, { recursive: true })
process.exitCode = replies >= wanted.replies && results >= wanted.results ? 0 : 1
