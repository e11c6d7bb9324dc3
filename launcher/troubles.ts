import { type Bus, Presence, type Troubles } from '../bus/mod.ts'
import type { AgentRole } from '../schemas/role.ts'
import {
  type AgentTrouble,
  agentName,
  createPatience,
  instanceOf,
  type NeededAgent,
  troubleKey,
  troublesIn,
} from '../trace/troubles.ts'

/** One line of a terminal. */
export const troubleLine = ({ who, text, fix }: AgentTrouble): string => `${who} ${text}${fix ? `\n  ${fix}` : ''}`

const lookMs = 1000

export type TroubleWatch = {
  line: (text: string) => void
  /** Agents that are missed when they are not there; those that were asked to end are left out from then on. */
  wanted?: () => readonly NeededAgent[]
  /** Troubles that are shown in another way. */
  except?: readonly AgentTrouble['code'][]
  /** Whether an instance is of interest; left out: all are. */
  only?: (instance: string) => boolean
}

/**
 * Prints the troubles of the agents on a bus as they come and go, each once, until it is disposed. `ended` takes in what the supervisor of
 * this process saw itself, for an agent that does not come as far as the bus.
 */
export function watchTroubles(bus: Bus, { line, wanted = () => [], except = [], only }: TroubleWatch) {
  const over = new AbortController()
  const { signal } = over
  const due = createPatience(bus.limits.troubles.missingMs)
  const there = new Map<string, Presence>()
  const reported = new Map<string, AgentTrouble>()

  const report = (key: string, found: AgentTrouble) => {
    if (reported.has(key)) return
    reported.set(key, found)
    line(troubleLine(found))
  }
  const look = () => {
    const found = troublesIn([...there.values()], wanted()).filter(({ code }) => !except.includes(code))
    const now = new Map(found.map((each) => [troubleKey(each), each]))
    // A server that is away for agents is away for this process, too, which reports it itself.
    for (const each of due(found, isServerAway(bus.troubles))) report(troubleKey(each), each)
    for (const [key, { who, code }] of reported) {
      // One that ended was started again: there is nothing to add.
      if (now.has(key) || code === 'restarted') continue
      reported.delete(key)
      const isHere = [...there.values()].some((each) => who === agentName(each) || who === instanceOf(each))
      // One that left, or is in another trouble, does not work again.
      if (!isHere || found.some((other) => other.who === who)) continue
      line(code === 'missing' ? `${who} is there now` : `${who} works again`)
    }
  }
  const follow = async () => {
    for await (const { key, value } of bus.kv('agents', Presence).watch(signal)) {
      if (only && !only(key.split('.').at(-1) ?? '')) continue
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
      const found: AgentTrouble = { who: instanceOf(agent), code: 'restarted', text: how }
      report(troubleKey(found), found)
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      over.abort()
      await following
    },
  }
}

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
