import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { type RunEvent, readRun, run } from '../../api/mod.ts'
import { defaultTopology } from '../../launcher/topology/topology-names.ts'
import { linkedHome } from '../support/linked-home.ts'
import { writeMiniTask } from '../support/mini-task.ts'

/** A program runs a task with the real student, as small as can be, and reads what came of it. */

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'syllabus-api-run-'))
  await linkedHome(join(folder, 'home'))
  const topology = parse(await readFile(defaultTopology, 'utf8'))
  topology.agents.evaluator.options = { audit: { 'in-template': 1 } }
  await writeFile(join(folder, 'topology.yaml'), stringify(topology))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

test('a run gives its events, its report as data, and its rows, and is written to event files', async () => {
  const place = { home: join(folder, 'home'), runs: join(folder, 'runs'), cwd: folder }
  const task = await writeMiniTask(join(folder, 'task'), 2)
  const topology = join(folder, 'topology.yaml')
  const going = run({ ...place, task, topology, attempts: 1, rows: 6, runId: 'tiny', tracker: ['tensorboard'] })
  const events: RunEvent[] = []
  for await (const event of going) events.push(event)
  const { status, report, attempts, files, rows } = await going.result
  expect(status).toBe('finished')
  expect(report?.run.runId).toBe('tiny')
  expect(report?.conclusion.improved.sentence).not.toBe('')
  expect(attempts).toHaveLength(1)
  expect(attempts[0]?.validation?.overall).toBeDefined()
  expect(attempts[0]?.training?.rows).toBe(6)
  expect(files?.html).toBe(join(folder, 'runs', 'tiny', 'report.html'))
  const admitted = await Array.fromAsync(rows({ admitted: true, attempt: 1 }))
  expect(admitted).toHaveLength(6)
  const answers = await Array.fromAsync(readRun('tiny', place).answers())
  expect(answers[0]?.answers.map(({ model }) => model)).toContain('base')
  expect(events.at(-1)).toMatchObject({ type: 'tracked', tracker: 'tensorboard', whole: true })
  const messages = events.flatMap((event) => (event.type === 'message' ? [event.name] : []))
  expect(messages[0]).toBe('run-started')
  expect(new Set(messages).has('final-eval-results')).toBe(true)
}, 300_000)
