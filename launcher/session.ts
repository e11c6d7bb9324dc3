import { randomBytes } from 'node:crypto'
import { replicaName } from '../agents/kit/identity.ts'
import type { Identity } from '../agents/kit/launch.ts'
import { createLog, type Log } from '../agents/kit/log.ts'
import { type Bus, connectBus, createTroubles, type TopologyOptions } from '../bus/mod.ts'
import { checkTemporary, homeFolder } from '../machine/folders.ts'
import { FileHeldError, holderName } from '../machine/held-file.ts'
import { identityOf } from '../provision/mod.ts'
import { queuesOf } from '../schemas/queue.ts'
import { type AgentRole, agentRoles, needsContaminationKey, type Role } from '../schemas/role.ts'
import type { RunConfig, Variants } from '../schemas/run.ts'
import type { Topology } from '../schemas/topology.ts'
import { UsageError } from '../schemas/user-error.ts'
import { variantsOf } from '../schemas/variants.ts'
import { startGateway } from '../trace/gateway.ts'
import type { RunReader } from '../trace/run-reader.ts'
import type { TryPanel } from '../trace/try-panel.ts'
import type { EarlyAgents } from './agent-child.ts'
import { agentSpec } from './agent-spec.ts'
import { type BusServer, checkLogins, credentialsOf, holdHome, openBusServer, rememberServers } from './bus-server.ts'
import { checkDisk, checkOpenFiles, checkPort, pageFault } from './check-host.ts'
import type { Reporter } from './console/reporter.ts'
import { openAgentsLog } from './log-file.ts'
import { prepareRuntime, type TaskSettings } from './prepare-runtime.ts'
import { checkNew, givenTo, removeOwnQueues, unfinishedOn } from './shared-queues.ts'
import { supervise } from './supervisor.ts'
import { exportOwnTraces, openTelemetry } from './telemetry.ts'
import { queuesIn } from './topology/queues.ts'
import { printOwnTroubles, watchTroubles } from './troubles.ts'
import { publishWanted } from './wanted-agents.ts'

/** A bus with its agents and its page, on this machine. */
export type Session = AsyncDisposable & {
  bus: Bus
  server: BusServer
  /** Address of the live page, token included. */
  pageUrl: string
  agents: readonly Identity[]
  /** The queue of each role that its agents work on. */
  queues: Variants
  /** Rejects when an agent cannot start for a reason that a restart does not fix, or the servers refuse a user of this session for good. */
  failed: Promise<never>
  /** Ends all agents, or those of a role: they finish what they have within the topology's time, and give back the rest. */
  stop(role?: AgentRole): Promise<void>
  /** Ends all agents, and removes the consumers of what only they worked on, as far as its runs are done. */
  close(): Promise<void>
  logFile: string
}

/**
 * Which agents are started beside a topology's own or in their place, whether a bus that is there keeps its limits, and the agents
 * that were started before. Where roles are named, no other agent is expected to join.
 */
type SessionChoices = {
  roles?: readonly AgentRole[]
  /** No agent is started here: nodes of the cluster have them all. */
  elsewhere?: boolean
  /** Names the run, or the set of runs, that the agents are for alone; left out: those of a run that goes on, or the shared ones. */
  own?: string | undefined
  /** The run that the agents go on with: they work on its queues. */
  goesOn?: Pick<RunConfig, 'runId' | 'variants' | 'queues'> | undefined
  alsoPlanners?: readonly Topology[]
  keep?: boolean
  early?: EarlyAgents | undefined
  /** What a task says of its student. */
  ofTask?: TaskSettings
  /** What answers the page's questions to models; left out: nothing does. */
  tryPanel?: OpenTryPanel
  /** What reads rows, answers and reports for the page. */
  runReader: (bus: Bus, topology: Topology) => RunReader
  /** Ends the opening, and the waiting for a server that is away. */
  signal?: AbortSignal
}

export type OpenTryPanel = (
  bus: Bus,
  topology: Topology,
  onProgress: (line: string) => void,
) => TryPanel & AsyncDisposable

const day = 24 * 3600 * 1000

type Connecting = {
  /** Where it is shown that the server is away. */
  line?: ((text: string) => void) | undefined
  /** Once it fires, a server that is away is no longer waited for. */
  signal?: AbortSignal | undefined
}

/** Connects as the operator. */
export const connectOperator = (server: BusServer, log: Log, how?: Connecting): Promise<Bus> =>
  connectAs('operator', server, log, how)

/**
 * Connects as one role.
 * @throws BusSetupError; BusAwayError where a server that has answered before stays away
 */
export async function connectAs(
  role: Role,
  server: BusServer,
  log: Log,
  { line, signal }: Connecting = {},
): Promise<Bus> {
  const { servers, tls, sealed, limits, isKnown = false, join } = server
  const troubles = createTroubles()
  if (line) printOwnTroubles(troubles, line)
  const instance = `${role}-${process.pid}`
  const credentials = credentialsOf(server, role)
  const who = { role, variant: 'cli', instance }
  const cluster = join?.cluster
  const place = { servers, tls, sealed, limits, cluster, isKnown }
  const bus = await connectBus({ ...place, credentials, ...who, log, troubles, signal })
  if (!isKnown) await rememberServers(homeFolder(), servers)
  return bus
}

/**
 * Makes streams, buckets and consumers, as the topology says; gives what a person should know. With `keep` what is there keeps its limits.
 */
export async function prepareBus(
  bus: Bus,
  { storage, delivery }: Topology,
  choices: Pick<TopologyOptions, 'keep' | 'variants' | 'vault'>,
): Promise<string[]> {
  const { logMaxAgeDays, logMaxBytes, objectsMaxBytes, copies } = storage
  const sizes = { logMaxBytes, objectsMaxBytes, logMaxAgeMs: logMaxAgeDays * day }
  return bus.ensureTopology({ ...sizes, copies, delivery, ...choices })
}

/**
 * Starts a topology: the agents of the roles named, server, streams, gateway. Agents load their code meanwhile, and work when the
 * streams are there. `alsoPlanners`: topologies whose planner works beside that of the first. With `keep` a bus that is there keeps
 * its limits. What fails leaves nothing running.
 */
export async function openSession(topology: Topology, reporter: Reporter, choices: SessionChoices): Promise<Session> {
  const { own, goesOn, keep = false, early, ofTask = {}, tryPanel, runReader, signal } = choices
  const home = homeFolder()
  if (choices.elsewhere) checkReachable()
  reporter.line(`home: ${home}`)
  await checkHost(topology, home)
  const onProgress = (line: string) => reporter.line(`set-up: ${line}`)
  await using stack = new AsyncDisposableStack()
  // First, so that a probe is answered while what is missing is fetched.
  const telemetry = stack.use(await openTelemetry(topology, reporter.line))
  // A server of others has its own storage.
  const storage = process.env.NATS_URL ? null : stack.use(await holdHome(home, onProgress, topology.bus))
  const agentsLog = early?.log ?? stack.use(openAgentsLog())
  const stderr = agentsLog.descriptor
  const log = createLog({ role: 'supervisor', instance: String(process.pid) }, { destination: stderr })
  const ready = Promise.withResolvers<BusServer>()
  const plan = planAgents(topology, choices, ready.promise)
  const { queues, here, agentSpecs } = plan
  let watch: ReturnType<typeof watchTroubles> | null = null
  const supervisor = supervise(agentSpecs, topology.supervisor, {
    log,
    stderr,
    early,
    logs: agentsLog.path,
    onEnded: (identity, how) => {
      telemetry.ended(identity)
      watch?.ended(identity, how)
    },
  })
  stack.defer(() => supervisor.stop())
  // Before they are stopped, agents that wait for the bus are notified that it does not come.
  ready.promise.catch(() => {})
  stack.defer(() => ready.reject(new Error('the session was not started')))
  const server = stack.use(
    await openBusServer({ home, log, onProgress, notify: reporter.line, limits: topology.bus, storage }),
  )
  checkLogins(server, ['operator', 'gateway', ...agentSpecs.map(({ identity }) => identity.role)])
  const how = signal ? { signal } : {}
  const [bus, reader] = await connectBoth(server, log, { ...how, line: reporter.line }, stack)
  // After the bus: to fetch this takes minutes, and a server that is not there is reported before.
  const hasBridge = here.includes('trainer-bridge') && topology.agents['trainer-bridge'].variant === 'peft'
  const student = hasBridge ? await prepareRuntime(topology, ofTask, log, { home, onProgress, ...how }) : null
  signal?.throwIfAborted()
  // Before there are consumers: those of a run that is there belong to it.
  if (own !== undefined) await checkNew(bus, own)
  for (const notice of await prepareBus(bus, topology, { keep, variants: plan.variants })) reporter.line(notice)
  const published = await publishPlan(bus, plan, { topology, ofTask, server, student, name: own ?? goesOn?.runId })
  if (published) stack.use(published)
  const unserved = published ? plan.unserved : []
  const wanted = () => [...supervisor.wanted(), ...unserved]
  watch = stack.use(watchTroubles(bus, { line: reporter.line, wanted, except: ['waits'] }))
  if (own === undefined) {
    const others = givenTo(await unfinishedOn(bus), topology, queues).filter((runId) => runId !== goesOn?.runId)
    for (const other of others) reporter.line(alsoDone(other))
  }
  await telemetry.observe({ bus, readsAll: true, agents: supervisor.wanted, prices: topology.prices })
  const traces = await exportOwnTraces({ bus, home, log, line: reporter.line, limits: topology.telemetry })
  if (traces) telemetry.add(stack.use(traces).samples)
  ready.resolve(server)
  const closing = new AbortController()
  const panel = tryPanel && stack.use(tryPanel(bus, topology, (step) => log.info({ step }, 'models of a run')))
  const gateway = await startGateway({
    bus: reader,
    ...(panel && { tryPanel: panel }),
    runReader: runReader(bus, topology),
    answerTelemetry: telemetry.answer,
    ...topology.gateway,
    token: randomBytes(16).toString('hex'),
    log,
    signal: closing.signal,
  }).catch(pageFault(topology))
  stack.defer(async () => {
    closing.abort()
    await gateway.close()
  })
  // Once more, since what comes last goes first: agents end before what they work with.
  stack.defer(() => {
    if (!bus.isLost) return supervisor.stop()
    // What agents await could not be stored either.
    if (agentSpecs.some(({ asksModel }) => asksModel)) reporter.line(unstored)
    return supervisor.stop(undefined, 0)
  })
  stack.defer(telemetry.ends)
  const stop = async (role?: AgentRole) => {
    await Promise.all([published?.withdraw(role), supervisor.stop(role)])
  }
  const owned = stack.move()
  return {
    bus,
    server,
    pageUrl: gateway.url,
    agents: agentSpecs.map(({ identity }) => identity),
    queues,
    failed: Promise.race([supervisor.failed, lossOf(server), bus.refused, reader.refused]),
    stop,
    async close() {
      await stop()
      await removeOwnQueues(bus, plan.variants)
    },
    logFile: agentsLog.path,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** @throws MachineError, UsageError where this machine lacks what every session needs */
async function checkHost(topology: Topology, home: string): Promise<void> {
  await checkDisk(topology, home)
  checkTemporary()
  await checkPort(topology)
  await checkOpenFiles()
}

/** Which agents a session has, and which queues are worked on; `ready` resolves once agents may connect. */
function planAgents(
  topology: Topology,
  { roles, elsewhere = false, own, goesOn, alsoPlanners = [] }: SessionChoices,
  ready: Promise<BusServer>,
) {
  const all = [topology, ...alsoPlanners]
  const queues = goesOn ? queuesOf(goesOn) : queuesIn(topology, process.env, own)
  const others = alsoPlanners.map((other) => ({
    topology: other,
    queue: queuesIn(other, process.env, own).planner,
  }))
  const started = roles ?? agentRoles
  const here = elsewhere ? [] : started.filter((role) => topology.agents[role].replicas > 0)
  const replicas = here.flatMap((role) =>
    Array.from({ length: topology.agents[role].replicas }, (_, index) =>
      agentSpec(role, replicaName(role, index), topology, ready, queues[role], all),
    ),
  )
  const beside = (elsewhere ? [] : others).map((other) =>
    agentSpec('planner', `planner-${other.topology.agents.planner.variant}`, other.topology, ready, other.queue, all),
  )
  const variants = Object.fromEntries(
    started.map((role) => {
      const further = role === 'planner' ? others.map(({ queue }) => queue) : []
      return [role, [...new Set([...(roles ? [] : variantsOf[role]), queues[role], ...further])]]
    }),
  )
  const unserved = started
    .filter((role) => !here.includes(role))
    .map((role) => ({
      role,
      variant: topology.agents[role].variant,
      queue: queues[role],
      servedFor: own ?? goesOn?.runId ?? null,
    }))
  return { queues, others, started, here, agentSpecs: [...replicas, ...beside], variants, unserved }
}

/** Connects as the operator and as the gateway; where one of the two cannot, the other is closed with the stack. */
async function connectBoth(
  server: BusServer,
  log: Log,
  how: Connecting,
  stack: AsyncDisposableStack,
): Promise<[operator: Bus, gateway: Bus]> {
  const connecting = [
    connectOperator(server, log, how),
    connectAs('gateway', server, log, { ...how, line: undefined }),
  ] as const
  for (const each of await Promise.allSettled(connecting)) if (each.status === 'fulfilled') stack.use(each.value)
  return Promise.all(connecting)
}

type Publication = {
  topology: Topology
  ofTask: TaskSettings
  server: BusServer
  student: { path: string } | null
  name: string | undefined
}

/** Publishes what nodes need to have agents for the session; null where no node reaches its server: an embedded one is for this machine. */
async function publishPlan(
  bus: Bus,
  { started, others, queues, here }: ReturnType<typeof planAgents>,
  { topology, ofTask, server, student, name = topology.name }: Publication,
) {
  if (server.serverName !== null || started.length === 0) return null
  return publishWanted(bus, {
    name,
    roles: started,
    topology,
    alsoPlanners: others,
    queues,
    ofTask,
    server,
    // Who makes data alone has built the index of what may not be copied.
    usesKey: here.some(needsContaminationKey) || topology.agents.planner.variant === 'generate',
    studentHash: student && (await identityOf(student.path)),
  })
}

/** @throws UsageError where the session would start a server that nobody else reaches */
function checkReachable(): void {
  if (process.env.NATS_URL) return
  throw new UsageError(
    'Agents of other hosts cannot reach a server that is started here for this machine alone.',
    "Set NATS_URL and SYLLABUS_CREDENTIALS to the cluster's, or leave --no-agents out.",
  )
}

const unstored =
  'ends its agents now: what the server had acknowledged is kept, and replies to calls in flight, which nothing can store, are asked for again'

const alsoDone = (runId: string) =>
  `run ${runId} is not finished, and its work is in the queue of this model and address: these agents do it too, and its calls are paid ` +
  'with the key of this command.'

/** Rejects when another machine took the storage over, since this one gave no sign of life. */
function lossOf({ lost }: BusServer): Promise<never> {
  const loss = Promise.withResolvers<never>()
  loss.promise.catch(() => {})
  const fail = () => {
    const why = lost?.reason instanceof FileHeldError ? holderName(lost.reason.holder) : 'another process'
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
