import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { ReportData } from '../../evidence/report/mod.ts'
import { type Command, syllabus } from '../support/command.ts'
import { linkedHome } from '../support/linked-home.ts'
import { writeMiniTask } from '../support/mini-task.ts'
import { promptProgram } from '../support/prompt-program.ts'

/** The language-model path against a real, weak model: the embedded student teaches. Little comes of it, and that is said. */

const minutes = 60_000
const model = 'smollm2-135m-instruct'
let folder: string
let taskFolder: string
let topology: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'syllabus-local-'))
  taskFolder = await writeMiniTask(join(folder, 'task'))
  await linkedHome(join(folder, 'home'))
  const given = parse(await readFile(new URL('../../deploy/topologies/llm.yaml', import.meta.url), 'utf8'))
  given.agents.planner = { variant: 'llm-one-shot', options: { model: 'any', maxCorrections: 0 } }
  topology = join(folder, 'llm.yaml')
  await writeFile(topology, stringify({ ...given, localTeacher: { maxNewTokens: 64 } }))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** Without a key, and with an address that nobody may ask. */
const start = (...args: string[]): Command =>
  syllabus([...args, '--topology', topology, '--teacher', 'local'], {
    SYLLABUS_HOME: join(folder, 'home'),
    SYLLABUS_RUNS: join(folder, 'runs'),
    OPENAI_BASE_URL: 'http://127.0.0.1:9/v1',
    OPENAI_API_KEY: 'not-for-the-local-model',
  })

test(
  'a planner that cannot write a program ends the run without a result, and the report says so',
  async () => {
    const command = start('run', taskFolder, '--attempts', '1', '--run-id', 'weak')
    expect(await command.ended, command.output().slice(-3000)).toBe(3)
    const report = ReportData.parse(JSON.parse(await readFile(join(folder, 'runs/weak/report.json'), 'utf8')))
    expect(report.run).toMatchObject({ status: 'failed', stopReason: 'no-valid-attempt', chosenAttempt: null })
    expect(report.models.sentence).toContain(`Planned with ${model}`)
    expect(report.datasets).toMatchObject([
      { attempt: 1, operations: [{ operation: 'draft', model, error: expect.any(String) }] },
    ])
    expect(command.output()).toContain('no program came of it')
  },
  6 * minutes,
)

test(
  'a teacher whose rows are mostly refused: what was admitted is counted, kept and exported, and the exit code is honest',
  async () => {
    const template = 'Write a short word problem about a price, number {{index}}, as JSON.'
    await writeFile(join(folder, 'program.json'), JSON.stringify(promptProgram({ rows: 4, template })))
    const out = join(folder, 'out')
    const command = start(
      'generate',
      '--task',
      taskFolder,
      '--program',
      join(folder, 'program.json'),
      '--rows',
      '4',
      '--budget',
      '20',
      '--out',
      out,
    )
    const code = await command.ended
    const facts = JSON.parse(await readFile(join(out, 'generation.json'), 'utf8'))
    expect(code, command.output().slice(-3000)).toBe(facts.rows === 4 ? 0 : 3)
    expect(facts).toMatchObject({ wanted: 4, model })
    // A trial in which no reply is of use ends it early, by whose fault it is.
    const early = ['teacher-unavailable', 'program-raised']
    expect(['rows-complete', 'candidates-used', 'budget-used', 'rounds-used', ...early]).toContain(facts.stopReason)
    expect(facts.spent.calls).toBeGreaterThan(0)
    expect(facts.spent.calls).toBeLessThanOrEqual(20)
    const { asked, generated, admitted, rejected } = facts.bySource.crates
    expect(generated).toBeLessThanOrEqual(asked)
    expect(admitted).toBe(facts.rows)
    expect(admitted + Object.values<number>(rejected).reduce((sum, count) => sum + count, 0)).toBe(generated)
    if (facts.rows > 0) expect(JSON.parse(await readFile(join(out, 'alpaca.json'), 'utf8'))).toHaveLength(facts.rows)
  },
  6 * minutes,
)
