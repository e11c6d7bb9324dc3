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
import { generatorText, plainRows } from '../support/plugin-files.ts'

/** A built-in generator and one of a file, a pair, real processes and the real student really trained, as small as can be. */

let folder: string
let args: string[]
let env: Record<string, string>

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'syllabus-vary-'))
  env = { SYLLABUS_HOME: join(folder, 'home'), SYLLABUS_RUNS: join(folder, 'runs') }
  await linkedHome(join(folder, 'home'))
  const topology = parse(await readFile(defaultTopology, 'utf8'))
  topology.agents.evaluator.options = { audit: { 'in-template': 1 } }
  await writeFile(join(folder, 'topology.yaml'), stringify(topology))
  await writeFile(join(folder, 'mine.ts'), generatorText(plainRows))
  const task = await writeMiniTask(join(folder, 'task'), 2)
  const small = ['--attempts', '1', '--rows', '6', '--runs', '1', '--name', 'tiny', '--json']
  args = ['compare', task, ...small, '--topology', join(folder, 'topology.yaml')]
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const planOf = (command: Command) =>
  command
    .output()
    .split('\n')
    .flatMap((line) => (line.startsWith('{"type":"plan"') ? [JSON.parse(line).plan] : []))[0]

test('a plug-in of a file and a built-in generator are arms: paired runs, who made what, and rows side by side', async () => {
  const vary = ['--vary', `generator=procedural,${join(folder, 'mine.ts')}`]
  const dry = syllabus([...args, ...vary, '--dry-run'], env)
  expect(await dry.ended, dry.output()).toBe(0)
  const plan = planOf(dry)
  expect(plan).toMatchObject({
    arms: ['procedural', 'mine'],
    varied: { mine: { plugins: { generator: { name: 'mine' } } } },
  })

  const first = syllabus([...args, ...vary], env)
  expect(await first.ended, first.output().slice(-3000)).toBe(0)
  const read = (path: string) => readFile(join(folder, 'runs', path), 'utf8')
  const { runs, effects, uses, yields } = JSON.parse(await read('tiny/comparison.json')) as Comparison
  expect(runs.map(({ runId, status, seed, pair }) => [runId, status, seed, pair])).toEqual([
    ['tiny-procedural-1', 'finished', 1, 1],
    ['tiny-mine-1', 'finished', 1, 1],
  ])
  const { hash } = plan.varied.mine.plugins.generator
  const generatorsOf = runs.map(({ agents }) => agents!.find(({ role }) => role === 'generator'))
  expect(generatorsOf).toMatchObject([
    { variant: 'procedural', version: null, hash: null },
    { variant: 'mine', version: '1.0.0', hash },
  ])
  expect(effects).toMatchObject([{ arm: 'procedural', against: 'mine', pairs: [1], conclusion: 'not-shown' }])
  for (const use of uses) expect(use).toMatchObject({ trainings: 2, rows: { fewest: 6, most: 6 }, unequal: [] })
  for (const { yields: own } of yields) {
    expect(own.admitted).toBeGreaterThanOrEqual(6)
    expect(own.generated).toBe(own.admitted + Object.values(own.rejected).reduce((sum, each) => sum + each, 0))
  }
  for (const { rows } of runs) expect(rows!.length).toBeGreaterThan(0)
  const html = await read('tiny/comparison.html')
  for (const text of [hash.slice(0, 12), 'Rows side by side', 'Yields', runs[1]!.rows![0]!.input])
    expect(html).toContain(text)

  // The same command goes on: nothing is left. Other code under the same name is another comparison.
  const again = syllabus([...args, ...vary], env)
  expect(await again.ended, again.output().slice(-3000)).toBe(0)
  expect(again.output()).not.toContain('"type":"message"')
  await writeFile(join(folder, 'mine.ts'), `${generatorText(plainRows)}// changed\n`)
  const changed = syllabus([...args, ...vary], env)
  expect(await changed.ended).toBe(2)
  expect(changed.output()).toContain('begun with varied ')
}, 300_000)
