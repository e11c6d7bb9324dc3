import type { Bus, Presence } from '../bus/mod.ts'
import type { AgentRole } from '../schemas/role.ts'
import type { TelemetryLimits } from '../schemas/session-limits.ts'
import type { Prices } from '../schemas/usage.ts'
import { createExposition, type Exposition } from './exposition.ts'
import { openLogReader } from './log-reader.ts'
import type { MetricSample } from './metric-table.ts'
import { type OwnAgent, type ServerAnswers, serverAnswers, sharedAnswer } from './observed.ts'
import { agentSamples, isConnected, serverSamples } from './process-figures.ts'

/*
 * M1 Whatever is observed goes on as if nobody looked: figures are read when they are asked for, and a request that the server does not
 *    answer holds up whoever asked, for `scrapeMs` at most, and nobody else.
 * M2 /readyz answers 503 while the NATS server is away or has no streams yet, or a role that this process runs has no agent that works.
 * M3 /healthz answers 503 only where a new process would help: its connection is closed for good. A server that is away comes back by
 *    itself.
 */

/** What a command shows of itself once it has it. */
export type Observed = {
  bus: Bus
  /** Whether the connection may read the log and ask for the backlog, as the operator's may. */
  readsAll: boolean
  /** The agents that it started and did not ask to end. */
  agents: () => readonly OwnAgent[]
  /** Of a topology; those of runs that start later are added. */
  prices?: Prices
}

export type Telemetry = {
  /** From now on this is shown; what the log gets after that is counted. */
  observe(observed: Observed): Promise<void>
  /** The bus is closed on purpose from now on: that is no fault. */
  ends(): void
  /** An agent ended without being asked to. */
  ended(agent: Pick<OwnAgent, 'role' | 'instance'>): void
  /** Adds figures of others. */
  add(samples: () => readonly MetricSample[]): void
  /** Why the process cannot serve now; empty: it can. */
  unready(): Promise<string[]>
  /** Why it should be started again; empty: it need not. */
  unhealthy(): string[]
  scrape(): Promise<{ contentType: string; text: string }>
}

/** The name of the agents that are not there any more. */
const goneAgents = 'gone'

type Looked = Observed & {
  answers: ServerAnswers
  log: ReturnType<typeof openLogReader> | null
  own: Map<string, OwnAgent>
}

/** What is shown of a process; nothing is read before somebody asks. */
export function createTelemetry(limits: TelemetryLimits, version: string): Telemetry {
  const restarts = new Map<string, MetricSample & { labels: { role: AgentRole; agent: string } }>()
  const others: (() => readonly MetricSample[])[] = []
  let observed: Looked | null = null
  let isEnding = false
  let exposition: Promise<Exposition> | null = null

  function addRestarts(labels: { role: AgentRole; agent: string }, count: number): void {
    const key = `${labels.role} ${labels.agent}`
    const before = restarts.get(key)?.value ?? 0
    restarts.set(key, { name: 'syllabus_agent_restarts_total', labels, value: before + count })
  }

  async function observe(seen: Observed): Promise<void> {
    const { bus, readsAll } = seen
    const answers = serverAnswers(bus, limits)
    const looked: Looked = { ...seen, answers, log: null, own: new Map() }
    observed = looked
    if (readsAll) await readOn(looked)
  }

  /** Counts what the log gets from now on; where the server does not say where that is, from the next scrape on. */
  async function readOn(looked: Looked): Promise<void> {
    const { bus, answers, prices = {} } = looked
    const lastSeq = (await answers.streams())?.find(({ account }) => account === 'LAB')?.lastSeq
    if (lastSeq !== undefined) looked.log ??= openLogReader(bus, answers, { ...limits, prices, lastSeq })
  }

  /**
   * The agents that are not asked to end. Those that are count as its own as long as they are there, and their restarts under a name of
   * their own: a node has ever new agents.
   */
  function wantedOf({ agents, own }: Looked, there: readonly Presence[] | null): readonly OwnAgent[] {
    const wanted = agents()
    for (const agent of wanted) own.set(agent.instance, agent)
    if (there === null) return wanted
    const kept = new Set([...wanted, ...there].map(({ instance }) => instance))
    for (const instance of own.keys()) if (!kept.has(instance)) own.delete(instance)
    for (const [key, { labels, value }] of restarts) {
      if (labels.agent === goneAgents || kept.has(labels.agent)) continue
      restarts.delete(key)
      addRestarts({ ...labels, agent: goneAgents }, value)
    }
    return wanted
  }

  async function unready(): Promise<string[]> {
    if (isEnding) return ['the process ends']
    if (!observed) return ['the process starts']
    const { bus, answers } = observed
    const away = 'the NATS server does not answer'
    if (!isConnected(bus)) return [away]
    const [there, hasStreams] = await Promise.all([answers.presence(), answers.hasStreams()])
    if (there === null || hasStreams === null || !isConnected(bus)) return [away]
    if (!hasStreams) return ['there are no streams yet: the first run makes them']
    const wanted = wantedOf(observed, there)
    if (observed.own.size > 0 && wanted.length === 0) return ['its agents end']
    const works = ({ role, instance }: OwnAgent) =>
      there.some(
        (each) =>
          each.role === role &&
          each.instance === instance &&
          !each.troubles?.some(({ code }) => code === 'no-start' || code === 'server-away'),
      )
    const roles = [...new Set(wanted.map(({ role }) => role))]
    return roles
      .filter((role) => !wanted.some((agent) => agent.role === role && works(agent)))
      .map((role) => `no ${role} works here`)
  }

  async function samples(): Promise<MetricSample[]> {
    const there = observed && isConnected(observed.bus) ? await observed.answers.presence() : null
    if (observed) wantedOf(observed, there)
    const own: MetricSample[] = [
      { name: 'syllabus_build_info', labels: { version, node: process.version }, value: 1 },
      { name: 'syllabus_ready', value: Number((await unready()).length === 0) },
      ...restarts.values(),
      ...others.flatMap((each) => each()),
    ]
    if (!observed) return own
    const { bus, own: agents, answers, readsAll } = observed
    const isHere = there !== null
    const ofProcess: MetricSample[] = [
      ...own,
      { name: 'syllabus_bus_connected', value: Number(isHere) },
      { name: 'syllabus_bus_reconnects_total', value: bus.figures.reconnects },
    ]
    if (!isHere) return ofProcess
    if (readsAll && !observed.log) await readOn(observed)
    const [stored, counted] = await Promise.all([
      readsAll ? serverSamples(answers, limits.queueNames) : [],
      observed.log?.samples() ?? [],
    ])
    return [...ofProcess, ...agentSamples(there, [...agents.values()]), ...stored, ...counted]
  }

  const text = sharedAnswer(
    async () => {
      exposition ??= createExposition()
      const made = await exposition
      return { contentType: made.contentType, text: await made.text(await samples()) }
    },
    0,
    4 * limits.scrapeMs,
  )

  return {
    observe,
    ends() {
      isEnding = true
    },
    ended: ({ role, instance }) => addRestarts({ role, agent: instance }, 1),
    add: (samplesOf) => void others.push(samplesOf),
    unready,
    unhealthy: () =>
      observed?.bus.isClosed && !isEnding ? ['the connection to the NATS server is closed for good'] : [],
    async scrape() {
      const scraped = await text()
      if (!scraped) throw new Error('the figures could not be read in time')
      return scraped
    },
  }
}
