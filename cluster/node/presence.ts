import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { type Bus, heldValues, layout } from '../../bus/mod.ts'
import { codeVersion } from '../../launcher/code-version.ts'
import { bootId } from '../../machine/held-file.ts'
import { AgentRole } from '../../schemas/role.ts'
import { UsageError } from '../../schemas/user-error.ts'

/** A node that is up, in the bucket `nodes` under `{role}.{node}`, where the role is one of its own; it expires unless written again. */
export const NodePresence = z.looseObject({
  node: z.string(),
  /** Of this process alone. */
  id: z.string(),
  /** The id of the cluster that its join file is of. */
  cluster: z.string(),
  host: z.string(),
  /** What tells this start of the host's kernel from others. */
  boot: z.string(),
  pid: z.number().int(),
  code: z.string(),
  layout: z.number(),
  startedAt: z.iso.datetime(),
  /** How far the servers' clock is ahead of the host's. */
  clockOffsetMs: z.number(),
  /** Of each role the bounds for a queue, and the agents that run now over all queues. */
  roles: z.partialRecord(AgentRole, z.object({ least: z.number(), most: z.number(), now: z.number() })),
  /** The runs, or sets of runs, that it works for. */
  serves: z.array(z.string()),
  /** Hashes of the students that it has, by what a topology calls them. */
  students: z.record(z.string(), z.string()),
  /** Why it does not work for a run that goes on. */
  troubles: z.array(z.string()),
  /** What keeps it from nothing and is to be known, as that a run is of other code. */
  notes: z.array(z.string()).default([]),
})
export type NodePresence = z.infer<typeof NodePresence>

export type NodeIdentity = Pick<
  NodePresence,
  'node' | 'id' | 'cluster' | 'host' | 'boot' | 'pid' | 'code' | 'layout' | 'startedAt'
>

export const identify = ({ node, cluster }: { node: string; cluster: string }): NodeIdentity => ({
  node,
  cluster,
  id: randomUUID(),
  host: hostname(),
  boot: bootId(),
  pid: process.pid,
  code: codeVersion(),
  layout: layout.version,
  startedAt: new Date().toISOString(),
})

/** What a process may be called: a host's, a pod's or a job's name. */
export const NodeName = z
  .string()
  .regex(/^[a-z\d][\w.-]{0,252}$/i, 'a name has letters, digits, ., _ and -, and begins with a letter or a digit')

/** One token of a key, for any name. */
export const tokenOf = (node: string): string => node.toLowerCase().replaceAll(/[^a-z0-9-]/g, '-')

/** The nodes that are up; what cannot be read is none. */
export const nodesOn = async (bus: Bus): Promise<NodePresence[]> =>
  (await heldValues(bus.kv('nodes', NodePresence))).flatMap((held) => ('value' in held ? [held.value] : []))

const lookMs = 500

/**
 * Sees to it that no other node has this one's name and lives. What a node left that was killed is no life: on this host its process is
 * gone, and elsewhere it is not written again within the time that a presence is believed.
 * @throws UsageError
 */
export async function checkName(
  bus: Bus,
  own: NodeIdentity,
  { ttlMs, line, signal }: { ttlMs: number; line: (text: string) => void; signal: AbortSignal },
): Promise<void> {
  const kv = bus.kv('nodes', NodePresence)
  const namesakes = async () => {
    const held = (await kv.keys(`*.${tokenOf(own.node)}`)).map(async (key) => ({ key, held: await kv.get(key) }))
    return (await Promise.all(held)).flatMap(({ key, held }) =>
      held && held.value.id !== own.id && !isGone(held.value, own) ? [{ key, ...held }] : [],
    )
  }
  const first = await namesakes()
  if (first.length > 0) line(`a node ${own.node} was up on ${first[0]!.value.host}: watching whether it still is`)
  const until = performance.now() + ttlMs
  for (let left = first; left.length > 0; left = await namesakes()) {
    const living = left.find(({ key, revision }) => revision !== first.find((each) => each.key === key)?.revision)
    if (living) {
      const { host, pid, startedAt } = living.value
      throw new UsageError(
        `A node "${own.node}" is up already: process ${pid} on ${host}, since ${startedAt}.`,
        'Stop that one (npx syllabus node stop), or write a join file with another name: npx syllabus cluster node --name <name>.',
      )
    }
    if (performance.now() > until) return
    await sleep(lookMs, undefined, { signal })
  }
}

function isGone({ host, boot, pid }: NodePresence, own: NodeIdentity): boolean {
  if (host !== own.host || boot !== own.boot) return false
  try {
    process.kill(pid, 0)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}

/** Keeps the node's presence fresh until it is disposed, written at once where `changed` finds it changed. */
export function announceNode(bus: Bus, role: AgentRole, now: () => NodePresence, ttlMs: number) {
  const kv = bus.kv('nodes', NodePresence)
  const key = `${role}.${tokenOf(now().node)}`
  let pending: Promise<unknown> = Promise.resolve()
  let isQueued = false
  let written = ''
  const write = () => {
    if (isQueued) return
    isQueued = true
    // While the server is away one write waits for it.
    pending = pending
      .then(() => {
        isQueued = false
        const value = now()
        written = JSON.stringify(value)
        return kv.put(key, value)
      })
      .catch(() => {})
  }
  write()
  const timer = setInterval(write, ttlMs / 4)
  return {
    changed() {
      if (JSON.stringify(now()) !== written) write()
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      const left = pending.then(() => kv.delete(key)).catch(() => {})
      await Promise.race([left, sleep(goodbyeMs, undefined, { ref: false })])
    },
  }
}

/** How long a node that ends waits for the server to take its presence away; else it expires. */
const goodbyeMs = 1000
