import { randomBytes } from 'node:crypto'
import { replicaName } from '../../agents/kit/identity.ts'
import type { Identity } from '../../agents/kit/launch.ts'
import { createLog, type Log } from '../../agents/kit/log.ts'
import { type Bus, connectBus, type TopologyOptions } from '../../bus/mod.ts'
import { checkTemporary } from '../../machine/folders.ts'
import { FileHeldError, nameOf } from '../../machine/held-file.ts'
import { type AgentRole, agentRoles, type Role } from '../../schemas/role.ts'
import type { ThinkingSettings } from '../../schemas/task.ts'
import type { Topology } from '../../schemas/topology.ts'
import { startGateway } from '../../trace/gateway.ts'
import { checkStudent, knownCheck } from '../../trainer-bridge/check-student.ts'
import { ensureEmbedder } from '../../trainer-bridge/embedder/open.ts'
import { chatOf, templateOf } from '../../trainer-bridge/job.ts'
import { BridgeOptions } from '../../trainer-bridge/options.ts'
import { provisionRuntime } from '../../trainer-bridge/provision/mod.ts'
import { startRuntime } from '../../trainer-bridge/runtime.ts'
import { ensureStudent } from '../../trainer-bridge/student.ts'
import { UsageError } from '../errors.ts'
import { homeFolder } from '../home.ts'
import type { Reporter } from '../progress.ts'
import type { EarlyAgents } from './agent-child.ts'
import { checkDisk, checkOpenFiles, checkPort } from './check-host.ts'
import { type Cluster, holdHome, openCluster } from './cluster.ts'
import { crewMember } from './crew-member.ts'
import { openAgentsLog } from './log-file.ts'
import { supervise } from './supervisor.ts'

/** A bus with its agents and its page, on this machine. */
export type Session = AsyncDisposable & {
  bus: Bus
  cluster: Cluster
  /** Address of the live page, token included. */
  pageUrl: string
  agents: readonly Identity[]
  /** Rejects when an agent cannot start for a reason that a restart does not mend. */
  failed: Promise<never>
  /** Ends all agents, or those of a role: they take nothing more, finish what they have within the topology's time, and give back the rest. */
  stop(role?: AgentRole): Promise<void>
  logFile: string
}

/**
 * Which agents are started beside a topology's own or in their place, whether a bus that is there keeps its limits, and the agents
 * that were started before. Where roles are named, no other agent is expected to join.
 */
type SessionChoices = {
  roles?: readonly AgentRole[]
  alsoPlanners?: readonly Topology[]
  keep?: boolean
  early?: EarlyAgents | undefined
  /** How the student is spoken with where the topology says nothing: a task's. */
  inference?: ThinkingSettings
}

const day = 24 * 3600 * 1000

/** Connects as the operator. */
export function connectOperator(cluster: Cluster, log: Log): Promise<Bus> {
  return connectAs('operator', cluster, log)
}

/** Connects as one role. */
export function connectAs(role: Role, cluster: Cluster, log: Log): Promise<Bus> {
  const { servers, sealed, limits } = cluster
  const instance = `${role}-${process.pid}`
  const credentials = cluster.credentials[role]
  return connectBus({ servers, sealed, limits, credentials, role, variant: 'cli', instance, log })
}

/** Makes streams, buckets and consumers, as the topology's limits say. With `keep` what is there keeps its limits. */
export async function prepareBus(
  bus: Bus,
  { storage, delivery }: Topology,
  choices: Pick<TopologyOptions, 'keep' | 'variants'>,
): Promise<void> {
  const { logMaxBytes, logMaxAgeDays, objectsMaxBytes } = storage
  await bus.ensureTopology({ logMaxBytes, objectsMaxBytes, logMaxAgeMs: logMaxAgeDays * day, delivery, ...choices })
}

/**
 * Starts a topology: the agents of the roles named, server, streams, gateway. Agents load their code meanwhile, and work when the
 * streams are there. `alsoPlanners`: topologies whose planner works beside that of the first. With `keep` a bus that is there keeps
 * its limits. What fails leaves nothing running.
 */
export async function openSession(
  topology: Topology,
  reporter: Reporter,
  { roles, alsoPlanners = [], keep = false, early, inference = {} }: SessionChoices = {},
): Promise<Session> {
  const home = homeFolder()
  await checkDisk(topology, home)
  checkTemporary()
  await checkPort(topology)
  await checkOpenFiles()
  const onProgress = (line: string) => reporter.line(`set-up: ${line}`)
  await using stack = new AsyncDisposableStack()
  // A server of others has its own storage.
  const storage = process.env.NATS_URL ? null : stack.use(await holdHome(home, onProgress, topology.bus))
  const agentsLog = early?.log ?? stack.use(openAgentsLog())
  const stderr = agentsLog.descriptor
  const log = createLog({ role: 'supervisor', instance: String(process.pid) }, { destination: stderr })
  const all = [topology, ...alsoPlanners]
  const ready = Promise.withResolvers<Cluster>()
  const started = roles ?? agentRoles
  const own = started.flatMap((role) =>
    Array.from({ length: topology.agents[role].replicas }, (_, index) =>
      crewMember(role, replicaName(role, index), topology, ready.promise, all),
    ),
  )
  const beside = alsoPlanners.map((other) =>
    crewMember('planner', `planner-${other.agents.planner.variant}`, other, ready.promise, all),
  )
  const crew = [...own, ...beside]
  const supervisor = supervise(crew, topology.supervisor, { log, stderr, early })
  stack.defer(() => supervisor.stop())
  const cluster = stack.use(
    await openCluster({ home, log, onProgress, tell: reporter.line, limits: topology.bus, storage }),
  )
  if (started.includes('trainer-bridge') && topology.agents['trainer-bridge'].variant === 'peft')
    await prepareRuntime(topology, inference, home, log, onProgress)
  const connecting = [connectOperator(cluster, log), connectAs('gateway', cluster, log)] as const
  for (const each of await Promise.allSettled(connecting)) if (each.status === 'fulfilled') stack.use(each.value)
  const [bus, reader] = await Promise.all(connecting)
  const variants = Object.fromEntries(started.map((role) => [role, [topology.agents[role].variant]]))
  await prepareBus(bus, topology, roles ? { keep, variants } : { keep })
  ready.resolve(cluster)
  const closing = new AbortController()
  const gateway = await startGateway({
    bus: reader,
    ...topology.gateway,
    token: randomBytes(16).toString('hex'),
    log,
    signal: closing.signal,
  })
  stack.defer(async () => {
    closing.abort()
    await gateway.close()
  })
  // Once more, since what comes last goes first: agents end before what they work with.
  stack.defer(() => supervisor.stop())
  const owned = stack.move()
  return {
    bus,
    cluster,
    pageUrl: gateway.url,
    agents: crew.map(({ identity }) => identity),
    failed: Promise.race([supervisor.failed, lossOf(cluster)]),
    stop: supervisor.stop,
    logFile: agentsLog.path,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** Rejects when another machine took the storage over, since this one gave no sign of life. */
function lossOf({ lost }: Cluster): Promise<never> {
  const loss = Promise.withResolvers<never>()
  loss.promise.catch(() => {})
  const fail = () => {
    const why = lost?.reason instanceof FileHeldError ? nameOf(lost.reason.holder) : 'another process'
    const message = `${why} took the storage over, since this machine gave no sign of life.`
    loss.reject(
      new UsageError(
        message,
        'What was stored until then is there: go on with the run there, or here once it has ended.',
      ),
    )
  }
  lost?.addEventListener('abort', fail, { once: true })
  return loss.promise
}

/**
 * Fetches the fine-tuning runtime and the student, and tries the student once, where a person sees it, not in an agent's log. Errors:
 * SetupError, for a student that cannot be trained or asked too.
 */
async function prepareRuntime(
  topology: Topology,
  ofTask: ThinkingSettings,
  home: string,
  log: Log,
  onProgress: (line: string) => void,
): Promise<void> {
  const { python } = await provisionRuntime({ home, onProgress })
  const { student: choice, embedder, inference } = BridgeOptions.parse(topology.agents['trainer-bridge'].options)
  const { signal } = new AbortController()
  const setup = { home, python, onProgress, signal }
  const student = await ensureStudent(choice, setup)
  const checked = { student, chat: templateOf(chatOf(ofTask, inference)), home }
  if (!(await knownCheck(checked))) {
    onProgress(`student: trying ${student.name} once`)
    await using runtime = startRuntime({ python, log })
    await checkStudent(checked, runtime, signal)
  }
  await ensureEmbedder(embedder, setup)
}
