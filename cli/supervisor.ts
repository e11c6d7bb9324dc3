import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type Identity, identityVariable, type Launch } from '../agents/kit/launch.ts'
import type { Log } from '../agents/kit/log.ts'
import type { AgentRole } from '../schemas/role.ts'
import type { Topology } from '../schemas/topology.ts'
import { asksModel } from '../schemas/variants.ts'
import { exitCodes } from './exit-codes.ts'
import { homeFolder } from './home.ts'

export type SupervisorLimits = Topology['supervisor']
/** An agent to run, what it is handed once the bus is ready for it, and the variables of its environment that are not for it. */
export type Crew = { identity: Identity; launch: Promise<Launch>; withheld: readonly string[] }

/** How long an agent may take to finish what it has in hand; replies that are under way are paid for. */
export const drainMsOf = (variant: string, { drainMs, paidDrainMs }: SupervisorLimits): number =>
  asksModel(variant) ? paidDrainMs : drainMs

/** How long an agent that has given everything back may take to say goodbye. */
const goodbyeMs = 1000

const entry = fileURLToPath(new URL('agent-process.ts', import.meta.url))

/** The secrets of the whole cluster, which no agent is given. */
const secrets = ['NATS_URL', 'SYLLABUS_CREDENTIALS', 'SYLLABUS_CONTAMINATION_KEY']

const environmentWithout = (names: readonly string[]): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !names.includes(name)))

/**
 * Runs agent processes and restarts what dies.
 * S1  A process that dies is started again after a delay that doubles from minRestartMs to maxRestartMs and is reset once a
 *     process has lived for maxRestartMs. Processes load their code while the bus is still made ready.
 * S2  One that ends with the exit code for bad input is not: the supervisor fails with its reason (errors at start-up beat loops).
 * S3  Stop drains: SIGTERM to all, or to those of a role; the time to drain, and to give back the rest; then SIGKILL.
 */
export function supervise(
  crew: readonly Crew[],
  limits: SupervisorLimits,
  options: { log: Log; stderr: 'inherit' | number },
) {
  const { log, stderr } = options
  const fatal = Promise.withResolvers<never>()
  fatal.promise.catch(() => {})
  const children = new Map<ChildProcess, AgentRole>()

  async function keep(agent: Crew, stopping: AbortSignal): Promise<void> {
    let delay = limits.minRestartMs
    while (!stopping.aborted) {
      const startedAt = Date.now()
      const { code, signal } = await runOnce(agent)
      if (stopping.aborted) return
      const { role, instance } = agent.identity
      if (code === exitCodes.badInput) {
        fatal.reject(new Error(`${role} ${instance} cannot start; its log says why`))
        return
      }
      if (Date.now() - startedAt > limits.maxRestartMs) delay = limits.minRestartMs
      log.warn({ role, instance, code, signal, delay }, 'agent ended; it is started again')
      await sleep(delay, undefined, { signal: stopping }).catch(() => {})
      delay = Math.min(delay * 2, limits.maxRestartMs)
    }
  }

  function runOnce({ identity, launch, withheld }: Crew): Promise<{ code: number | null; signal: string | null }> {
    const child = spawn(process.execPath, [entry], {
      env: {
        // Halves the time that an agent needs to start again.
        NODE_COMPILE_CACHE: join(homeFolder(), 'node-cache'),
        ...environmentWithout([...secrets, ...withheld]),
        [identityVariable]: JSON.stringify(identity),
      },
      stdio: ['ignore', 'ignore', stderr, 'ipc'],
      // Ctrl-C on the terminal is for the supervisor; it drains its agents.
      detached: true,
    })
    children.set(child, identity.role)
    // One that is gone before it could be told is started again.
    launch.then(
      (told) => child.connected && child.send(told, () => {}),
      () => child.kill('SIGTERM'),
    )
    return new Promise((resolve) => {
      child.once('error', (error) => log.error({ error: error.message }, 'agent could not be started'))
      child.once('close', (code, signal) => {
        children.delete(child)
        resolve({ code, signal })
      })
    })
  }

  const loops = crew.map((agent) => {
    const stopping = new AbortController()
    return { ...agent.identity, stopping, done: keep(agent, stopping.signal) }
  })

  return {
    /** Rejects when an agent cannot start for a reason that a restart does not mend. */
    failed: fatal.promise,
    /** Ends all agents, or those of a role. */
    async stop(role?: AgentRole): Promise<void> {
      const leaving = loops.filter((agent) => role === undefined || agent.role === role)
      const kill = (signal: NodeJS.Signals) => {
        for (const [child, of] of children) if (role === undefined || of === role) child.kill(signal)
      }
      for (const { stopping } of leaving) stopping.abort()
      kill('SIGTERM')
      const longest = Math.max(0, ...leaving.map(({ variant }) => drainMsOf(variant, limits)))
      const force = setTimeout(() => kill('SIGKILL'), longest + limits.graceMs + goodbyeMs)
      await Promise.all(leaving.map(({ done }) => done))
      clearTimeout(force)
    },
  }
}
