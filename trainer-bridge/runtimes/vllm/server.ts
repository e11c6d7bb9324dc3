import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { spawnTied } from '../../../machine/tied-child.ts'
import { runtimeEnvironment } from '../../../provision/mod.ts'
import { forEachLine } from '../../read-lines.ts'
import type { RuntimeLog } from '../../runtime-process.ts'

/** What vLLM is started with. */
export type VllmCommand = {
  python: string
  /** Its arguments but its address. */
  args: readonly string[]
  /** Added to what a runtime is given of this process's environment. */
  env: Readonly<Record<string, string>>
  log: RuntimeLog
  startMs: number
  stopMs: number
  /** Left out: one that is free. */
  port?: number | undefined
}

/** One process of vLLM: it ends with this one. */
export type VllmProcess = {
  port: number
  readonly pid: number | undefined
  /** Resolves with why it ended; what it said last stands in `lastLines`. */
  ended: Promise<string>
  lastLines(): string
  stop(): Promise<void>
}

const keptLines = 400
const maxLineChars = 4000
const lookMs = 300

/**
 * Starts vLLM at a free port of the loopback interface, and waits until it answers.
 * @throws VllmEnded where it ends before, or takes too long
 */
export async function startVllm(command: VllmCommand, signal: AbortSignal): Promise<VllmProcess> {
  const { python, args, env, log, startMs, stopMs } = command
  const port = command.port ?? (await freePort())
  const whole = ['-m', 'vllm.entrypoints.openai.api_server', ...args, '--host', '127.0.0.1', '--port', String(port)]
  const child = spawnTied(python, whole, {
    env: { ...runtimeEnvironment(), ...quietly, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    // Its engine and workers are processes of their own, which end with it.
    detached: true,
  })
  const lines: string[] = []
  const keep = (line: string) => {
    lines.push(line)
    if (lines.length > keptLines) lines.shift()
    log.debug({ line: line.slice(0, 500) }, 'vllm')
  }
  forEachLine(child.stdout, maxLineChars, keep)
  forEachLine(child.stderr, maxLineChars, keep)
  let isOver = false
  const ended = new Promise<string>((resolve) => {
    const end = (why: string) => {
      isOver = true
      resolve(why)
    }
    child.once('error', (error) => child.pid === undefined && end(`${python} cannot be started: ${error.message}`))
    child.once('close', (status, killed) => end(`vLLM ended with ${killed ? `signal ${killed}` : `status ${status}`}`))
  })
  const lastLines = () => lines.join('\n')

  async function stop(): Promise<void> {
    if (isOver) return
    child.kill('SIGTERM')
    const force = setTimeout(() => {
      try {
        process.kill(-child.pid!, 'SIGKILL')
      } catch {
        // It has ended meanwhile.
      }
    }, stopMs)
    await ended
    clearTimeout(force)
  }

  const until = performance.now() + startMs
  try {
    for (;;) {
      signal.throwIfAborted()
      if (isOver) throw new VllmEnded(await ended, lastLines())
      if (performance.now() > until) throw new VllmEnded(`vLLM was not ready after ${startMs / 1000} s`, lastLines())
      const { ok } = await fetch(`http://127.0.0.1:${port}/health`, { signal }).catch(() => ({ ok: false }))
      if (ok) break
      await Promise.race([ended, delay(lookMs, undefined, { signal })])
    }
  } catch (error) {
    await stop()
    throw error
  }
  log.info({ pid: child.pid, port }, 'vllm answers')
  return {
    port,
    get pid() {
      return child.pid
    },
    ended,
    lastLines,
    stop,
  }
}

/** vLLM ended, or did not come to answer. */
export class VllmEnded extends Error {
  readonly lastLines: string

  constructor(why: string, lastLines: string) {
    const last =
      lastLines.split('\n').findLast((line) => /error|exception|killed/i.test(line)) ?? lastLines.split('\n').at(-1)
    super(last ? `${why}: ${last.trim().slice(-300)}` : why)
    this.name = 'VllmEnded'
    this.lastLines = lastLines
  }
}

/** Nothing is sent to anybody, and no file of a home is written but its own. */
const quietly = {
  VLLM_NO_USAGE_STATS: '1',
  VLLM_DO_NOT_TRACK: '1',
  DO_NOT_TRACK: '1',
  HF_HUB_OFFLINE: '1',
  PYTHONPATH: '',
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
