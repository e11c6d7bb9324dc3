import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { hostAgent } from '../../../agents/kit/host.ts'
import { createLog } from '../../../agents/kit/log.ts'
import { planner } from '../../../agents/planner/agent.ts'
import type { Bus } from '../../../bus/mod.ts'
import type { Comparison } from '../../../evidence/report/comparison/analyse.ts'
import { type ComparedRun, type PlannerArm, runsOf } from '../../../evidence/report/comparison/plan.ts'
import { topologyOfArm, writeComparison } from '../../../experiments/compare/comparison.ts'
import { followRun } from '../../../experiments/run/follow-run.ts'
import { writeRunReport } from '../../../experiments/run/write-run-report.ts'
import { beginMember } from '../../../experiments/run-set/run-set.ts'
import { createReporter } from '../../../launcher/console/reporter.ts'
import { readTopology } from '../../../launcher/topology/topology-file.ts'
import { defaultTopology } from '../../../launcher/topology/topology-names.ts'
import { BusLimits } from '../../../schemas/bus-limits.ts'
import { agentRoles } from '../../../schemas/role.ts'
import { Evidence } from '../../../schemas/run.ts'
import { bundledTask } from '../../../tasks/bundled-task.ts'
import { loadTask } from '../../../tasks/load.ts'
import { planOf } from '../../support/compared-runs.ts'
import { type TestServer, withServer } from '../../support/nats.ts'
import { openCast } from '../../support/planner-cast.ts'

/** Both planners on a real bus, side by side; the roles beside them are stood in for, so that no student is trained. */

const task = await loadTask(bundledTask)
const local = await readTopology(defaultTopology)
const plan = planOf({ name: 'cast', arms: ['rules', 'random'], pairs: 6, attempts: 2, rows: 60, taskHash: task.sha256 })
const quiet = { ...createReporter(), line: () => {}, json: () => {}, progress: () => {} }
let server: TestServer
let operator: Bus
let folder: string
let end: AbortController
let hosted: Promise<void>[]

beforeEach(async () => {
  server = await withServer()
  operator = await server.open('operator')
  folder = await mkdtemp(join(tmpdir(), 'syllabus-compared-'))
  process.env.SYLLABUS_RUNS = folder
  end = new AbortController()
  const variants = Object.fromEntries(agentRoles.map((role) => [role, local.agents[role].variant]))
  // Of 30 on the test: pair n has 10 + n with random programs, and n more by rules.
  const testOf = (runId: string, studentModel: string) => {
    const pair = Number(runId.at(-1))
    return studentModel === 'final' ? 10 + pair * (runId.includes('rules') ? 2 : 1) : 3
  }
  const scoreOf = (studentModel: string) => (studentModel === 'attempt-2' ? 20 : 10)
  await openCast(server, variants, { yieldOf: () => 1, scoreOf, testOf, badCases: [] }, end.signal)
  const log = createLog({ role: 'planner' }, { level: 'silent' })
  hosted = plan.arms.map((variant) => hostAgent(planner, launchOf(variant), log, end.signal))
})
afterEach(async () => {
  end.abort()
  await Promise.all(hosted)
  delete process.env.SYLLABUS_RUNS
  await server[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

const launchOf = (variant: string) => ({
  ...{ role: 'planner' as const, variant, instance: `planner-${variant}`, slots: 1, options: {}, sealed: true },
  ...{ credentials: server.credentials.planner, servers: server.url, contaminationKey: null, home: server.storeDir },
  ...{ delivery: {}, environment: {}, drainMs: 1000, graceMs: 1000, bus: BusLimits.parse({}) },
})

async function follow(run: ComparedRun): Promise<string | undefined> {
  const { arm, pair } = run
  const evidence = Evidence.parse({ arms: [] })
  const request = {
    ...run,
    attempts: plan.attempts,
    rows: plan.rows,
    evidence,
    comparison: { name: 'cast', arm, pair },
  }
  const begun = await beginMember(operator, run, { task, topology: topologyOfArm(local, arm as PlannerArm), request })
  const signal = AbortSignal.timeout(40_000)
  return (await followRun(operator, { ...begun, reporter: quiet, signal }))?.status
}

test('paired runs of two planners at work beside each other end in a report of their difference', async () => {
  for (const run of runsOf(plan)) expect(await follow(run), run.runId).toBe('finished')
  // Given again, what is finished is not run again.
  const [first] = runsOf(plan)
  expect(await follow(first!)).toBe('finished')

  await writeComparison(operator, plan, quiet)
  const { effects, uses, runs } = JSON.parse(await readFile(join(folder, 'cast/comparison.json'), 'utf8')) as Comparison
  expect(runs.map(({ status }) => status)).toEqual(Array(12).fill('finished'))
  const [effect] = effects
  expect(effect).toMatchObject({ arm: 'rules', against: 'random', p: 2 / 64, conclusion: 'shown' })
  expect(effect!.differences!.values.map((value) => Math.round(value * 30))).toEqual([1, 2, 3, 4, 5, 6])
  for (const use of uses) {
    expect(use).toMatchObject({ trainings: 3, validationScores: 4, rows: { fewest: 60, most: 60 }, unequal: [] })
  }

  await writeRunReport(operator, 'cast-random-3', quiet)
  for (const kind of ['md', 'html']) {
    const report = await readFile(join(folder, `cast-random-3/report.${kind}`), 'utf8')
    expect(report).toContain('Planner effect: see the comparison cast')
    expect(report).not.toContain('Planner effect not measured')
  }
}, 120_000)
