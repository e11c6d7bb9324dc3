import { expect, test } from 'vitest'
import { planEvidence } from '../../../experiments/run/evidence.ts'
import { readTopology } from '../../../launcher/topology/topology-file.ts'
import { defaultTopology, keepsLimits, quickTopology } from '../../../launcher/topology/topology-names.ts'
import { bundledTask } from '../../../tasks/bundled-task.ts'
import { loadTask } from '../../../tasks/load.ts'

test('a quick run has the agents of the demonstration, and less to do', async () => {
  const [quick, usual] = await Promise.all([quickTopology, defaultTopology].map((path) => readTopology(path)))
  const { agents, run, name: _, ...rest } = quick!
  const { agents: usualAgents, run: usualRun, name: __, ...usualRest } = usual!
  expect(rest).toEqual(usualRest)
  expect({ ...agents, evaluator: { ...agents.evaluator, options: {} } }).toEqual(usualAgents)
  expect(agents.evaluator.options).toEqual({ audit: {} })
  const { attempts, rows, evidence, ...limits } = run
  expect(limits).toMatchObject(Object.fromEntries(Object.keys(limits).map((key) => [key, Reflect.get(usualRun, key)])))
  expect({ attempts, rows }).toEqual({ attempts: 2, rows: 60 })
  expect(planEvidence(await loadTask(bundledTask), quick!, {})).toMatchObject({
    arms: [],
    seeds: 1,
    submissions: false,
    retention: false,
  })
  expect(evidence.arms).toEqual([])
})

test('a bus that others made keeps its limits in a quick run, as in the demonstration', () => {
  const env = { NATS_URL: 'nats://127.0.0.1:4222' }
  expect([quickTopology, defaultTopology, 'own.yaml'].map((path) => keepsLimits(path, env))).toEqual([
    true,
    true,
    false,
  ])
})
