import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { promptHashes } from '../../agents/planner/llm/prompts.ts'
import { ReportData } from '../../evidence/report/mod.ts'
import { loadTask } from '../../tasks/load.ts'
import { syllabus } from '../support/command.ts'
import { filesWith } from '../support/find-text.ts'
import { linkedHome } from '../support/linked-home.ts'
import { writeMiniTask } from '../support/mini-task.ts'
import { competentModel } from '../support/planner-script.ts'
import { openPlannerServer } from '../support/planner-server.ts'
import { promptProgram } from '../support/prompt-program.ts'
import { taskTeacher } from '../support/task-teacher.ts'

/** A run with a language model as a user starts it: real processes, real HTTP, the real student really trained, in small. */

const key = 'planted-key-7c1d9e44'
const minutes = 60_000
const llmTopology = new URL('../../deploy/topologies/llm.yaml', import.meta.url)
let folder: string
let taskFolder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'syllabus-llm-run-'))
  taskFolder = await writeMiniTask(join(folder, 'task'))
  await linkedHome(join(folder, 'home'))
  const topology = parse(await readFile(llmTopology, 'utf8'))
  topology.agents.evaluator.options = { audit: { 'in-template': 2, 'heldout-phrasing': 2, 'heldout-range': 2 } }
  topology.run = {
    ...topology.run,
    attempts: 1,
    teacherCalls: 400,
    evidence: { arms: ['control'], submissions: false },
  }
  await writeFile(join(folder, 'llm.yaml'), stringify(topology))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

test(
  'a run planned and taught by a language model ends with a report that says who did it, and holds the key nowhere',
  async () => {
    const task = await loadTask(taskFolder)
    const skills = task.skills.map(({ name }) => name)
    const competent = competentModel({ skills, weak: skills[0]!, kind: 'prompt' })
    const teach = taskTeacher(task)
    let faults = 0
    // Some endpoints repeat the key when they complain.
    const complaint = (status: number) => ({
      status,
      body: JSON.stringify({ error: { message: `key ${key} is busy` } }),
    })
    await using server = await openPlannerServer(
      (asked, call) => (call === 1 ? complaint(503) : call === 3 ? 'Let me think.' : competent(asked)),
      { key, teacher: (asked) => (++faults % 9 === 4 ? complaint(faults % 2 ? 422 : 503) : teach(asked)) },
    )
    const env = {
      SYLLABUS_HOME: join(folder, 'home'),
      SYLLABUS_RUNS: join(folder, 'runs'),
      OPENAI_BASE_URL: server.endpoint.baseUrl,
      OPENAI_API_KEY: key,
    }
    const reported: string[] = []
    const finish = async (...args: string[]) => {
      const command = syllabus(args, env)
      const code = await command.ended
      reported.push(command.output())
      expect(code, command.output().slice(-3000)).toBe(0)
    }
    const topology = ['--topology', join(folder, 'llm.yaml')]
    await finish('run', taskFolder, ...topology, '--model', server.model, '--rows', '12', '--run-id', 'llm', '--json')

    const report = ReportData.parse(JSON.parse(await readFile(join(folder, 'runs/llm/report.json'), 'utf8')))
    expect(report.run).toMatchObject({ status: 'finished', stopReason: 'attempts-used' })
    expect(report.models).toMatchObject({
      noLanguageModel: false,
      sentence: expect.stringContaining('Planned with scripted'),
    })
    expect(report.models.sentence).toContain('asked the teacher scripted')
    expect(
      report.datasets.map(({ operations }) => operations.map(({ operation, model }) => `${operation} ${model}`)),
    ).toEqual([['draft null'], ['draft scripted']])
    const hashes = report.provenance.hashes.map(({ name, sha256 }) => `${name} ${sha256}`)
    for (const [file, hash] of Object.entries(promptHashes))
      expect(hashes).toContain(`Planner's prompt ${file} ${hash}`)
    expect(report.budget.teacherCallsUsed).toBe(server.taught)
    const adapters = report.studentModels.flatMap(({ training }) => (training ? [training.adapterHash] : []))
    expect(adapters).toHaveLength(3)
    for (const adapter of adapters) expect(adapter).toMatch(/^[0-9a-f]{64}$/)

    // Rows alone, on the same bus; then everything that is written is searched.
    const program = join(folder, 'program.json')
    const template = 'Write order-total problem {{index}}.'
    await writeFile(program, JSON.stringify(promptProgram({ rows: 6, template })))
    const rowsOnly = ['--task', taskFolder, '--program', program, '--rows', '6', '--out', join(folder, 'out')]
    await finish('generate', ...rowsOnly, '--model', server.model)
    await finish('export', 'llm', '--format', 'alpaca')
    await finish('report', 'llm')
    const places = [join(folder, 'home'), join(folder, 'runs'), join(folder, 'out')]
    // The search would find it: what the teacher and the planner's model said is in the journals, the log and the objects on this disk.
    const printed = await filesWith('is busy', places)
    expect(printed.some((path) => path.includes('nats'))).toBe(true)
    expect((await filesWith('More rows of', places)).some((path) => path.includes('nats'))).toBe(true)
    expect(await filesWith(key, places)).toEqual([])
    expect(reported.join('\n')).not.toContain(key)
  },
  10 * minutes,
)
