import { type Bus, Presence, type Trouble, type Troubles } from '../bus/mod.ts'
import { describeAsked, queuesOf } from '../schemas/queue.ts'
import { type AgentRole, agentRoles } from '../schemas/role.ts'
import type { RunConfig } from '../schemas/run.ts'
import { receivesFrom } from '../schemas/variants.ts'

/** An agent that is wanted. `does`: which model it asks, and where, or which student it trains. */
export type Wanted = { role: AgentRole; variant: string; queue?: string | undefined; does?: string | undefined }

/** What a run says of its agents. */
export type Asking = Pick<RunConfig, 'variants' | 'models' | 'addresses' | 'student' | 'queues'>

/** The agents that work on a run. */
export function wantedBy(run: Asking): Wanted[] {
  const queues = queuesOf(run)
  const models: Partial<Record<AgentRole, string>> = run.models
  const addresses: Partial<Record<AgentRole, string>> = run.addresses ?? {}
  return agentRoles
    .filter((role) => receivesFrom(run.variants.planner, role))
    .map((role) => {
      const [model, address] = [models[role], addresses[role]]
      const asks = address === undefined ? undefined : `asks ${describeAsked(model, address)}`
      const trains = role === 'trainer-bridge' && run.queues?.[role] ? `trains ${run.student}` : undefined
      return { role, variant: run.variants[role], queue: queues[role], does: asks ?? trains }
    })
}

/** Whether an agent is one that is wanted. */
export const worksOn = (agent: Presence, { role, variant, queue = variant }: Wanted): boolean =>
  agent.role === role && agent.variant === variant && (agent.queue ?? agent.variant) === queue

/** A trouble and whose it is; `missing`: nobody is there to have it. */
export type Found = { who: string; text: string; code: Trouble['code'] | 'missing'; fix?: string | undefined }

/** All that keeps agents from their work: what they report of themselves, and those of whom there is none. */
export function troublesIn(there: readonly Presence[], wanted: readonly Wanted[]): Found[] {
  const own = there.flatMap(({ role, instance, troubles = [] }) =>
    troubles.map((trouble) => ({ who: instanceOf({ role, instance }), ...trouble })),
  )
  const absent = wanted
    .filter((each) => !there.some((agent) => worksOn(agent, each)))
    .map((each): Found => {
      const fix = `Start one: npx syllabus agent ${each.role} --variant ${each.variant}.`
      const that = each.does === undefined ? '' : `that ${each.does} `
      return { who: nameOf(each), code: 'missing', text: `${that}is not there: what it has to do waits.`, fix }
    })
  return [...own, ...absent]
}

const nameOf = ({ role, variant }: Pick<Presence, 'role' | 'variant'>) => `${role} "${variant}"`

const instanceOf = ({ role, instance }: Pick<Presence, 'role' | 'instance'>) => `${role} ${instance}`

/** One line of a terminal. */
export const troubleLine = ({ who, text, fix }: Found): string => `${who} ${text}${fix ? `\n  ${fix}` : ''}`

const lookMs = 1000

export type TroubleWatch = {
  line: (text: string) => void
  /** Agents that are missed when they are not there; those that were asked to end are left out from then on. */
  wanted?: () => readonly Wanted[]
  /** Troubles that are shown in another way. */
  except?: readonly Found['code'][]
  /** The only instance that is of interest; left out: all. */
  only?: string
}

/**
 * Prints the troubles of the agents on a bus as they come and go, each once, until it is disposed. `ended` takes in what the supervisor of
 * this process saw itself, for an agent that does not come as far as the bus.
 */
export function watchTroubles(bus: Bus, { line, wanted = () => [], except = [], only }: TroubleWatch) {
  const over = new AbortController()
  const { signal } = over
  const { missingMs } = bus.limits.troubles
  const there = new Map<string, Presence>()
  const reported = new Map<string, Found>()
  const since = new Map<string, number>()

  const report = (key: string, found: Found) => {
    if (reported.has(key)) return
    reported.set(key, found)
    line(troubleLine(found))
  }
  // A server that is away for agents is away for this process, too, which reports it itself.
  const isDue = (key: string, { code }: Found) => {
    if (code !== 'missing' && code !== 'server-away') return !except.includes(code)
    if (isServerAway(bus.troubles)) since.delete(key)
    else if (!since.has(key)) since.set(key, performance.now())
    return performance.now() - (since.get(key) ?? performance.now()) >= missingMs
  }
  const look = () => {
    const now = new Map(troublesIn([...there.values()], wanted()).map((found) => [keyOf(found), found]))
    for (const key of since.keys()) if (!now.has(key)) since.delete(key)
    for (const [key, found] of now) if (isDue(key, found)) report(key, found)
    for (const [key, { who, code }] of reported) {
      // One that ended was started again: there is nothing to add.
      if (now.has(key) || code === 'restarted') continue
      reported.delete(key)
      const isHere = [...there.values()].some((each) => who === nameOf(each) || who === instanceOf(each))
      // One that left, or is in another trouble, does not work again.
      if (!isHere || [...now.values()].some((other) => other.who === who && !except.includes(other.code))) continue
      line(code === 'missing' ? `${who} is there now` : `${who} works again`)
    }
  }
  const follow = async () => {
    for await (const { key, value } of bus.kv('agents', Presence).watch(signal)) {
      if (only !== undefined && !key.endsWith(`.${only}`)) continue
      if (value) there.set(key, value)
      else there.delete(key)
      look()
    }
  }
  const following = follow().catch((error: unknown) => {
    if (!signal.aborted) line(`the agents' troubles are not seen any more: ${String(error)}`)
  })
  const timer = setInterval(look, lookMs)
  return {
    ended(agent: { role: AgentRole; instance: string }, how: string) {
      const found: Found = { who: instanceOf(agent), code: 'restarted', text: how }
      report(keyOf(found), found)
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      over.abort()
      await following
    },
  }
}

const keyOf = ({ who, code, text }: Found) => `${who} ${code} ${text}`

const isServerAway = ({ now }: Troubles) => now.some(({ code }) => code === 'server-away')

/** Prints the troubles of this process itself as they come, each once, and for how long they lasted when the last one is over. */
export function printOwnTroubles(troubles: Troubles, line: (text: string) => void): void {
  const shown = new Set<string>()
  let since = performance.now()
  troubles.onChange(() => {
    const { now } = troubles
    if (shown.size === 0) since = performance.now()
    for (const { text, fix } of now) {
      if (shown.has(text)) continue
      shown.add(text)
      line(`${text}${fix ? `\n  ${fix}` : ''}`)
    }
    if (now.length > 0 || shown.size === 0) return
    shown.clear()
    line(`the wait is over after ${Math.round((performance.now() - since) / 1000)} s`)
  })
}
