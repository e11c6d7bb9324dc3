import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Topology } from '../../schemas/topology.ts'
import { makeCertificate } from '../support/certificates.ts'
import { type ClusterOptions, type TestCluster, withCluster } from '../support/cluster.ts'
import type { Command } from '../support/command.ts'
import { type GenerateFolder, meteredTwice, openGenerateFolder } from '../support/generate.ts'
import { until } from '../support/nats.ts'
import { startTeacherServer, type TeacherServer } from '../support/teacher-server.ts'

/** What a disturbance has at hand, once a tenth of the rows is made. */
export type Stage = {
  cluster: TestCluster
  folder: GenerateFolder
  teacher: TeacherServer
  command: Command
  /** The environment of a host that reaches the cluster. */
  env: Record<string, string>
  /** Waits until the teacher has been asked so many times more, which shows that the run goes on. */
  goesOn(calls?: number): Promise<void>
}

export type Disturbance = {
  name: string
  /** What is done to the cluster while rows are made. */
  disturb(stage: Stage): Promise<void>
  /** Whether the terminal has to show what is waited for. */
  isShown?: boolean
  /** How many processes that ask the teacher are killed or cut off: each may pay again for what it had in flight. */
  deaths?: number
  options?: ClusterOptions
  /** The address under which all hosts reach the teacher, where it is not the loopback interface's. */
  here?: string
  /** Puts the cluster where the disturbance can happen; gives what takes it away again. */
  prepare?(cluster: TestCluster): Promise<() => Promise<void>>
}

export type Outcome = {
  name: string
  exitCode: number | null
  datasetHash: string | null
  rows: number
  calls: number
  /** Calls that repeat a prompt, and the most that may: those in flight. */
  twice: number
  mayBeTwice: number
  wallS: number
  /** The longest time in which no call arrived. */
  pauseS: number
  /** What the terminal showed of the server. */
  shown: string[]
  output: string
}

export type Wanted = { rows: number; concurrency?: number; latencyMs?: number; topology?: Partial<Topology> }

/** Three servers with TLS and nkeys, without streams yet. */
export async function withSecuredCluster(options: ClusterOptions): Promise<AsyncDisposable & { cluster: TestCluster }> {
  const folder = await mkdtemp(join(tmpdir(), 'syllabus-survive-'))
  const authority = makeCertificate(folder, 'authority')
  const addresses = options.hosts?.map(({ address }) => address) ?? ['127.0.0.1']
  const names = addresses.map((address) => `IP:${address}`).join(',')
  const { cert, key } = makeCertificate(folder, 'server', { names, by: authority })
  // A busy machine is no fault of a handshake.
  const server = { cert_file: cert, key_file: key, timeout: 10 }
  const tls = { server, client: { ca: authority.cert } }
  const cluster = await withCluster({ nkeys: true, tls, topology: false, ...options })
  return {
    cluster,
    async [Symbol.asyncDispose]() {
      await cluster[Symbol.asyncDispose]()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Three servers with TLS and three copies, and one `generate` over them that is disturbed in its middle. */
export async function generateThrough(disturbance: Disturbance, wanted: Wanted): Promise<Outcome> {
  const { name, disturb, deaths = 0, prepare, options, here } = disturbance
  const { rows, concurrency = 20, latencyMs = 1000 } = wanted
  await using folder = await openGenerateFolder()
  await using secured = await withSecuredCluster(options ?? {})
  const { cluster } = secured
  const undo = await prepare?.(cluster)
  await using teacher = await startTeacherServer({ latencyMs, host: here })
  const topology = await folder.topology('three', { storage: { copies: 3 }, ...wanted.topology })
  const words = ['--rows', rows, '--concurrency', concurrency, '--topology', topology, '--run-id', 'through']
  const env = { NATS_URL: cluster.url, SYLLABUS_CREDENTIALS: cluster.credentialsFile }
  const startedAt = performance.now()
  const command = folder.generate('through', teacher, words.map(String), env)
  let [lastAsked, pauseS] = [performance.now(), 0]
  let asked = 0
  const watch = setInterval(() => {
    if (asked > 0 && teacher.requests < rows) pauseS = Math.max(pauseS, (performance.now() - lastAsked) / 1000)
    if (teacher.requests === asked) return
    asked = teacher.requests
    lastAsked = performance.now()
  }, 50)
  try {
    const hasEnded = () => command.child.exitCode !== null || command.child.signalCode !== null
    const goesOn = async (calls = Math.ceil(rows / 50)) => {
      const goal = Math.min(teacher.requests + calls, rows)
      await until('the run goes on', () => teacher.requests >= goal || hasEnded(), 120_000)
    }
    await goesOn(Math.ceil(rows / 10))
    if (!hasEnded()) await disturb({ cluster, folder, teacher, command, env, goesOn })
    const exitCode = await command.ended
    const read = await readFile(join(folder.path, 'through', 'generation.json'), 'utf8').catch(() => '{}')
    const { datasetHash = null, rows: made = 0 } = JSON.parse(read) as { datasetHash?: string | null; rows?: number }
    return {
      name,
      exitCode,
      datasetHash,
      rows: made,
      calls: teacher.requests,
      twice: meteredTwice(teacher),
      mayBeTwice: deaths * concurrency,
      wallS: (performance.now() - startedAt) / 1000,
      pauseS,
      shown: command.output().match(/waits for .* of the NATS server.*/g) ?? [],
      output: command.output(),
    }
  } finally {
    clearInterval(watch)
    command.child.kill('SIGKILL')
    await command.ended
    await undo?.()
  }
}
