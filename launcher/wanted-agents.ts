import { createHash, randomBytes } from 'node:crypto'
import { z } from 'zod'
import { type Bus, layout } from '../bus/mod.ts'
import { Token } from '../schemas/ids.ts'
import { AgentRole } from '../schemas/role.ts'
import type { Variants } from '../schemas/run.ts'
import { ThinkingSettings } from '../schemas/task.ts'
import type { Topology } from '../schemas/topology.ts'
import { PayingRole } from '../schemas/usage.ts'
import { BridgeOptions } from '../trainer-bridge/options.ts'
import type { BusServer } from './bus-server.ts'
import { codeVersion, workVersion } from './code-version.ts'
import type { TaskSettings } from './prepare-runtime.ts'
import { boundTo } from './topology/queues.ts'

/**
 * What agents of other hosts need to work for a session, as its command publishes it. Nothing in it is a secret.
 *
 * N1  It is there for as long as the command is: the command writes it again and again, else it expires. So nothing is paid for a command
 *     that is gone.
 * N2  A role that is wanted no more is taken out at once, and then whoever works for it drains.
 * N3  Topologies are not parsed before the code is known to fit: another version may have other fields.
 */
export const WantedAgents = z.looseObject({
  /** The run, or the set of runs, or the topology of `up`, as a person knows it. */
  name: z.string(),
  roles: z.array(AgentRole),
  /** The first has an agent of each role; the others, as in a comparison, a planner beside. */
  topologies: z.array(z.looseObject({})).min(1),
  /** Of the roles of the first topology. */
  queues: z.record(AgentRole, Token),
  /** Of the planners of the other topologies. */
  plannerQueues: z.array(Token),
  /** Where the models of each role are asked. */
  addresses: z.partialRecord(PayingRole, z.string()),
  /** How the student is spoken with where the topology says nothing. */
  inference: ThinkingSettings.strip(),
  /** How it is trained, where a task says so; parsed as the topologies are. */
  recipe: z.looseObject({}).optional(),
  /** See `codeVersion`. */
  code: z.string(),
  /** See `workVersion`; null: of code that does not have it yet. */
  work: z.string().nullable().default(null),
  /** Of names and forms on the bus. */
  layout: z.number(),
  /** The id of the cluster, where the command knows it. */
  cluster: z.string().nullable(),
  /** Tells whether another host holds the same key of the contamination index; null where the command holds none. */
  keyMark: z.string().nullable(),
  /** The hash of the student's files, where the command's host has them. */
  studentHash: z.string().nullable(),
})
export type WantedAgents = z.infer<typeof WantedAgents>

/** Equal for equal keys; from it nobody learns the key, which is 256 random bits. */
export const markOf = (contaminationKey: string): string =>
  createHash('sha256').update(`mark of ${contaminationKey}`).digest('hex').slice(0, 16)

export type Publishing = {
  name: string
  roles: readonly AgentRole[]
  topology: Topology
  alsoPlanners: readonly { topology: Topology; queue: string }[]
  queues: Variants
  ofTask: TaskSettings
  server: BusServer
  /** Whether rows are checked with the key of this host, too. */
  usesKey: boolean
  studentHash: string | null
}

export type PublishedAgents = AsyncDisposable & {
  /** Takes a role out, or all of them. */
  withdraw(role?: AgentRole): Promise<void>
}

/** Publishes what a session's agents need, until it is disposed. */
export async function publishWanted(bus: Bus, publishing: Publishing): Promise<PublishedAgents> {
  const { name, topology, alsoPlanners, queues, ofTask, server, usesKey, studentHash } = publishing
  const wanted: WantedAgents = {
    name,
    roles: [...publishing.roles],
    topologies: [topology, ...alsoPlanners.map((each) => each.topology)],
    queues,
    plannerQueues: alsoPlanners.map(({ queue }) => queue),
    addresses: boundTo(topology, process.env).addresses,
    inference: ThinkingSettings.strip().parse(ofTask.inference ?? {}),
    recipe: ofTask.recipe,
    code: codeVersion(),
    work: workVersion(),
    layout: layout.version,
    cluster: server.join?.cluster ?? null,
    keyMark: usesKey ? markOf(await server.contaminationKey()) : null,
    studentHash,
  }
  const kv = bus.kv('wanted', WantedAgents)
  const key = `${name}-${randomBytes(4).toString('hex')}`
  let isOver = false
  let pending: Promise<unknown> = Promise.resolve()
  const write = () => {
    // A server that is away is reported by whoever works with it.
    pending = pending.then(() => kv.put(key, wanted)).catch(() => {})
    return pending
  }
  await kv.put(key, wanted)
  const ttlMs = (await bus.presenceTtlMs()) ?? bus.limits.agentTtlMs
  const timer = setInterval(() => void write(), ttlMs / 4)
  const withdraw = async (role?: AgentRole) => {
    const left = role === undefined ? [] : wanted.roles.filter((each) => each !== role)
    if (isOver || left.length === wanted.roles.length) return
    wanted.roles = left
    if (!bus.isLost) await write()
  }
  return {
    withdraw,
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await withdraw()
      isOver = true
    },
  }
}

/** An agent that somebody may start for a session: a role of one of its topologies, and the queue that it works on. */
export type WantedAgent = { role: AgentRole; queue: string; topology: Topology }

/** The agents that are wanted, one for each queue. `topologies`: those of the value, parsed. */
export function agentsWanted({ roles, queues, plannerQueues }: WantedAgents, topologies: readonly Topology[]) {
  const [first, ...others] = topologies as [Topology, ...Topology[]]
  const own = roles.map((role): WantedAgent => ({ role, queue: queues[role], topology: first }))
  const beside = others.map(
    (topology, index): WantedAgent => ({ role: 'planner', queue: plannerQueues[index] ?? '', topology }),
  )
  return [...own, ...(roles.includes('planner') ? beside : [])]
}

/** What the student of a topology is called. */
export const studentOf = ({ agents }: Pick<Topology, 'agents'>): string =>
  BridgeOptions.parse(agents['trainer-bridge'].options).student
