import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { z } from 'zod'
import { judgePrompts } from '../../../../agents/critic/rules-and-judge/judge.ts'
import { readProgramFile } from '../../../../experiments/checks/check-program.ts'
import { generateTopology, scaleProgram } from '../../../../experiments/generate/plan.ts'
import { keysWithheld } from '../../../../launcher/topology/endpoints.ts'
import { readTopology } from '../../../../launcher/topology/topology-file.ts'
import { sha256 } from '../../../../schemas/hash.ts'
import { Program } from '../../../../schemas/program.ts'
import type { AgentsOfRole } from '../../../../schemas/topology.ts'
import { startEmbeddingsServer } from '../../../support/embeddings-server.ts'
import { filesWith } from '../../../support/find-text.ts'
import { type GenerateFolder, openGenerateFolder } from '../../../support/generate.ts'
import { until } from '../../../support/nats.ts'
import { promptProgram } from '../../../support/prompt-program.ts'
import { startTeacherServer, type TeacherServer } from '../../../support/teacher-server.ts'

/** Each server knows one key and refuses every other: a key that went to the wrong one would end the run. */

const keys = {
  TEACHER_KEY: 'teacher-planted-7f21',
  JUDGE_KEY: 'judge-planted-90ac',
  OPENAI_API_KEY: 'usual-planted-11de',
}
const nobody = { OPENAI_BASE_URL: 'http://127.0.0.1:9/v1' }

const rubric = 'Five is a crate that is paid to the cent.\n'

let folder: GenerateFolder
let program: string
beforeAll(async () => {
  folder = await openGenerateFolder()
  program = join(folder.path, 'judged.json')
  await writeFile(join(folder.path, 'strict.md'), rubric)
  await writeFile(
    program,
    JSON.stringify({ ...promptProgram({ rows: 30 }), judge: { minScore: 4 }, rubric: 'strict.md' }),
  )
})
afterAll(() => folder[Symbol.asyncDispose]())

type Own = { baseUrl: string; apiKeyEnv?: string | null; model: string }
const ownOf = ({ url, model }: TeacherServer, apiKeyEnv?: string | null): Own => ({
  baseUrl: url,
  model,
  ...(apiKeyEnv === undefined ? {} : { apiKeyEnv }),
})

/** The topology of three roles with their endpoints. */
const topologyOf = (name: string, generator: Own, critic: Own, planner?: Own) =>
  folder.topology(name, {
    agents: {
      planner: planner ? { variant: 'llm-iterative', options: planner } : { variant: 'rules' },
      generator: { variant: 'llm', options: generator },
      critic: { variant: 'rules-and-judge', options: critic },
      'trainer-bridge': { variant: 'peft' },
      evaluator: { variant: 'scorer' },
    },
  })

test('teacher and judge are asked at their own endpoints, each with its own key, and no process has the other one', async () => {
  await using teacher = await startTeacherServer({ key: keys.TEACHER_KEY, latencyMs: 100 })
  await using judge = await startTeacherServer({ key: keys.JUDGE_KEY, model: 'strict-judge' })
  const topology = await topologyOf('apart', ownOf(teacher, 'TEACHER_KEY'), ownOf(judge, 'JUDGE_KEY'))
  const args = ['--rows', '30', '--program', program, '--topology', topology, '--judge-model', judge.model]
  const command = folder.generate('apart', teacher, [...args, '--format', 'jsonl'], { ...nobody, ...keys })
  await until('the teacher is asked', () => teacher.requests > 0, 30_000)
  const seenBy = async (role: string) => {
    const [pid] = await folder.agentPids('apart', role)
    const started = await readFile(`/proc/${pid}/environ`, 'utf8')
    return Object.entries(keys).flatMap(([name, key]) => (started.includes(key) ? name : []))
  }
  // Keys come with the launch, on the process's own channel: no environment that others can read holds one.
  for (const role of ['generator', 'critic', 'planner']) expect(await seenBy(role), role).toEqual([])
  const read = await readTopology(topology)
  const planned = generateTopology(read, scaleProgram(Program.parse(await readProgramFile(program)), 30), {
    ...{ rows: 30, generators: 1, model: teacher.model, judgeModel: judge.model },
  })
  const withheldFrom = (role: 'generator' | 'critic' | 'planner') => keysWithheld(role, planned, [planned]).sort()
  expect(withheldFrom('generator')).toEqual(['JUDGE_KEY', 'OPENAI_API_KEY'])
  expect(withheldFrom('critic')).toEqual(['OPENAI_API_KEY', 'TEACHER_KEY'])
  expect(withheldFrom('planner')).toEqual(['JUDGE_KEY', 'OPENAI_API_KEY', 'TEACHER_KEY'])
  expect(await command.ended, command.output()).toBe(0)
  expect(judge.verdicts).toBeGreaterThanOrEqual(30)
  expect(teacher.verdicts).toBe(0)
  const made = JSON.parse(await readFile(join(folder.path, 'apart', 'generation.json'), 'utf8'))
  const hostOf = ({ url }: TeacherServer) => new URL(url).host
  expect(made).toMatchObject({ rows: 30, model: teacher.model, judgeModel: judge.model })
  expect(made.spent.lines).toEqual([
    expect.objectContaining({ role: 'critic', stage: 'judge', model: judge.model, endpoint: hostOf(judge) }),
    expect.objectContaining({ role: 'generator', stage: 'generate', endpoint: hostOf(teacher) }),
  ])
  const [row] = (await readFile(join(folder.path, 'apart', 'rows.jsonl'), 'utf8')).split('\n')
  expect(JSON.parse(row!).origin).toMatchObject({ teacher: { model: teacher.model }, judge: { model: judge.model } })
  expect(JSON.parse(row!).origin.judge.rubricHash).toBe(sha256(judgePrompts.judge({ rubric })))
  for (const key of Object.values(keys)) {
    expect(await filesWith(key, [folder.path])).toEqual([])
    expect(command.output()).not.toContain(key)
  }
}, 60_000)

test('a rubric that is not there, and one that no judge reads, are said before anything is paid', async () => {
  await using teacher = await startTeacherServer()
  const refusal = async (changes: object) => {
    const file = join(folder.path, 'wrong.json')
    await writeFile(file, JSON.stringify({ ...promptProgram({ rows: 5 }), ...changes }))
    const command = folder.generate('wrong', teacher, ['--rows', '5', '--program', file])
    expect(await command.ended, command.output()).toBe(2)
    return command.output()
  }
  const judge = { minScore: 4 }
  expect(await refusal({ judge, rubric: 'gone.md' })).toMatch(/names the rubric .*gone.md, which cannot be read/)
  expect(await refusal({ rubric: 'strict.md' })).toContain('only a judge reads a rubric')
  expect(teacher.requests).toBe(0)
})

test('the same folder with another judge is refused, and a judge that nobody asks is said', async () => {
  await using teacher = await startTeacherServer()
  const env = { OPENAI_BASE_URL: teacher.url }
  const first = folder.generate('judges', teacher, ['--rows', '5', '--program', program], env)
  expect(await first.ended, first.output()).toBe(0)
  const other = folder.generate('judges', teacher, ['--rows', '5', '--program', program, '--judge-model', 'other'], env)
  expect(await other.ended).toBe(2)
  expect(other.output()).toContain('begun with another')
  const unasked = folder.generate('unasked', teacher, ['--rows', '5', '--judge-model', 'other'], env)
  expect(await unasked.ended).toBe(2)
  expect(unasked.output()).toContain('asks for no vote and no judge')
}, 60_000)

/** What doctor finds, by its name. */
async function ask(topology: string, env: Record<string, string>) {
  const command = folder.command('asked', ['doctor', '--json', '--topology', topology], env)
  await command.ended
  for (const key of Object.values(keys)) expect(command.output()).not.toContain(key)
  const { findings } = JSON.parse(
    command
      .output()
      .split('\n')
      .find((line) => line.startsWith('{"findings'))!,
  )
  return new Map<string, { status: string; detail: string; fix?: string }>(
    findings.map((finding: { name: string }) => [finding.name, finding]),
  )
}

test('doctor shows the model, host and key of each role, and never the key; the start says the same faults', async () => {
  await using teacher = await startTeacherServer({ key: keys.TEACHER_KEY, contextTokens: 4096 })
  await using judge = await startTeacherServer({ key: keys.JUDGE_KEY, model: 'strict-judge' })
  await using planner = await startTeacherServer({ key: keys.OPENAI_API_KEY, model: 'large' })
  const good = await topologyOf(
    'good',
    ownOf(teacher, 'TEACHER_KEY'),
    ownOf(judge, 'JUDGE_KEY'),
    ownOf(planner, 'OPENAI_API_KEY'),
  )
  const whole = await ask(good, keys)
  expect(whole.get('model of the planner')).toMatchObject({
    status: 'ok',
    detail: `large at ${new URL(planner.url).host}, key OPENAI_API_KEY is set; it answers`,
  })
  expect(whole.get('model of the generator')?.detail).toMatch(/key TEACHER_KEY is set; it answers, .* 4096 tokens/)
  const { JUDGE_KEY: _, ...rest } = keys
  expect((await ask(good, rest)).get('model of the critic')).toMatchObject({
    status: 'broken',
    detail: expect.stringMatching(/JUDGE_KEY is not set; .* refuses the key/),
    fix: 'Set JUDGE_KEY to a key of this endpoint.',
  })
  const shared = await topologyOf('shared', ownOf(teacher), ownOf(judge, null), ownOf(planner))
  const printed = /The key in OPENAI_API_KEY would go to .* \(planner\) and to .* \(generator\)/
  expect((await ask(shared, keys)).get('keys of models')).toMatchObject({
    status: 'broken',
    detail: expect.stringMatching(printed),
    fix: expect.stringContaining('agents.generator.options.apiKeyEnv: GENERATOR_API_KEY'),
  })
  const run = folder.command('asked', ['run', '--topology', shared], keys)
  expect(await run.ended, run.output()).toBe(2)
  expect(run.output()).toMatch(printed)
}, 60_000)

test('doctor shows the embedder; a key that it would share with another endpoint ends a run before its start', async () => {
  await using server = await startEmbeddingsServer({ key: keys.OPENAI_API_KEY })
  const withEmbedder = (embedder: string | Own, generator: z.input<typeof AgentsOfRole>) =>
    folder.topology('embedding', {
      agents: {
        planner: { variant: 'rules' },
        generator,
        critic: { variant: 'rules' },
        'trainer-bridge': { variant: 'peft', options: { embedder } },
        evaluator: { variant: 'scorer' },
      },
    })
  const embedderOf = async (embedder: string | Own, env: Record<string, string> = keys) => {
    const found = await ask(await withEmbedder(embedder, { variant: 'procedural' }), env)
    return found.get('embedder') ?? found.get('options of the trainer-bridge')
  }
  const own = { baseUrl: server.url, model: 'words-64' }
  const host = new URL(server.url).host
  expect(await embedderOf('none')).toBeUndefined()
  expect(await embedderOf('glove')).toMatchObject({ status: 'broken', detail: expect.stringContaining('embedder') })
  expect(await embedderOf('student')).toMatchObject({ status: 'ok' })
  expect(await embedderOf('package')).toMatchObject({
    status: 'missing',
    detail: expect.stringContaining('all-MiniLM-L6-v2'),
    fix: expect.stringContaining('fetched'),
  })
  expect(await embedderOf(own)).toMatchObject({
    status: 'ok',
    detail: `words-64 at ${host}, key OPENAI_API_KEY is set; it answers`,
  })
  expect(await embedderOf(own, {})).toMatchObject({ status: 'broken', fix: expect.stringContaining('OPENAI_API_KEY') })
  expect(server.requests).toBe(0)

  await using teacher = await startTeacherServer({ key: keys.OPENAI_API_KEY })
  const shared = await withEmbedder(own, { variant: 'llm', options: ownOf(teacher) })
  const printed = /The key in OPENAI_API_KEY would go to .* \(generator\) and to .* \(trainer-bridge\)/
  expect((await ask(shared, keys)).get('keys of models')?.detail).toMatch(printed)
  const run = folder.command('asked', ['run', '--topology', shared], keys)
  expect(await run.ended, run.output()).toBe(2)
  expect(run.output()).toMatch(printed)
  expect(teacher.requests).toBe(0)
}, 60_000)

test.each([
  ['a key in place of its name', { apiKeyEnv: 'sk-planted-key' }, /apiKeyEnv.*|name of an environment variable/],
  ['an address with a password', { baseUrl: 'http://me:planted@127.0.0.1:1/v1' }, /without user, password and query/],
])('%s is refused and not repeated', async (_, options, printed) => {
  const file = await topologyOf('wrong', { model: 'm', ...options } as Own, { model: 'm' } as Own)
  for (const name of ['doctor', 'run']) {
    const command = folder.command('wrong', [name, '--topology', file])
    expect(await command.ended, command.output()).toBe(2)
    expect(command.output()).toMatch(printed)
    expect(command.output()).not.toContain('planted')
  }
})
