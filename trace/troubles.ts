import type { Presence, Trouble } from '../bus/mod.ts'
import { describeAsked, isShared, queuesOf } from '../schemas/queue.ts'
import { type AgentRole, agentRoles } from '../schemas/role.ts'
import type { RunConfig } from '../schemas/run.ts'
import { receivesFrom } from '../schemas/variants.ts'

/** An agent that is wanted. `does`: which model it asks, and where, or which student it trains. `run`: the only one it is wanted for. */
export type NeededAgent = {
  role: AgentRole
  variant: string
  queue?: string | undefined
  does?: string | undefined
  run?: string | undefined
  /** Of a role that agents of other hosts have: the run that it is wanted for; null: any. */
  servedFor?: string | null
}

/** What a run says of its agents. */
export type AgentsOfRun = Pick<RunConfig, 'variants' | 'plugins' | 'models' | 'addresses' | 'student' | 'queues'> & {
  runId?: string
}

/** The agents that work on a run. */
export function wantedBy(run: AgentsOfRun): NeededAgent[] {
  const queues = queuesOf(run)
  const models: Partial<Record<AgentRole, string>> = run.models
  const addresses: Partial<Record<AgentRole, string>> = run.addresses ?? {}
  return agentRoles
    .filter((role) => receivesFrom(run.variants.planner, role))
    .map((role) => {
      const [model, address] = [models[role], addresses[role]]
      const isOwn = address !== undefined && !isShared(run, role)
      const asks = address && `asks ${describeAsked(model, address)}${isOwn ? ' for this run' : ''}`
      const trains = role === 'trainer-bridge' && run.queues?.[role] ? `trains ${run.student}` : undefined
      return {
        role,
        variant: run.variants[role],
        queue: queues[role],
        does: asks ?? trains,
        run: isOwn ? run.runId : undefined,
      }
    })
}

/** Whether an agent is one that is wanted. */
export const worksOn = (agent: Agent, { role, variant, queue = variant }: NeededAgent): boolean =>
  agent.role === role && agent.variant === variant && (agent.queue ?? agent.variant) === queue

/** A trouble and whose it is; `missing`: nobody is there to have it. */
export type AgentTrouble = { who: string; text: string; code: Trouble['code'] | 'missing'; fix?: string | undefined }

/** What viewers and terminals know of an agent. */
type Agent = Pick<Presence, 'role' | 'variant' | 'queue' | 'instance' | 'troubles'>

/** All that keeps agents from their work: what they report of themselves, and those of whom there is none. */
export function troublesIn(there: readonly Agent[], wanted: readonly NeededAgent[]): AgentTrouble[] {
  const own = there.flatMap(({ role, instance, troubles = [] }) =>
    troubles.map((trouble) => ({ who: instanceOf({ role, instance }), ...trouble })),
  )
  const absent = wanted
    .filter((each) => !there.some((agent) => worksOn(agent, each)))
    .map((each): AgentTrouble => {
      if (each.servedFor !== undefined) return unserved(each)
      const which = each.run === undefined ? `--variant ${each.variant}` : `--run ${each.run}`
      const fix = `Start one: npx syllabus agent ${each.role} ${which}.`
      const that = each.does === undefined ? '' : `that ${each.does} `
      return { who: agentName(each), code: 'missing', text: `${that}is not there: what it has to do waits.`, fix }
    })
  return [...own, ...absent]
}

function unserved({ role, variant, servedFor }: NeededAgent): AgentTrouble {
  const text = `${servedFor ? `of run ${servedFor} ` : ''}is served by nobody: what it has to do waits.`
  const fix = `Start a node with it: npx syllabus node start <join file> --${role} 1.`
  return { who: agentName({ role, variant }), code: 'missing', text, fix }
}

export const agentName = ({ role, variant }: { role: string; variant: string }) => `${role} "${variant}"`

export const instanceOf = ({ role, instance }: { role: string; instance: string }) => `${role} ${instance}`

/** The same trouble, found again, has the same key. */
export const troubleKey = ({ who, code, text }: AgentTrouble) => `${who} ${code} ${text}`

/**
 * Gives those of the troubles found now that are to be shown: that an agent is missing, or the server away for it, once that has lasted
 * `missingMs`, since agents come one after the other at a start. While the server is away for this process, too (`isAway`), nobody is
 * missed.
 */
export function createPatience(
  missingMs: number,
): (found: readonly AgentTrouble[], isAway?: boolean) => AgentTrouble[] {
  const since = new Map<string, number>()
  const mayPass = ({ code }: AgentTrouble) => code === 'missing' || code === 'server-away'
  return (found, isAway = false) => {
    const now = performance.now()
    const keys = new Set(isAway ? [] : found.filter(mayPass).map(troubleKey))
    for (const key of since.keys()) if (!keys.has(key)) since.delete(key)
    for (const key of keys) if (!since.has(key)) since.set(key, now)
    return found.filter((each) => !mayPass(each) || now - (since.get(troubleKey(each)) ?? now) >= missingMs)
  }
}
