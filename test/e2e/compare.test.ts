import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import type { Comparison } from '../../evidence/report/comparison/analyse.ts'
import { defaultTopology } from '../../launcher/topology/topology-names.ts'
import { type Command, syllabus } from '../support/command.ts'
import { linkedHome } from '../support/linked-home.ts'
import { writeMiniTask } from '../support/mini-task.ts'

/** Two planners, two pairs, real processes and the real student really trained, as small as can be. */

let folder: string
let args: string[]
let env: Record<string, string>

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'syllabus-compare-'))
  env = { SYLLABUS_HOME: join(folder, 'home'), SYLLABUS_RUNS: join(folder, 'runs') }
  await linkedHome(join(folder, 'home'))
  const topology = parse(await readFile(defaultTopology, 'utf8'))
  topology.agents.evaluator.options = { audit: { 'in-template': 1 } }
  await writeFile(join(folder, 'topology.yaml'), stringify(topology))
  const task = await writeMiniTask(join(folder, 'task'), 2)
  const small = ['--attempts', '1', '--rows', '6', '--name', 'tiny', '--json']
  args = ['compare', task, '--arms', 'rules,random', ...small, '--topology', join(folder, 'topology.yaml')]
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const trainedIn = (command: Command) =>
  command
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{"type":"message"'))
    .map((line) => JSON.parse(line) as { name: string; id: string })
    .filter(({ name }) => name === 'predictions')
    .map(({ id }) => id)

test('a comparison that is interrupted goes on where it was, and ends with its figures', async () => {
  const compare = (pairs: number) => syllabus([...args, '--runs', String(pairs)], env)
  const first = compare(2)
  // A second signal would force it.
  let isInterrupted = false
  first.child.stdout!.on('data', () => {
    if (isInterrupted || !first.output().includes('tiny-random-1.predictions:attempt-1')) return
    isInterrupted = true
    first.child.kill('SIGINT')
  })
  expect(await first.ended, first.output().slice(-3000)).toBe(130)
  expect(first.output()).toContain('the same command with --name tiny')
  const changed = compare(3)
  expect(await changed.ended).toBe(2)
  expect(changed.output()).toContain('begun with pairs 2, and this command says 3')

  const second = compare(2)
  expect(await second.ended, second.output().slice(-3000)).toBe(0)
  // Each candidate of each run was answered for once, whichever command did.
  const answered = [...trainedIn(first), ...trainedIn(second)]
  const wanted = ['rules-1', 'random-1', 'rules-2', 'random-2'].flatMap((run) =>
    ['base', 'attempt-1', 'final'].map((studentModel) => `tiny-${run}.predictions:${studentModel}`),
  )
  expect(new Set(answered)).toEqual(new Set(wanted))
  expect(trainedIn(second).filter((id) => id.startsWith('tiny-rules-1'))).toEqual([])

  const read = (path: string) => readFile(join(folder, 'runs', path), 'utf8')
  const { runs, effects, uses } = JSON.parse(await read('tiny/comparison.json')) as Comparison
  expect(runs.map(({ status, seed, arm }) => [status, seed, arm])).toEqual([
    ['finished', 1, 'rules'],
    ['finished', 1, 'random'],
    ['finished', 2, 'rules'],
    ['finished', 2, 'random'],
  ])
  expect(new Set(runs.map(({ base }) => base)).size).toBe(1)
  for (const { score } of runs) expect(score).not.toBeNull()
  expect(effects).toMatchObject([
    { arm: 'rules', against: 'random', pairs: [1, 2], smallestP: 0.5, conclusion: 'not-shown' },
  ])
  for (const use of uses) {
    expect(use).toMatchObject({ trainings: 2, validationScores: 3, rows: { fewest: 6, most: 6 }, unequal: [] })
  }
  expect(await read('tiny/comparison.html')).toContain('Planner effect not measured')
  expect(await read('tiny-random-2/report.md')).toMatch(/Planner effect: see the comparison tiny .*pair 2 of random/)
}, 300_000)
