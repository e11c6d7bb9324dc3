import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Bus } from '../../../../bus/mod.ts'
import type { RunRequest } from '../../../../experiments/run/submit-run.ts'
import { readTopology } from '../../../../launcher/topology/topology-file.ts'
import { Batch, Verdict } from '../../../../schemas/messages/generation.ts'
import { Decision, RunStarted } from '../../../../schemas/messages/run.ts'
import { Evidence } from '../../../../schemas/run.ts'
import { bundledTask } from '../../../../tasks/bundled-task.ts'
import { loadTask } from '../../../../tasks/load.ts'
import { documentedAgents } from '../../../support/documented-code.ts'
import { madeRun } from '../../../support/made-run.ts'
import { withServer } from '../../../support/nats.ts'
import { folderOf, generatorText, plainRows, topologyText } from '../../../support/plugin-files.ts'

const task = await loadTask(bundledTask)
const evidence = Evidence.parse({ arms: [], seeds: 1, submissions: false, retention: false })

type Payloads = { name: string; payload: unknown }[]

/** Makes a run with one plug-in on a server of its own; gives what is in its log, and the plug-in. */
async function runWith(
  role: 'generator' | 'planner' | 'critic',
  code: string,
  { attempts = 1, rows = 40, more = '', onReady }: Partial<RunRequest> & { more?: string; onReady?: () => void } = {},
) {
  await using server = await withServer()
  const folder = folderOf({
    'mine.ts': code,
    't.yaml': topologyText(role, './mine.ts', { more: `run: { attempts: ${attempts} }\n${more}` }),
  })
  const topology = await readTopology(join(folder, 't.yaml'))
  onReady?.()
  const request = { runId: 'with-plugin', seed: 1, attempts, rows, evidence }
  const operator: Bus = await madeRun(server, { task, topology, request })
  const log = operator.log({ runId: 'with-plugin', follow: false, signal: AbortSignal.timeout(30_000) })
  return { entries: (await Array.fromAsync(log)) as Payloads, plugin: topology.agents[role].plugin!, folder }
}

const of = <T>(entries: Payloads, { name, schema }: { name: string; schema: { parse(value: unknown): T } }): T[] =>
  entries.flatMap((entry) => (entry.name === name ? [schema.parse(entry.payload)] : []))

test('a run with a generator of a file outside the repository ends, and its rows say which code made them', async () => {
  const { entries, plugin, folder } = await runWith('generator', generatorText(`log.info('a shard'); ${plainRows}`))
  const { hash } = plugin
  const { config } = of(entries, RunStarted)[0]!
  expect(config.plugins?.generator).toMatchObject({ name: 'mine', version: '1.0.0', hash, reference: './mine.ts' })
  expect(JSON.stringify(config)).not.toContain(folder)
  const origins = of(entries, Batch).flatMap(({ candidates }) => candidates.map(({ origin }) => origin))
  expect(origins.length).toBeGreaterThanOrEqual(40)
  for (const origin of origins) expect(origin).toMatchObject({ generator: 'mine', plugin: { version: '1.0.0', hash } })
  expect(of(entries, Verdict).at(-1)?.rows).toBe(40)
})

const documented = documentedAgents('docs/agents.md')

test('the documented generator makes the rows of a run', async () => {
  const { entries } = await runWith('generator', documented.get('sums')!)
  expect(of(entries, Batch).flatMap(({ candidates }) => candidates).length).toBeGreaterThan(0)
})

test('the documented planner, 80 lines at most, plans a run to its end', async () => {
  const code = documented.get('weakest-first')!
  expect(code.split('\n').length).toBeLessThanOrEqual(80)
  const { entries, plugin } = await runWith('planner', code, { attempts: 2 })
  const decisions = of(entries, Decision).filter(({ attempt }) => attempt > 0)
  expect(decisions.map(({ diagnosis }) => diagnosis)).toEqual([
    'Nothing is measured yet: every skill alike.',
    expect.stringMatching(/^The weakest skill is [\w-]+: it gets 2 times/),
  ])
  const { config } = of(entries, RunStarted)[0]!
  expect(config.plugins?.planner).toMatchObject({ name: 'weakest-first', hash: plugin.hash })
})

test('a planner whose program does not hold costs the attempt, with the faults in the next situation', async () => {
  const code = `
    import { definePlanner, programFor } from '@syllabus-lab/syllabus/agent'
    export const p = definePlanner({ schemaVersion: 1, name: 'learns', version: '1', open: () => ({
      decide(situation) {
        const error = situation.history.at(-1)?.error
        if (!error) return { program: { version: 1, sources: [] }, diagnosis: 'wrong' }
        return { program: programFor(situation), diagnosis: 'It was: ' + error.slice(0, 60) }
      },
    }) })`
  const { entries } = await runWith('planner', code, { attempts: 2 })
  const [wrong, right] = of(entries, Decision).filter(({ attempt }) => attempt > 0)
  expect(wrong?.error).toContain('learns: ')
  expect(right?.diagnosis).toContain('It was: learns: ')
})

test('a critic of a file outside the repository refuses rows for reasons of its own', async () => {
  const code = documented.get('asking')!.replace("input.includes('?')", 'input.length % 2 === 0')
  const { entries, plugin } = await runWith('critic', code)
  const verdicts = of(entries, Verdict)
  expect(verdicts.flatMap(({ refusals = {} }) => Object.values(refusals).map((of) => of.plugin))).toContain(
    'its input asks nothing',
  )
  expect(verdicts.at(-1)?.rows).toBe(40)
  expect(of(entries, RunStarted)[0]?.config.plugins?.critic).toMatchObject({ name: 'asking', hash: plugin.hash })
})

/** The processes of plug-ins that this process has started. */
const codeProcesses = (): number[] =>
  execFileSync('ps', ['-o', 'pid=,args=', '--ppid', String(process.pid)], { encoding: 'utf8' })
    .split('\n')
    .flatMap((line) => (/sdk\/worker\.[jt]s/.test(line) ? [Number.parseInt(line, 10)] : []))

test.each(['generator', 'planner'] as const)(
  'kill -9 of the code of a %s, ten times: the same datasets',
  async (role) => {
    const slow = `await new Promise((resolve) => setTimeout(resolve, 20)); ${plainRows}`
    const code = role === 'generator' ? generatorText(slow) : documented.get('weakest-first')!
    const options = { attempts: 2, rows: 60, more: 'plugins: { tries: 50 }' }
    const hashesOf = ({ entries }: { entries: Payloads }) => of(entries, Verdict).map(({ datasetHash }) => datasetHash)
    const undisturbed = hashesOf(await runWith(role, code, options))
    let kills = 0
    const over = new AbortController()
    const kill = async () => {
      while (!over.signal.aborted && kills < 10) {
        await sleep(20 + Math.random() * 60)
        for (const pid of codeProcesses()) {
          process.kill(pid, 'SIGKILL')
          kills += 1
        }
      }
    }
    let killing: Promise<void> | undefined
    const onReady = () => {
      killing = kill()
    }
    const disturbed = await runWith(role, code, { ...options, onReady })
      .then(hashesOf)
      .finally(() => over.abort())
    await killing
    expect(kills).toBeGreaterThan(0)
    expect(disturbed).toEqual(undisturbed)
  },
)
