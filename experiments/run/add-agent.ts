import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { createLog } from '../../agents/kit/log.ts'
import { PlannerState } from '../../agents/planner/state.ts'
import type { Bus } from '../../bus/mod.ts'
import { agentSpec } from '../../launcher/agent-spec.ts'
import { checkLogins, holdsRole, openBusServer } from '../../launcher/bus-server.ts'
import { stopSignal } from '../../launcher/console/stop-signal.ts'
import { findSession } from '../../launcher/live-session.ts'
import { isReference } from '../../launcher/plugin/reference.ts'
import { resolvePlugin } from '../../launcher/plugin/resolve.ts'
import { connectAs, prepareBus } from '../../launcher/session.ts'
import { keptFrom, unfinishedOn } from '../../launcher/shared-queues.ts'
import { supervise } from '../../launcher/supervisor.ts'
import { openTelemetry } from '../../launcher/telemetry.ts'
import { variantsIn } from '../../launcher/topology/models.ts'
import { knowLocal, queuesIn } from '../../launcher/topology/queues.ts'
import { readTopology } from '../../launcher/topology/topology-file.ts'
import { boundTopology, topologyOfRun } from '../../launcher/topology/topology-of-run.ts'
import { withModel } from '../../launcher/topology/with-model.ts'
import { watchTroubles } from '../../launcher/troubles.ts'
import { joinedServer } from '../../launcher/with-bus.ts'
import { checkTemporary, homeFolder } from '../../machine/folders.ts'
import { printable } from '../../schemas/printable.ts'
import { queuesOf } from '../../schemas/queue.ts'
import type { AgentRole } from '../../schemas/role.ts'
import type { RunConfig } from '../../schemas/run.ts'
import { Topology } from '../../schemas/topology.ts'
import { UsageError } from '../../schemas/user-error.ts'
import { pickRun } from './pick-run.ts'

export type AddedAgent = {
  /** Left out: the topology's. */
  variant?: string
  /** The file with its limits and options. */
  topology: string
  model?: string
  /** The run that it helps; left out: all with the same model and address, whose commands start no such agents. */
  run?: string
  /** Whether the run's endpoint has another address now. */
  moved: boolean
}

/**
 * Joins a bus with one more agent and keeps it up until it is stopped, or its run is done.
 * @throws UsageError where there is no bus or no such run, and where its model would be asked at another address
 */
export async function addAgent(role: AgentRole, options: AddedAgent): Promise<void> {
  const written = await readTopology(options.topology)
  const named = options.variant ? await withVariant(written, role, options.variant) : written
  const log = createLog({ role: 'supervisor', instance: String(process.pid) })
  const home = homeFolder()
  checkTemporary()
  const server = process.env.NATS_URL
    ? await openBusServer({ home, log, onProgress: (line) => console.error(line), limits: named.bus })
    : await joinedServer(home)
  if (!server) {
    throw new UsageError(
      'There is no bus to join.',
      'Start one with "npx syllabus up", or set NATS_URL (and SYLLABUS_CREDENTIALS).',
    )
  }
  if (!process.env.NATS_URL) knowLocal(await findSession())
  const stop = stopSignal()
  const line = (text: string) => console.error(printable(text))
  checkLogins(server, [role])
  await using telemetry = await openTelemetry(named, line)
  // What is wrong with the bus is shown here, at once; an agent's process would only be started again and again.
  const watcher = holdsRole(server, 'operator') ? 'operator' : role
  await using bus = await connectAs(watcher, server, log, { line, signal: stop })
  const state = options.run === undefined ? null : await pickRun(bus, options.run, () => false)
  if (state?.phase === 'done')
    throw new UsageError(`Run ${options.run} is done: nothing is left to help with.`, 'Leave --run out.')
  const { topology, queue } = state ? ofRun(named, role, state.config, options) : shared(named, role, options)
  if (watcher === 'operator')
    await prepareBus(bus, topology, { keep: true, variants: { [role]: [queue] }, vault: false })
  if (!state) for (const text of keptFrom(await unfinishedOn(bus), role, topology)) line(text)
  const instance = `${role}-${hostname()}-${randomBytes(4).toString('hex')}`
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]/g, '-')
  await using watch = watchTroubles(bus, { line, only: (each) => each === instance })
  const agentSpecs = [agentSpec(role, instance, topology, Promise.resolve(server), queue)]
  const supervisor = supervise(agentSpecs, topology.supervisor, {
    log,
    stderr: 'inherit',
    logs: 'the lines above',
    onEnded(identity, how) {
      telemetry.ended(identity)
      watch.ended(identity, how)
    },
  })
  const { prices } = topology
  await telemetry.observe({ bus, readsAll: watcher === 'operator', agents: supervisor.wanted, prices })
  try {
    const isOver = state ? untilDone(bus, state.config.runId, stop) : once(stop, 'abort')
    await Promise.race([stop.aborted ? Promise.resolve() : isOver, supervisor.failed, bus.refused])
  } finally {
    telemetry.ends()
    await supervisor.stop()
  }
}

/** What an agent of the topology works on that is for every run with the same model and address. */
function shared(topology: Topology, role: AgentRole, { model }: AddedAgent) {
  const own = withModel(topology, model)
  return { topology: own, queue: queuesIn(own, process.env)[role] }
}

/**
 * What one works on that helps a run: with the run's variant, model, options and student, on its queue.
 * @throws UsageError where its model would be asked at another address
 */
function ofRun(written: Topology, role: AgentRole, config: RunConfig, { moved: isMoved }: AddedAgent) {
  const variant = config.variants[role]
  const spec = written.agents[role]
  const options = { ...(spec.variant === variant && spec.options), ...forRole(config.options, role) }
  const changed = { ...written, agents: { ...written.agents, [role]: { ...spec, variant, options } } }
  const own = topologyOfRun(changed, { ...config, variants: variantsIn(changed) })
  const address = forRole(config.addresses, role)
  const asking = { ...config, addresses: address === undefined ? {} : { [role]: address } }
  return { topology: boundTopology(own, asking, { env: process.env, isMoved }), queue: queuesOf(config)[role] }
}

const forRole = <T>(values: Partial<Record<AgentRole, T>> = {}, role: AgentRole): T | undefined => values[role]

const lookMs = 250

/** Resolves once the run is done, the session of this machine that was joined is gone with its server, or the signal fires. */
async function untilDone(bus: Bus, run: string, signal: AbortSignal): Promise<void> {
  const states = bus.kv('runs', PlannerState)
  const isDone = async () => (await states.get(run))?.value.phase === 'done'
  const isLeft = async () => !process.env.NATS_URL && !(await findSession())
  const until = async (isOver: () => Promise<boolean>) => {
    while (!signal.aborted && !(await isOver())) await sleep(lookMs, undefined, { signal }).catch(() => {})
  }
  await Promise.race([until(isDone), until(isLeft)])
}

/** The topology with another variant of a role. A plug-in's path starts at the folder of the command. @throws UsageError */
async function withVariant(topology: Topology, role: AgentRole, given: string): Promise<Topology> {
  const place = { role, variant: given, file: 'the command line' }
  const plugin = isReference(given) ? await resolvePlugin(place, {}, topology.plugins) : undefined
  const variant = plugin?.name ?? given
  const agents = { ...topology.agents, [role]: { ...topology.agents[role], variant, plugin } }
  const changed = { ...topology, agents }
  const parsed = Topology.safeParse(changed)
  if (parsed.success) return parsed.data
  throw new UsageError(
    parsed.error.issues[0]?.message ?? `variant ${variant} cannot be used`,
    'Name one that there is.',
  )
}
