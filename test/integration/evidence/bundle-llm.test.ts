import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as tar from 'tar'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openBundle } from '../../../evidence/bundle/read.ts'
import { verifyBundle } from '../../../evidence/bundle/verify.ts'
import { writeBundle } from '../../../evidence/bundle/write.ts'
import { readTopology } from '../../../launcher/topology/topology-file.ts'
import { Evidence } from '../../../schemas/run.ts'
import { loadTask } from '../../../tasks/load.ts'
import { filesWith } from '../../support/find-text.ts'
import { openGenerateFolder } from '../../support/generate.ts'
import { madeRun } from '../../support/made-run.ts'
import { writeMiniTask } from '../../support/mini-task.ts'
import { type TestServer, withServer } from '../../support/nats.ts'
import { competentModel } from '../../support/planner-script.ts'
import { openPlannerServer } from '../../support/planner-server.ts'
import { promptProgram } from '../../support/prompt-program.ts'
import { changeMessage, repack } from '../../support/repack.ts'
import { taskTeacher } from '../../support/task-teacher.ts'
import { startTeacherServer } from '../../support/teacher-server.ts'

/** Bundles of runs with language models: a planner's and a teacher's, both real HTTP servers of ours. */

const key = 'planted-key-9c41d07e'
const environment = { ...process.env }
let folder: string
let server: TestServer
let bundle: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'syllabus-llm-bundles-'))
  server = await withServer()
  const task = await loadTask(await writeMiniTask(join(folder, 'task')))
  const skills = task.skills.map(({ name }) => name)
  const plan = competentModel({ skills, weak: skills[0]!, kind: 'prompt' })
  await using models = await openPlannerServer(plan, { key, teacher: taskTeacher(task) })
  process.env.OPENAI_BASE_URL = models.endpoint.baseUrl
  process.env.OPENAI_API_KEY = key
  const topology = await readTopology(new URL('../../../deploy/topologies/llm.yaml', import.meta.url).pathname)
  for (const role of ['planner', 'generator', 'critic'] as const)
    topology.agents[role].options = { model: models.model }
  const evidence = Evidence.parse({ arms: ['control', 'random'] })
  const operator = await madeRun(server, {
    task,
    topology,
    request: { runId: 'models', seed: 3, attempts: 2, evidence },
  })
  bundle = join(folder, 'models.tar.gz')
  await writeBundle(operator, 'models', bundle)
}, 120_000)
afterAll(async () => {
  process.env = environment
  await server[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

async function verified(file: string) {
  await using finalEval = await openBundle(file)
  return await Array.fromAsync(verifyBundle(finalEval, { deep: true }))
}
async function linesOf(file: string, path: string): Promise<string[]> {
  const unpacked = await mkdtemp(join(folder, 'unpacked-'))
  await tar.extract({ file, cwd: unpacked })
  return (await readFile(join(unpacked, path), 'utf8')).split('\n').filter((line) => line !== '')
}
const checksOf = (results: Awaited<ReturnType<typeof verified>>) =>
  results.filter(({ differences }) => differences.length > 0).map(({ check }) => check)

test('prompts, replies, rows and report of a run with models are computed again without one', async () => {
  process.env.OPENAI_BASE_URL = 'http://127.0.0.1:9/v1'
  const results = await verified(bundle)
  expect(results.flatMap(({ differences }) => differences)).toEqual([])
  // Without the task folder nobody can say more of the sealed test.
  expect(results.flatMap(({ check, unchecked }) => unchecked.map(() => check))).toEqual(['task', 'rows'])
  const compared = Object.fromEntries(results.map((result) => [result.check, result.compared]))
  for (const check of ['prompts', 'journal', 'candidates', 'admission']) {
    expect(compared[check], check).toBeGreaterThan(15)
  }
})

test('the key is nowhere in it', async () => {
  const unpacked = await mkdtemp(join(folder, 'unpacked-'))
  await tar.extract({ file: bundle, cwd: unpacked })
  // The search would find it: what was asked is there.
  expect(await filesWith('The operation now is', [unpacked])).not.toEqual([])
  expect(await filesWith(key, [unpacked])).toEqual([])
})

test('a reply and a prompt that were changed are caught', async () => {
  const reply = await repack(bundle, 'reply', async (files) => {
    const [first, ...rest] = (await files.lines('journal/journal.jsonl')).map((line) => JSON.parse(line))
    first.value.reply.text = '{"input": "Is it 1?", "output": "It is \\\\boxed{1}."}'
    await files.writeLines(
      'journal/journal.jsonl',
      [first, ...rest].map((line) => JSON.stringify(line)),
    )
  })
  expect(checksOf(await verified(reply))).toEqual(expect.arrayContaining(['journal', 'candidates']))
  const prompt = await repack(bundle, 'prompt', async (files) => {
    await files.write('prompts/plan.md', 'Choose what you like.')
  })
  expect(checksOf(await verified(prompt))).toEqual(['prompts'])
  const [line] = (await linesOf(bundle, 'journal/plan-journal.jsonl')).map((text) => JSON.parse(text))
  const message = await repack(bundle, 'message', (files) =>
    rm(join(files.folder, 'objects', line.value.prompt.sha256)),
  )
  expect(checksOf(await verified(message))).toEqual(['files'])
  const fewer = await repack(bundle, 'fewer', async (files) => {
    const entries = await files.lines('journal/journal.jsonl')
    await files.writeLines('journal/journal.jsonl', entries.slice(1))
  })
  expect(checksOf(await verified(fewer))).toContain('journal')
})

test('a program that the planner’s model did not write is caught, with a decision that says it', async () => {
  const file = await repack(bundle, 'unwritten', async (files) => {
    const entries = await files.lines('journal/plan-journal.jsonl')
    await files.writeLines(
      'journal/plan-journal.jsonl',
      entries.map((text) => {
        const line = JSON.parse(text)
        if (line.key.includes('.a2.')) line.value.reply.text = line.value.reply.text.replaceAll('"rows":', '"row":')
        return JSON.stringify(line)
      }),
    )
  })
  const planner = (await verified(file)).find(({ check }) => check === 'planner')!
  expect(planner.differences.map(({ recomputed }) => recomputed)).toEqual([
    expect.stringMatching(/^the program of attempt 2 follows from none of the planner's \d replies$/),
  ])
})

test('another model, and calls that were not made, are caught', async () => {
  type Config = { config: { models: Record<string, string> } }
  const model = await repack(bundle, 'model', (files) =>
    changeMessage<Config>(files, 'run-started', ({ config }) => {
      config.models = { planner: 'better', generator: 'better', critic: 'better' }
    }),
  )
  expect(checksOf(await verified(model))).toContain('usage')
  const calls = await repack(bundle, 'calls', (files) =>
    changeMessage<{ spent: { calls: number } }>(files, 'decision', ({ spent }) => {
      spent.calls += 1
    }),
  )
  expect(checksOf(await verified(calls))).toContain('usage')
})

test('a run that made data alone and went on after it ended short, by the commands: made, bundled, verified; another hash is refused', async () => {
  await using teacher = await startTeacherServer({
    duplicateEvery: 7,
    faults: { cutText: 0.1, refused: 0.1 },
    wrongEvery: 9,
  })
  await using made = await openGenerateFolder()
  const program = join(made.path, 'checked.json')
  const checks = promptProgram({
    rows: 10,
    verification: { kind: 'vote', k: 2, temperature: 0.5 },
    judge: { minScore: 3 },
  })
  await writeFile(program, JSON.stringify(checks))
  const args = ['--program', program, '--rows', '20', '--run-id', 'data', '--budget']
  const short = made.generate('data', teacher, [...args, '80'])
  expect(await short.ended, short.output()).toBe(3)
  const generated = made.generate('data', teacher, [...args, '400'])
  expect(await generated.ended, generated.output()).toBe(0)
  const file = join(made.path, 'data.tar.gz')
  const bundled = made.command('data', ['bundle', 'data', '--out', file])
  expect(await bundled.ended, bundled.output()).toBe(0)
  const hash = /bundle hash: ([0-9a-f]{64})/.exec(bundled.output())![1]!
  const right = made.command('data', ['verify', file, '--deep', '--expect', hash])
  expect(await right.ended, right.output()).toBe(0)
  expect(right.output()).toContain('Nothing differs in what was checked; 1 thing could not be.')
  expect(right.output()).not.toContain('As the run recorded it')
  const unpinned = made.command('data', ['verify', file])
  expect(await unpinned.ended, unpinned.output()).toBe(0)
  expect(unpinned.output()).toContain('As the run recorded it, unless you give its published hash with --expect')
  const unchecked = await repack(file, 'unchecked', async (files) => {
    const entries = await files.lines('journal/check-journal.jsonl')
    const at = entries.findIndex((line) => 'reply' in JSON.parse(line).value)
    await files.writeLines('journal/check-journal.jsonl', entries.toSpliced(at, 1))
  })
  expect(checksOf(await verified(unchecked))).toContain('journal')
  const wrong = made.command('data', ['verify', file, '--expect', 'a'.repeat(64)])
  expect(await wrong.ended, wrong.output()).toBe(1)
  expect(wrong.output()).toContain(`bundle hash: expected ${'a'.repeat(64)}`)
  const none = made.command('data', ['bundle', 'nobody', '--out', file])
  expect(await none.ended).toBe(2)
  expect(none.output()).toContain('There is no run nobody')
}, 120_000)
