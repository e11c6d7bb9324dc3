import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'yaml'
import { logStreamOf } from '../../bus/subjects.ts'
import { defaultTopology } from '../../launcher/topology/topology-names.ts'
import { sha256 } from '../../schemas/hash.ts'
import type { PackedResult } from '../../schemas/sealed-results.ts'
import { Topology } from '../../schemas/topology.ts'
import type { TestCluster } from '../support/cluster.ts'
import { syllabus } from '../support/command.ts'
import { openGenerateFolder } from '../support/generate.ts'
import { linkedHome } from '../support/linked-home.ts'
import { writeMiniTask } from '../support/mini-task.ts'
import { until } from '../support/nats.ts'
import { withSecuredCluster } from './stage.ts'

/** What has to be the same in two runs: hashes and scores, by what they are of. */
type Facts = Record<string, string>

/** The usual agents, with an evaluator that draws a few new items: what is asked here is whether they are the same. */
async function fewAudits() {
  const { agents } = Topology.parse(parse(await readFile(defaultTopology, 'utf8')))
  const audit = { 'in-template': 2, 'heldout-phrasing': 2, 'heldout-range': 2 }
  return { ...agents, evaluator: { ...agents.evaluator, options: { audit } } }
}

type Message = { name: string; payload: Record<string, unknown> }

/** A small run with the real student over three servers, undisturbed and with the log's leader killed once an attempt is being trained. */
export async function realRuns(rows = 40): Promise<{ undisturbed: Facts; disturbed: Facts }> {
  const folder = await mkdtemp(join(tmpdir(), 'syllabus-real-run-'))
  try {
    const task = await writeMiniTask(join(folder, 'task'), 2)
    const run = async (name: string, disturb: (cluster: TestCluster) => Promise<void>): Promise<Facts> => {
      await using secured = await withSecuredCluster({})
      const { cluster } = secured
      await using topologies = await openGenerateFolder()
      // Trained and asked anew: each has a home of its own.
      await linkedHome(join(folder, name))
      const topology = await topologies.topology('three', { storage: { copies: 3 }, agents: await fewAudits() })
      const words = [
        'run',
        task,
        '--attempts',
        '1',
        '--rows',
        String(rows),
        '--seed',
        '5',
        '--run-id',
        'real',
        '--json',
      ]
      const command = syllabus([...words, '--no-retention', '--topology', topology], {
        SYLLABUS_HOME: join(folder, name),
        SYLLABUS_RUNS: join(folder, name, 'runs'),
        NATS_URL: cluster.url,
        SYLLABUS_CREDENTIALS: cluster.credentialsFile,
      })
      try {
        const hasEnded = () => command.child.exitCode !== null
        const trains = () => messagesIn(command.output()).some(({ name }) => name === 'job')
        await until('an attempt is to be trained', () => trains() || hasEnded(), 600_000)
        await disturb(cluster)
        const code = await command.ended
        if (code !== 0) throw new Error(`exit code ${code}:\n${command.output().slice(-4000)}`)
        return factsOf(messagesIn(command.output()))
      } finally {
        command.child.kill('SIGKILL')
      }
    }
    const [undisturbed, disturbed] = await Promise.all([
      run('undisturbed', async () => {}),
      run('disturbed', async (cluster) => cluster.kill9(await cluster.leaderOf(logStreamOf.LAB))),
    ])
    return { undisturbed, disturbed }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const shortHash = (text: string) => (/^[0-9a-f]{64}$/.test(text) ? text : sha256(text)).slice(0, 12)

const messagesIn = (output: string): Message[] =>
  output
    .split('\n')
    .filter((line) => line.startsWith('{"type":"message"'))
    .map((line) => JSON.parse(line))

function factsOf(messages: readonly Message[]): Facts {
  const last = (name: string) => messages.findLast((message) => message.name === name)?.payload ?? {}
  const results = (last('final-eval-results').results ?? []) as PackedResult[]
  const replies = results.map((result) => [
    `${result.evalSet}, ${result.studentModel.name}`,
    // Each run draws an audit of its own, from a seed that nobody knows before (final-eval.ts, O1).
    result.evalSet === 'audit' ? `${result.marks.length} items` : shortHash(JSON.stringify(result)),
  ])
  return { dataset: shortHash(String(last('run-finished').datasetHash)), ...Object.fromEntries(replies.toSorted()) }
}
