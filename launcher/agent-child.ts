import { type ChildProcess, spawn } from 'node:child_process'
import { rmSync, writeSync } from 'node:fs'
import { getCompileCacheDir } from 'node:module'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { identityVariable } from '../agents/kit/identity.ts'
import type { Identity } from '../agents/kit/launch.ts'
import { tie } from '../machine/tied-child.ts'
import { reportPipe } from './launch-channel.ts'
import { type LogFile, openAgentsLog } from './log-file.ts'

const entry = fileURLToPath(new URL('agent-process.ts', import.meta.url))

/** The secrets of the whole cluster and of the command itself, which no agent is given. */
const secrets = [
  'NATS_URL',
  'SYLLABUS_CREDENTIALS',
  'SYLLABUS_CONTAMINATION_KEY',
  'SYLLABUS_TELEMETRY_TOKEN',
  'OTEL_EXPORTER_OTLP_HEADERS',
  'OTEL_EXPORTER_OTLP_TRACES_HEADERS',
]

/** What Node needs to begin with; the rest comes with the launch, which knows what is secret. */
const atOnce = /^(PATH|HOME|LANG|TZ|TMPDIR|LC_.*|LD_.*|SSL_.*|NODE_.*|SYLLABUS_.*)$/

/** The variables of this process without the cluster's secrets and those named. */
export const environmentWithout = (names: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      value === undefined || secrets.includes(name) || names.includes(name) ? [] : [[name, value]],
    ),
  )

/** What starts an agent that is no process of this program's, and what is added to its environment. */
export type AgentCommand = {
  command: string
  args: readonly string[]
  env: Readonly<Record<string, string>>
  logBytes: number
}

/** Starts the process of an agent. It loads its code at once, and works when it is sent its `Launch`. */
export function startAgent(identity: Identity, stderr: 'inherit' | number, own?: AgentCommand): ChildProcess {
  const inherited = Object.entries(environmentWithout([])).filter(([name]) => atOnce.test(name))
  const cache = getCompileCacheDir()
  const child = spawn(own?.command ?? process.execPath, own?.args ?? [entry], {
    env: {
      // Node names the folder of its own version, within the one it was given.
      ...(cache && { NODE_COMPILE_CACHE: dirname(cache) }),
      ...Object.fromEntries(inherited),
      ...own?.env,
      [identityVariable]: JSON.stringify(identity),
    },
    stdio: ['pipe', own ? 'pipe' : 'ignore', own ? 'pipe' : stderr, ...reportPipe],
    // Ctrl-C on the terminal is for the supervisor; it drains its agents.
    detached: true,
  })
  // It ends by itself when its channel to here closes, unless it hangs.
  tie(child, { group: true })
  if (own) copyBounded(child, stderr === 'inherit' ? 2 : stderr, own.logBytes)
  return child
}

const minuteMs = 60_000

/** Copies what a process prints into the log, so many bytes a minute. */
function copyBounded({ stdout, stderr }: ChildProcess, log: number, most: number): void {
  let [begun, used] = [performance.now(), 0]
  const copy = (piece: Buffer) => {
    if (performance.now() - begun > minuteMs) [begun, used] = [performance.now(), 0]
    const before = used
    used += piece.length
    if (before > most) return
    try {
      if (used > most) writeSync(log, `${JSON.stringify({ level: 50, msg: dropped(most) })}\n`)
      else writeSync(log, piece)
    } catch {
      // A full disk ends nobody; what could not be written is gone.
    }
  }
  for (const stream of [stdout, stderr]) stream?.on('error', () => {}).on('data', copy)
}

const dropped = (most: number) =>
  `it writes more than ${most} bytes a minute into the log (plugins.logBytes): the rest of this minute is dropped`

/** Agents that load their code before their launch is known, while the command still reads its input. */
export type EarlyAgents = Disposable & {
  log: LogFile
  /** The process of this agent, if it was started and still runs; it is then the taker's to end. */
  take(identity: Identity): ChildProcess | undefined
}

/** Starts agents early; those that nobody takes are ended when this is disposed, and a log that nobody used goes. */
export function startEarly(identities: readonly Identity[]): EarlyAgents {
  const log = openAgentsLog()
  const children = new Map(
    identities.map((identity) => [JSON.stringify(identity), startAgent(identity, log.descriptor)]),
  )
  // Whoever takes one hears of its end; until then an error is nobody's.
  for (const child of children.values()) child.on('error', () => {})
  return {
    log,
    take({ role, variant, instance }) {
      const key = JSON.stringify({ role, variant, instance })
      const child = children.get(key)
      children.delete(key)
      return child?.exitCode === null && child.signalCode === null ? child : undefined
    },
    [Symbol.dispose]() {
      for (const child of children.values()) child.kill('SIGTERM')
      log[Symbol.dispose]()
      if (children.size === identities.length) rmSync(log.path)
    },
  }
}
