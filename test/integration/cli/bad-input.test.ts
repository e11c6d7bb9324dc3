import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { defaultTopology } from '../../../launcher/topology/topology-names.ts'
import { syllabus } from '../../support/command.ts'
import { writeMiniTask } from '../../support/mini-task.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'syllabus-bad-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** What is wrong, how it is put right, and where to read more. */
const threeLines = /^error: .+\n {2}.+\nmore: npx syllabus [a-z -]*--help$/m

/** Runs a command that must stop at start-up; what it said. */
async function refused(args: readonly string[], env: Record<string, string> = {}): Promise<string> {
  const command = syllabus(args, { SYLLABUS_HOME: join(folder, 'home'), SYLLABUS_RUNS: join(folder, 'runs'), ...env })
  expect(await command.ended, command.output()).toBe(2)
  expect(command.output()).toMatch(threeLines)
  return command.output()
}

async function topologyWith(change: (topology: Record<string, never>) => void): Promise<string> {
  const topology = parse(await readFile(defaultTopology, 'utf8'))
  change(topology)
  const path = join(folder, `${Math.random().toString(36).slice(2)}.yaml`)
  await writeFile(path, stringify(topology))
  return path
}

describe('bad input stops at start-up with exit code 2', () => {
  test('a task folder that is not there', async () => {
    expect(await refused(['run', join(folder, 'nowhere')])).toMatch(/task\.yaml/)
  })

  test('a task folder with a changed split', async () => {
    const dir = await writeMiniTask(join(folder, 'changed'))
    const path = join(dir, 'test.jsonl')
    await writeFile(path, `${await readFile(path, 'utf8')}\n`)
    expect(await refused(['run', dir])).toMatch(/test\.jsonl/)
  })

  test('a task that only a teacher can make rows for, with the procedural generator', async () => {
    const dir = await writeMiniTask(join(folder, 'no-procedure'))
    const path = join(dir, 'task.yaml')
    const text = await readFile(path, 'utf8')
    // A procedure is known by its code, so it is the code that such a task lacks.
    await writeFile(path, text.replace('id: everyday-numbers', 'id: imported-set').replace(/^procedure: .*\n/m, ''))
    const printed = await refused(['run', dir, '--rows', '8'])
    expect(printed).toMatch(/imported-set .* has no procedure/)
    expect(printed).toMatch(/a generator with a teacher is needed/)
    expect(printed).toMatch(/--topology/)
    expect(printed).not.toMatch(/set-up|live page/)
  })

  test('an unknown variant, and what there is instead', async () => {
    const path = await topologyWith((topology) =>
      Object.assign((topology as never as { agents: { planner: object } }).agents.planner, { variant: 'oracle' }),
    )
    expect(await refused(['run', '--topology', path])).toMatch(/unknown variant "oracle" of planner; there is rules/)
  })

  test('an unknown role', async () => {
    const path = await topologyWith((topology) =>
      Object.assign((topology as never as { agents: object }).agents, { poet: { variant: 'free' } }),
    )
    expect(await refused(['run', '--topology', path])).toMatch(/poet/)
  })

  test('a delivery policy for a message that there is not', async () => {
    const path = await topologyWith((topology) =>
      Object.assign(topology, { delivery: { postcard: { maxDeliver: 2 } } }),
    )
    expect(await refused(['run', '--topology', path])).toMatch(/unknown message "postcard"/)
  })

  test('a topology that is not there, or is not YAML', async () => {
    expect(await refused(['run', '--topology', join(folder, 'none.yaml')])).toMatch(/no topology file/)
    const path = join(folder, 'broken.yaml')
    await writeFile(path, 'agents: [')
    expect(await refused(['run', '--topology', path])).toMatch(/not YAML/)
  })

  test.each([
    [['run', '--rows', 'many'], /whole number/],
    [['run', '--arms', 'control,best'], /there is control, one-shot, random, reference/],
    [['run', '--arms', 'reference'], /reference in task\.yaml/],
    [['run', '--swap-validation-at', '9'], /the run has 3/],
    [['run', '--attempts', '0'], /at least 1/],
    [['run', '--seeds', '1e3'], /write a whole number of at least 1 and at most 100, in digits/],
    [['task', 'import', 'jsonl', 'x', '--out', 'y', '--audit', '-3'], /'-3' is invalid\. write a whole number/],
    [
      ['generate', '--program', 'p', '--rows', '5', '--out', 'o', '--candidate-cap', ''],
      /write a number of at least 1/,
    ],
    [['dance'], /unknown command/],
  ])('words that make no sense: %j', async (args, complaint) => {
    expect(await refused(args)).toMatch(complaint)
  })

  test.each([
    [['task', 'check', 'nowhere'], /^error: A file of the task is missing .*nowhere/],
    [['task', 'check', 'package.json'], /^error: .*package\.json/],
    [['task', 'show', 'nowhere'], /^error: .*nowhere/],
    [['task', 'init', 'docs'], /^error: .*docs/],
    [['task', 'init', 'x', '--from', 'none.csv'], /^error: .*none\.csv/],
    [['task', 'init', 'x', '--from', 'docs'], /^error: .*docs/],
    [['task', 'split', 'none.jsonl', '--out', 'parts'], /^error: .*none\.jsonl/],
    [['program', 'check', 'none.yaml'], /^error: There is no program none\.yaml/],
    [['verify', 'none.tar.gz'], /^error: There is no file none\.tar\.gz/],
    [['estimate', 'nowhere'], /^error: .*nowhere/],
    [['report', 'no-such-run'], /^error: No run was ever started/],
    [
      ['score', '--scorer', 'numeric', '--mode', 'normalised', '--in', 'none', '--out', 'o'],
      /^error: The file none cannot/,
    ],
    [['cluster', 'check', 'nowhere'], /^error: .*nowhere/],
    [['node', 'start', 'none.json', '--generator', '1'], /^error: .*none\.json/],
    [['node', 'stop'], /^error: No node is up/],
  ])('what a command refuses itself, in the same three lines: %j', async (args, complaint) => {
    const printed = await refused(args)
    expect(printed).toMatch(complaint)
    expect(printed.split('\n')).toHaveLength(4)
    expect(printed).toContain(`more: npx syllabus ${args.filter((word) => /^[a-z]+$/.test(word))[0]}`)
  })

  test('a disk with less room than the topology asks for', async () => {
    const path = await topologyWith((topology) => Object.assign(topology, { storage: { minFreeBytes: 2 ** 52 } }))
    expect(await refused(['run', '--topology', path])).toMatch(/GiB free/)
  })

  test('a server that is not there', async () => {
    expect(await refused(['status'], { NATS_URL: 'nats://127.0.0.1:1' })).toMatch(/127\.0\.0\.1:1/)
  })

  test('a page port that is in use', async () => {
    const holder = createServer().listen(0, '127.0.0.1')
    await once(holder, 'listening')
    const { port } = holder.address() as { port: number }
    const path = await topologyWith((topology) => Object.assign(topology, { gateway: { port } }))
    try {
      expect(await refused(['run', '--topology', path])).toMatch(new RegExp(`Port ${port} is in use`))
    } finally {
      holder.close()
    }
  })
})
