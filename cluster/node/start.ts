import { setTimeout as sleep } from 'node:timers/promises'
import type { Identity } from '../../agents/kit/launch.ts'
import { createLog } from '../../agents/kit/log.ts'
import { type Bus, heldValues } from '../../bus/mod.ts'
import { checkLogins, joinServer } from '../../launcher/bus-server.ts'
import type { Reporter } from '../../launcher/console/reporter.ts'
import { stopSignal } from '../../launcher/console/stop-signal.ts'
import { openAgentsLog } from '../../launcher/log-file.ts'
import { connectAs } from '../../launcher/session.ts'
import { openTelemetry } from '../../launcher/telemetry.ts'
import { readTopology } from '../../launcher/topology/topology-file.ts'
import { defaultTopology } from '../../launcher/topology/topology-names.ts'
import { watchTroubles } from '../../launcher/troubles.ts'
import { type WantedAgent, WantedAgents } from '../../launcher/wanted-agents.ts'
import { checkTemporary, ensureHome, homeFolder } from '../../machine/folders.ts'
import { provisionRuntime } from '../../provision/mod.ts'
import { present } from '../../schemas/present.ts'
import { type AgentRole, needsContaminationKey } from '../../schemas/role.ts'
import { type AgentRange, type Counts, rolesOf } from './counts.ts'
import { checkClock, checkSameCluster } from './fit.ts'
import { gpusOfHost, type HostGpu } from './gpus.ts'
import { holdName } from './held-name.ts'
import { type Prepared, prepareFor, refuseUnfit } from './prepare.ts'
import { announceNode, checkName, identify, type NodePresence } from './presence.ts'
import { createScales } from './scales.ts'
import { createTeams } from './teams.ts'

export type NodeOptions = {
  file: string
  /** Where several processes have one join file, as the pods of a Deployment do; left out: the file's. */
  name?: string
  counts: Counts
  reporter: Reporter
}

const usualLookMs = 2000

/**
 * Runs a node of a cluster until it is stopped: it has agents of its roles for every run that goes on meanwhile.
 *
 * D1  What keeps a role from working for all that goes on at the start ends the node at once, before it takes anything. What comes later
 *     and does not fit is reported, here and in the node's presence, and passed over.
 * D2  Agents are of a queue, not of a run: runs that share one share its agents.
 * D3  A command that takes back what it wanted is served no more at once. One that is not heard of any more is waited for twice as long as
 *     it is believed: its server, or the way to it, may be away.
 * D4  A node whose user the servers refuse, as after it was revoked, ends with that reason once they have done so for `bus.awayMs`.
 *
 * @throws UsageError, BusSetupError, SetupError: what is wrong, where, and what a person does
 */
export async function startNode({ file, name, counts, reporter }: NodeOptions): Promise<void> {
  const { line } = reporter
  const home = homeFolder()
  ensureHome(home)
  checkTemporary()
  const devices = counts.gpus ? await gpusOfHost() : []
  const ranges = rangesOf(counts, devices)
  const roles = rolesOf(ranges)
  await using server = await joinServer(file)
  const facts = { ...server.join, ...(name && { node: name }) }
  checkLogins(server, roles)
  const contaminationKey = roles.some(needsContaminationKey) ? await server.contaminationKey() : undefined
  const signal = stopSignal()
  await using _held = await holdName(facts.node, line)
  using agentsLog = openAgentsLog()
  const log = createLog({ role: 'node', instance: facts.node }, { destination: agentsLog.descriptor })
  await using stack = new AsyncDisposableStack()
  const telemetry = stack.use(await openTelemetry(await readTopology(defaultTopology), line))
  const refused = Promise.withResolvers<never>()
  refused.promise.catch(() => {})
  const connect = async (role: AgentRole) => {
    const connected = stack.use(await connectAs(role, server, log, { line, signal }))
    connected.refused.catch(refused.reject)
    return connected
  }
  const bus = await connect(roles[0]!)
  checkSameCluster(file, facts, bus.clusterName)
  let running = (): Identity[] => []
  await telemetry.observe({ bus, readsAll: false, agents: () => running() })
  const ttlMs = await untilMade(bus, line, signal)
  const clockOffsetMs = await bus.clockOffsetMs()
  const own = identify(facts)
  await checkName(bus, own, { ttlMs, line, signal })
  const request = { home, onProgress: (text: string) => line(`set-up: ${text}`), signal }
  if (ranges['trainer-bridge']) await provisionRuntime(request)

  const students: Record<string, string> = {}
  const host = { cluster: facts.cluster, roles, contaminationKey }
  const prepare = (wanted: WantedAgents) => prepareFor(wanted, { bus, host, id: own.id, log, students, request })
  const known = new Map<string, Known>()
  // One that is there still is found again by whoever follows; one that has gone meanwhile is not.
  for (const held of await heldValues(bus.kv('wanted', WantedAgents)))
    if ('value' in held)
      known.set(held.key, { wanted: held.value, prepared: await prepare(held.value), goneAt: performance.now() })
  refuseUnfit(
    roles,
    [...known.values()].flatMap(({ prepared }) => prepared ?? []),
  )
  checkClock(clockOffsetMs, clockLimitOf([...known.values()], bus.limits.clockOffsetMs))
  for (const { prepared } of known.values()) if (prepared) report(prepared, line)

  let wake = () => {}
  const teams = createTeams(server, {
    node: facts.node,
    devices,
    log,
    agentsLog,
    onEnded: (identity, how) => {
      telemetry.ended(identity)
      troubles.ended(identity, how)
    },
    onFault: (fault) => {
      line(`${fault.what}\n  ${fault.fix}`)
      wake()
    },
  })
  running = teams.agents
  const troubles = stack.use(watchTroubles(bus, { line, only: teams.isOwn, except: ['waits'] }))
  const working = (): Prepared[] => [...known.values()].flatMap(({ prepared }) => prepared ?? [])
  const serves = () => [
    ...new Set(working().flatMap(({ name, agents }) => (agents.some((each) => teams.countOf(each) > 0) ? [name] : []))),
  ]
  const presence = (): NodePresence => ({
    ...own,
    clockOffsetMs,
    students,
    serves: serves(),
    roles: Object.fromEntries(
      roles.map((role) => [role, { ...ranges[role]!, now: teams.countOf({ role }) }]),
    ) as NodePresence['roles'],
    troubles: [...working().flatMap(({ faults }) => faults), ...teams.faults()].map(({ what }) => what),
    notes: present(working().map(({ note }) => note)),
  })
  const announced = stack.use(announceNode(bus, roles[0]!, presence, ttlMs))
  const scales = createScales({ bus, id: own.id, connect })

  /** What is wanted now: one entry a queue, of whoever wanted it first. */
  function wantedNow(): WantedAgent[] {
    const all = [...known.values()].flatMap(({ wanted, prepared }) =>
      (prepared?.agents ?? []).filter(({ role }) => wanted.roles.includes(role)),
    )
    return [...new Map(all.toReversed().map((each) => [`${each.role} ${each.queue}`, each])).values()]
  }

  let shown = ''
  async function reconcile(): Promise<void> {
    for (const [key, each] of known) {
      const isAway = bus.troubles.now.some(({ code }) => code === 'server-away')
      if (isAway && each.goneAt !== undefined) each.goneAt = performance.now()
      const isGone = each.goneAt !== undefined && performance.now() - each.goneAt > 2 * ttlMs
      if (isGone || each.wanted.roles.length === 0) known.delete(key)
    }
    const now = wantedNow()
    teams.keepOnly(now)
    for (const each of now) {
      const range = ranges[each.role]!
      teams.set(each, await scales.countOf(each, range, teams.countOf(each)))
    }
    announced.changed()
    const counted = roles.map((role) => `${teams.countOf({ role })} ${role}`).join(', ')
    const text = serves().length > 0 ? `works for ${serves().join(', ')}: ${counted}` : 'waits for a run'
    if (text !== shown) line(`node ${facts.node} ${text}`)
    shown = text
  }

  /** Takes in what is published and taken back. */
  async function follow(): Promise<void> {
    for await (const { key, value } of bus.kv('wanted', WantedAgents).watch(signal)) {
      const before = known.get(key)
      if (before) {
        before.goneAt = value ? undefined : performance.now()
        if (value) before.wanted = value
      } else if (value && value.roles.length > 0) {
        const fresh: Known = { wanted: value }
        known.set(key, fresh)
        const ready = prepare(value).then((prepared) => {
          fresh.prepared = prepared
          report(prepared, line)
        })
        void ready.catch((error: unknown) => signal.aborted || line(String(error))).finally(() => wake())
      }
      wake()
    }
  }

  const following = Promise.race([follow(), refused.promise])
  try {
    while (!signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>()
      wake = resolve
      await reconcile()
      const lookMs = Math.min(usualLookMs, ...wantedNow().map(({ topology }) => topology.scaling.lookMs))
      await Promise.race([promise, following, sleep(lookMs, undefined, { signal }).catch(() => {})])
    }
  } finally {
    telemetry.ends()
    const left = roles.reduce((sum, role) => sum + teams.countOf({ role }), 0)
    if (left > 0) line(`node ${facts.node} drains: ${left} agents finish what they have in hand`)
    // What agents of a node that was revoked have in hand cannot be stored.
    await teams.stop(bus.isClosed ? 0 : undefined)
    await following.catch(() => {})
  }
}

/** A value on the bus. */
type Known = {
  wanted: WantedAgents
  /** Left out while it is prepared. */
  prepared?: Prepared
  /** When it was found missing, though nobody had taken it back. */
  goneAt?: number | undefined
}

function rangesOf({ gpus, ...ranges }: Counts, devices: readonly HostGpu[]): Partial<Record<AgentRole, AgentRange>> {
  return gpus ? { ...ranges, 'trainer-bridge': { least: devices.length, most: devices.length } } : ranges
}

function report({ name, faults, note }: Prepared, line: (text: string) => void): void {
  if (note !== null) line(`warning: ${note}`)
  for (const { role, what, fix } of faults)
    line(`does not work for ${name}${role ? ` as ${role}` : ''}: ${what}\n  ${fix}`)
}

/** What the topologies of the runs that go on allow. */
function clockLimitOf(known: readonly Known[], usual: number): number {
  const limits = known.flatMap(
    ({ prepared }) => prepared?.agents.map(({ topology }) => topology.bus.clockOffsetMs) ?? [],
  )
  return limits.length > 0 ? Math.max(...limits) : usual
}

const madeLookMs = 1000

/** Waits for streams: a bus without them has seen no command of the operator yet. Gives how long a presence is believed. */
async function untilMade(bus: Bus, line: (text: string) => void, signal: AbortSignal): Promise<number> {
  for (let isShown = false; ; isShown = true) {
    const ttlMs = await bus.presenceTtlMs()
    if (ttlMs !== null) return ttlMs
    if (!isShown) line('the bus has no streams yet: waits for the first run, or for "npx syllabus up"')
    await sleep(madeLookMs, undefined, { signal })
  }
}
