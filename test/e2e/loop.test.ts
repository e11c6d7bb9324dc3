import { execFileSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { defaultTopology } from '../../launcher/topology/topology-names.ts'
import { type Command, syllabus } from '../support/command.ts'
import { linkedHome } from '../support/linked-home.ts'
import { writeMiniTask } from '../support/mini-task.ts'

/** The whole loop as a user starts it: real processes, a real server, the real student really trained, in small. */

const minutes = 60_000
const rowsWanted = 12
const small = ['--attempts', '2', '--rows', String(rowsWanted), '--seed', '5']
let folder: string
let task: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'syllabus-loop-'))
  task = await writeMiniTask(join(folder, 'task'), 2)
  // The first finds out itself that its student can be trained.
  await linkedHome(join(folder, 'one'), ['trainer/checked'])
  await linkedHome(join(folder, 'four'))
})

afterAll(() => rm(folder, { recursive: true, force: true }))

const envOf = (name: string) => ({ SYLLABUS_HOME: join(folder, name), SYLLABUS_RUNS: join(folder, name, 'runs') })

async function topologyWith(generators: number): Promise<string> {
  const topology = parse(await readFile(defaultTopology, 'utf8'))
  topology.agents.generator.replicas = generators
  // A few new items for each part: what is asked here is who sits, not how well.
  topology.agents.evaluator.options = { audit: { 'in-template': 2, 'heldout-phrasing': 2, 'heldout-range': 2 } }
  const path = join(folder, `${generators}.yaml`)
  await writeFile(path, stringify(topology))
  return path
}

type Message = { type: string; name: string; id: string; payload: Record<string, unknown> }

const messagesOf = (command: Command): Message[] =>
  command
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{"type":"message"'))
    .map((line) => JSON.parse(line))

/** Waits for a message, as the command tells it; fails when the command ends first. */
async function until(command: Command, wanted: (message: Message) => boolean): Promise<void> {
  let over = false
  void command.ended.then(() => {
    over = true
  })
  while (!messagesOf(command).some(wanted)) {
    if (over) throw new Error(`the command ended early:\n${command.output().slice(-3000)}`)
    await sleep(100)
  }
}

async function agentsOf(home: string): Promise<{ role: string; pid: number }[]> {
  const status = syllabus(['status', '--json'], envOf(home))
  await status.ended
  return JSON.parse(status.output().trim().split('\n').at(-1)!).agents
}

async function finished(command: Command): Promise<Message[]> {
  const code = await command.ended
  expect(code, command.output().slice(-3000)).toBe(0)
  return messagesOf(command)
}

const datasetHash = (messages: Message[]) => messages.find(({ name }) => name === 'run-finished')?.payload.datasetHash
const predictionsOf = (messages: Message[]) =>
  messages
    .filter(({ name }) => name === 'predictions')
    .map(({ payload }) => (payload.studentModel as { name: string }).name)

test(
  'a run, interrupted and resumed, trains nothing twice; with four generators and kill -9 everywhere the dataset is the same',
  async () => {
    // One generator, Ctrl-C after the first attempt is scored, resume.
    const first = syllabus(
      ['run', task, ...small, '--run-id', 'calm', '--json', '--topology', await topologyWith(1)],
      envOf('one'),
    )
    await until(
      first,
      ({ name, payload }) => name === 'report' && (payload.studentModel as { name: string }).name === 'attempt-1',
    )
    first.child.kill('SIGINT')
    expect(await first.ended).toBe(130)
    expect(first.output()).toContain('syllabus resume calm')
    const resumed = syllabus(['resume', 'calm', '--json', '--topology', await topologyWith(1)], envOf('one'))
    const calm = [...messagesOf(first), ...(await finished(resumed))]
    expect(predictionsOf(calm).toSorted()).toEqual(['attempt-1', 'attempt-2', 'base', 'control', 'final'])

    // The report is there and its parts are of this run.
    const report = JSON.parse(await readFile(join(folder, 'one/runs/calm/report.json'), 'utf8'))
    expect(report.run.runId).toBe('calm')
    expect(report.run.status).toBe('finished')
    const finalEval = calm.find(({ name }) => name === 'final-eval-results')?.payload as {
      finalEvalNumber: number
      results: { evalSet: string }[]
    }
    expect(finalEval.finalEvalNumber).toBe(1)
    expect(finalEval.results.map(({ evalSet }) => evalSet).toSorted()).toEqual([
      ...Array(4).fill('audit'),
      ...Array(3).fill('retention'),
      ...Array(4).fill('test'),
    ])

    // Four generators; a generator, the server, the runtime and the planner are killed on the way.
    const rough = syllabus(
      [
        'run',
        task,
        ...small,
        '--run-id',
        'rough',
        '--seeds',
        '2',
        '--arms',
        'random',
        '--submissions',
        '--json',
        '--topology',
        await topologyWith(4),
      ],
      envOf('four'),
    )
    await until(rough, ({ name }) => name === 'job')
    const agents = await agentsOf('four')
    expect(agents.filter(({ role }) => role === 'generator')).toHaveLength(4)
    const pidOf = (role: string) => agents.find((agent) => agent.role === role)!.pid
    process.kill(pidOf('generator'), 'SIGKILL')
    await until(rough, ({ name }) => name === 'decision')
    process.kill(pidOf('planner'), 'SIGKILL')
    process.kill(pidOf('critic'), 'SIGKILL')
    const server = JSON.parse(await readFile(join(folder, 'four/nats/server.json'), 'utf8')) as { pid: number }
    process.kill(server.pid, 'SIGKILL')
    await until(rough, ({ name, payload }) => name === 'progress' && payload.phase === 'train')
    for (const pid of execFileSync('pgrep', ['-P', String(pidOf('trainer-bridge'))], { encoding: 'utf8' })
      .trim()
      .split('\n')) {
      process.kill(Number(pid), 'SIGKILL')
    }
    // The session of the opening goes on when its evaluator and its bridge are gone in the middle of it.
    await until(rough, ({ name, payload }) => name === 'progress' && /\(test\)/.test(String(payload.studentModel)))
    for (const { role, pid } of await agentsOf('four')) {
      if (role === 'evaluator' || role === 'trainer-bridge') process.kill(pid, 'SIGKILL')
    }
    const disturbed = await finished(rough)
    expect(datasetHash(calm)).toMatch(/^[0-9a-f]{64}$/)
    expect(datasetHash(disturbed)).toBe(datasetHash(calm))
    const arms = ['final', 'final-s2', 'random', 'random-s2']
    expect(predictionsOf(disturbed).toSorted()).toEqual(['attempt-1', 'attempt-2', 'base', ...arms])
    const { results } = disturbed.find(({ name }) => name === 'final-eval-results')!.payload as {
      results: { studentModel: { name: string }; evalSet: string }[]
    }
    const answered = (evalSet: string) =>
      results.filter((each) => each.evalSet === evalSet).map(({ studentModel }) => studentModel.name)
    expect(answered('audit').toSorted()).toEqual(['base', 'base-examples', ...arms])
    expect(answered('retention').toSorted()).toEqual(['base', 'final', 'final-s2'])
    expect(answered('test').toSorted()).toEqual(['attempt-1', 'attempt-2', 'base', 'base-examples', ...arms])

    // All of it is computed again from its bundle, whoever was killed on the way.
    const bundle = join(folder, 'rough.tar.gz')
    const bundled = syllabus(['bundle', 'rough', '--out', bundle], envOf('four'))
    expect(await bundled.ended, bundled.output()).toBe(0)
    const verified = syllabus(['verify', bundle, '--task', task, '--deep'], { SYLLABUS_HOME: join(folder, 'nobody') })
    expect(await verified.ended, verified.output()).toBe(0)
    expect(verified.output()).not.toContain('not checked')

    const exported = syllabus(['export', 'rough', '--format', 'alpaca'], envOf('four'))
    expect(await exported.ended, exported.output()).toBe(0)
    const rows = JSON.parse(await readFile(join(folder, 'four/runs/rough/export-alpaca/alpaca.json'), 'utf8')) as {
      input: string
    }[]
    expect(rows).toHaveLength(rowsWanted)
    expect(new Set(rows.map(({ input }) => input)).size).toBe(rowsWanted)
  },
  14 * minutes,
)
