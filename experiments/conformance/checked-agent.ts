import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Launch } from '../../agents/kit/launch.ts'
import { Presence } from '../../bus/mod.ts'
import { environmentWithout, startAgent } from '../../launcher/agent-child.ts'
import { readReport, sendLaunch } from '../../launcher/launch-channel.ts'
import { pythonCommand } from '../../launcher/plugin/python.ts'
import type { LocalPlugin } from '../../schemas/plugin.ts'
import type { Source } from '../../schemas/program.ts'
import { type AgentRole, accountsOf, needsContaminationKey } from '../../schemas/role.ts'
import type { Topology } from '../../schemas/topology.ts'
import type { PrivateBus } from './private-bus.ts'
import type { StubTeacher } from './stub-teacher.ts'

/** The variant that is checked. */
export type Subject = {
  /** As the person named it. */
  reference: string
  role: AgentRole
  variant: string
  queue: string
  asksModel: boolean
  /** Of a generator: the kinds of sources that it follows. */
  sources: readonly Source['kind'][]
  options: Topology['agents'][AgentRole]['options']
  /** What it is, where it is not built in. */
  plugin?: LocalPlugin
}

/** One process of the subject, started as a session starts it. */
export type CheckedAgent = {
  readonly pid: number
  readonly isOver: boolean
  /** Kills it without warning, and waits until it is gone. */
  kill(): Promise<void>
  /** Asks it to end; its exit code and how long it took. Null: it had to be killed. */
  drain(): Promise<{ code: number | null; ms: number } | null>
}

/** An agent of the subject that cannot work. */
export class NotStarted extends Error {
  readonly fix: string | undefined

  constructor(reason: string, fix?: string | undefined) {
    super(reason)
    this.fix = fix
  }
}

export type Team = AsyncDisposable & {
  /** A process that is there and works. @throws NotStarted */
  start(): Promise<CheckedAgent>
}

const startMs = 60_000
const [drainMs, graceMs, goodbyeMs] = [5000, 2000, 1500]
const lookMs = 50

/** What starts it, where that is no process of this program's. */
const commandOf = ({ role, plugin }: Subject, limits: Topology['plugins']) =>
  plugin?.language === 'python' && role === 'generator' ? pythonCommand('work', plugin, limits) : undefined

/** Starts processes of the subject on a private bus; those that are left end with it. */
export function openTeam(
  bus: PrivateBus,
  subject: Subject,
  { delivery, bus: limits, plugins }: Pick<Topology, 'delivery' | 'bus' | 'plugins'>,
  teacher: StubTeacher,
): Team {
  const { role, variant, queue } = subject
  const children = new Set<ChildProcess>()
  const log = openSync(bus.logFile, 'a')
  const held = bus.credentials[role]
  let count = 0

  const launchOf = async (instance: string): Promise<Launch> => ({
    role,
    variant,
    instance,
    queue,
    servers: bus.url,
    credentials: Object.fromEntries(accountsOf[role].map((account) => [account, held[account]!])),
    sealed: true,
    contaminationKey: needsContaminationKey(role) ? bus.contaminationKey.toString('hex') : null,
    slots: 2,
    options: { ...(subject.asksModel && { model: teacher.model, backoffMs: 50 }), ...subject.options },
    home: bus.folder,
    environment: { ...environmentWithout(['OPENAI_API_KEY']), OPENAI_BASE_URL: teacher.url },
    delivery,
    drainMs,
    graceMs,
    bus: limits,
    ...(subject.plugin && { plugin: { ...subject.plugin, limits: plugins } }),
  })

  return {
    async start() {
      count += 1
      const identity = { role, variant, instance: `${role}-${count}` }
      const child = startAgent(identity, log, commandOf(subject, plugins))
      children.add(child)
      const report = readReport(child)
      const ended = once(child, 'close').then(() => children.delete(child))
      sendLaunch(child, await launchOf(identity.instance))
      const presence = bus.operator.kv('agents', Presence)
      const until = performance.now() + startMs
      while (!(await presence.get(`${role}.${variant}.${identity.instance}`).catch(() => null))) {
        if (child.exitCode !== null || child.signalCode !== null) {
          await ended
          const { reason, fix } = report() ?? { reason: `its process ended with ${child.signalCode ?? child.exitCode}` }
          throw new NotStarted(reason, fix)
        }
        if (performance.now() > until) {
          child.kill('SIGKILL')
          throw new NotStarted(`its process was not present on the bus within ${startMs / 1000} s`)
        }
        await sleep(lookMs)
      }
      const isOver = () => child.exitCode !== null || child.signalCode !== null
      return {
        pid: child.pid!,
        get isOver() {
          return isOver()
        },
        async kill() {
          child.kill('SIGKILL')
          await ended
        },
        async drain() {
          const since = performance.now()
          child.kill('SIGTERM')
          const force = setTimeout(() => child.kill('SIGKILL'), drainMs + graceMs + goodbyeMs)
          await ended
          clearTimeout(force)
          const ms = performance.now() - since
          return child.signalCode === 'SIGKILL' ? null : { code: child.exitCode, ms }
        },
      }
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(
        [...children].map(async (child) => {
          child.kill('SIGKILL')
          if (child.exitCode === null && child.signalCode === null) await once(child, 'close')
        }),
      )
      closeSync(log)
    },
  }
}
