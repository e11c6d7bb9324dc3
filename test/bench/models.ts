/**
 * Figures of exported models: npm run figures:models -- RUN [MODEL]
 *
 * Exports a trained model of a run of SYLLABUS_HOME and asks what was written by other software, on 60 validation items, greedily:
 * - the adapter on its base and the merged model, with plain transformers in float32, in a Python that does not see this project;
 * - the GGUF file in q8_0, with node-llama-cpp 3.21.1, which is installed into the temporary folder (700 MB).
 * It ends with status 1 where fewer replies or results agree than are wanted.
 */
import { spawnSync } from 'node:child_process'
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { withBus } from '../../launcher/with-bus.ts'
import { homeFolder } from '../../machine/folders.ts'
import { exportModel } from '../../models/export/export-model.ts'
import { modelsOfRun } from '../../models/trained-models.ts'
import { provisionRuntime } from '../../provision/mod.ts'
import { type ScorerChoice, userTurn } from '../../schemas/task.ts'
import { openTaskScorer } from '../../tasks/score-with.ts'

const [runId = '', model = 'final'] = process.argv.slice(2)
const wanted = { items: 60, replies: 60, results: 57 }
const folder = await mkdtemp(join(tmpdir(), 'syllabus-models-'))
const at = (name: string) => join(folder, name)
const line = (text: string) => console.log(text)

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
const task = await withBus(async (bus) => {
  const parts = { adapter: at('adapter'), merged: at('merged'), gguf: at('gguf') }
  const request = { runId, model, parts, type: 'float32', maxShard: '5GB', gguf: ['q8_0'], home, signal } as const
  const exported = await exportModel(bus, request, { line, progress: () => {} })
  line(`adapter ${exported.adapterHash}, as the log says`)
  return (await modelsOfRun(bus, runId)).task
})
const items = task.validation.slice(0, wanted.items)
const { system } = task.recipe
const asked = items.map((item) => ({
  id: item.id,
  messages: [...(system ? [{ role: 'system', content: system }] : []), { role: 'user', content: userTurn(item) }],
  max_new_tokens: task.inference.max_new_tokens,
}))
await writeFile(at('items.jsonl'), asked.map((item) => `${JSON.stringify(item)}\n`).join(''))

for (const name of ['adapter', 'merged']) {
  const script = join(import.meta.dirname, 'plain_transformers.py')
  runAlone(python, ['-I', script, at(name), at('items.jsonl'), at(`${name}.jsonl`)])
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
await rm(folder, { recursive: true })
process.exitCode = replies >= wanted.replies && results >= wanted.results ? 0 : 1
