import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FailureReport, Identity, Launch } from '../agents/kit/launch.ts'
import type { Log } from '../agents/kit/log.ts'
import type { AgentRole } from '../schemas/role.ts'
import type { SupervisorLimits } from '../schemas/session-limits.ts'
import { UsageError } from '../schemas/user-error.ts'
import { type AgentCommand, type EarlyAgents, startAgent } from './agent-child.ts'
import { exitCodes } from './console/exit-codes.ts'
import { readReport, sendLaunch } from './launch-channel.ts'

/** An agent to run, and what it is handed once the bus is ready for it. */
export type AgentSpec = {
  identity: Identity
  queue?: string
  asksModel?: boolean
  command?: AgentCommand
  launch: Promise<Launch>
}

/** How long an agent may take to finish what it has in hand; replies that are under way are paid for. */
export const drainMsOf = (asksModel: boolean, { drainMs, meteredDrainMs }: SupervisorLimits): number =>
  asksModel ? meteredDrainMs : drainMs

/** How long an agent that has given everything back may take to say goodbye. */
const goodbyeMs = 1000

/** Of writing what there is, and of the server's end. */
const lastMs = 10_000

/**
 * The longest that a session may take to end by these limits: agents that ask a model await their replies, then what costs nothing is
 * finished with what came of them, and then the others end.
 */
export const mostStoppingMs = ({ drainMs, meteredDrainMs, graceMs }: SupervisorLimits): number =>
  meteredDrainMs + 2 * drainMs + 2 * (graceMs + goodbyeMs) + lastMs

const aborted = (signal: AbortSignal) => (signal.aborted ? Promise.resolve() : once(signal, 'abort'))

/**
 * Runs agent processes and restarts what dies.
 * S1  A process that dies is started again after a delay that doubles from minRestartMs to maxRestartMs and is reset once a
 *     process has lived for maxRestartMs. Processes load their code while the bus is still made ready.
 * S2  One that ends with the exit code for bad input is not: the supervisor fails with its reason (errors at start-up beat loops).
 * S3  Stop drains: SIGTERM to all, or to those of a role; the time to drain, and to give back the rest; then SIGKILL.
 */
export function supervise(
  agentSpecs: readonly AgentSpec[],
  limits: SupervisorLimits,
  options: {
    log: Log
    stderr: 'inherit' | number
    early?: EarlyAgents | undefined
    /** Called when an agent ends that was not asked to, with how it ended. */
    onEnded?: (identity: Identity, how: string) => void
    /** Where the agents' logs are, as a person reads it. */
    logs: string
  },
) {
  const { log, stderr, early, logs, onEnded = () => {} } = options
  const fatal = Promise.withResolvers<never>()
  fatal.promise.catch(() => {})
  const children = new Map<ChildProcess, AgentRole>()

  async function keep(agent: AgentSpec, stopping: AbortSignal): Promise<void> {
    let delay = limits.minRestartMs
    let lastEnd: string | undefined
    while (!stopping.aborted) {
      const startedAt = performance.now()
      const { code, signal, report } = await runOnce(agent, stopping, lastEnd)
      if (stopping.aborted) return
      const { role, instance } = agent.identity
      const why = report?.reason
      if (code === exitCodes.badInput) {
        const fix = report?.fix ?? `See why in ${logs}.`
        fatal.reject(
          new UsageError(`The ${role} ${instance} cannot start${why ? `: ${why.replace(/\.$/, '')}` : ''}.`, fix),
        )
        return
      }
      if (performance.now() - startedAt > limits.maxRestartMs) delay = limits.minRestartMs
      lastEnd = why ? `ended: ${why}` : `ended with ${signal ?? `exit code ${code}`}; more in ${logs}`
      log.warn({ role, instance, code, signal, delay }, 'agent ended; it is started again')
      onEnded(agent.identity, lastEnd)
      await sleep(delay, undefined, { signal: stopping }).catch(() => {})
      delay = Math.min(delay * 2, limits.maxRestartMs)
    }
  }

  async function runOnce(
    { identity, command, launch }: AgentSpec,
    stopping: AbortSignal,
    lastEnd: string | undefined,
  ): Promise<{ code: number | null; signal: string | null; report?: FailureReport | undefined }> {
    const before = early?.take(identity)
    // Where some were started early, the others leave them the processors until the bus is ready.
    if (early && !before) await Promise.race([launch.catch(() => {}), aborted(stopping)])
    if (stopping.aborted) return { code: null, signal: null }
    const child = before ?? startAgent(identity, stderr, command)
    children.set(child, identity.role)
    // One that is gone before it could be notified is started again.
    launch.then(
      (launch) => sendLaunch(child, { ...launch, lastEnd }),
      () => child.kill('SIGTERM'),
    )
    const report = readReport(child)
    return new Promise((resolve) => {
      child.on('error', (error) => log.error({ error: error.message }, 'agent could not be started'))
      child.once('close', (code, signal) => {
        children.delete(child)
        resolve({ code, signal, report: report() })
      })
    })
  }

  const loops = agentSpecs.map((agent) => {
    const stopping = new AbortController()
    const { queue, asksModel } = agent
    return { ...agent.identity, queue, asksModel, stopping, done: keep(agent, stopping.signal) }
  })

  return {
    /** Rejects when an agent cannot start for a reason that a restart does not fix. */
    failed: fatal.promise,
    /** The agents that were not asked to end. */
    wanted: () => loops.filter(({ stopping }) => !stopping.signal.aborted),
    /** Ends all agents, or those of a role; they have `mostMs` to drain where that is less than what the limits allow. */
    async stop(role?: AgentRole, mostMs = Number.POSITIVE_INFINITY): Promise<void> {
      const leaving = loops.filter((agent) => role === undefined || agent.role === role)
      const kill = (signal: NodeJS.Signals) => {
        for (const [child, of] of children) if (role === undefined || of === role) child.kill(signal)
      }
      for (const { stopping } of leaving) stopping.abort()
      kill('SIGTERM')
      const longest = Math.min(
        mostMs,
        Math.max(0, ...leaving.map(({ asksModel }) => drainMsOf(asksModel ?? false, limits))),
      )
      const force = setTimeout(() => kill('SIGKILL'), longest + limits.graceMs + goodbyeMs)
      await Promise.all(leaving.map(({ done }) => done))
      clearTimeout(force)
    },
  }
}
