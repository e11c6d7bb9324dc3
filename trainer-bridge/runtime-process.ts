import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { parseJson } from '../schemas/bounded-json.ts'
import { RuntimeEvent } from '../schemas/runtime-protocol.ts'
import { runtimeEnvironment } from './provision/mod.ts'
import type { RuntimeLog } from './runtime.ts'

export interface RuntimeProcessOptions {
  python: string
  /** Module of the runtime to run, and its arguments. */
  module?: string
  args?: readonly string[]
  cwd?: string
  env?: NodeJS.ProcessEnv
  log: RuntimeLog
  heartbeatTimeoutMs: number
  onEvent: (event: RuntimeEvent) => void
  /** Called once, with what ended the process. */
  onExit: (why: string) => void
}

export interface RuntimeProcess {
  readonly pid: number | undefined
  send(message: object): void
  /** Closes its input, which ends it cleanly; after `graceMs` it is killed. */
  stop(graceMs: number): Promise<void>
}

/** One process of the Python runtime: lines in, parsed events out, killed when it falls silent. */
export function spawnRuntimeProcess(options: RuntimeProcessOptions): RuntimeProcess {
  const { python, module = 'syllabus_runtime', args = [], cwd, env, log, heartbeatTimeoutMs, onEvent, onExit } = options
  const child: ChildProcessWithoutNullStreams = spawn(python, ['-m', module, ...args], {
    cwd,
    env: runtimeEnvironment({ ...process.env, ...env }),
    stdio: 'pipe',
    // Ctrl-C on the terminal is for the launcher; the runtime ends with its stdin.
    detached: true,
  })
  let ending: string | undefined
  let lastWords = ''
  const silence = setTimeout(() => {
    ending = `no sign of life for ${heartbeatTimeoutMs} ms`
    child.kill('SIGKILL')
  }, heartbeatTimeoutMs)

  createInterface({ input: child.stdout }).on('line', (line) => {
    silence.refresh()
    const event = parseLine(line)
    if (event) onEvent(event)
    else log.warn({ line: line.slice(0, 200) }, 'the runtime said something unknown')
  })
  createInterface({ input: child.stderr }).on('line', (line) => {
    lastWords = line.trim() || lastWords
    log.debug({ line: line.slice(0, 500) }, 'runtime')
  })
  // A write to a process that has just died; its end is reported by `close`.
  child.stdin.on('error', () => {})

  const closed = new Promise<void>((resolve) => {
    const end = (why: string) => {
      clearTimeout(silence)
      resolve()
      onExit(ending ?? why)
    }
    child.once('error', (error) => {
      if (child.pid === undefined) end(`${python} cannot be started: ${error.message}`)
    })
    child.once('close', (status, signal) => {
      if (child.pid === undefined) return
      const how = signal ? `signal ${signal}` : `status ${status}`
      end(`the runtime ended with ${how}${lastWords ? `: ${lastWords.slice(0, 300)}` : ''}`)
    })
  })

  return {
    get pid() {
      return child.pid
    },
    send(message) {
      child.stdin.write(`${JSON.stringify(message)}\n`)
    },
    async stop(graceMs) {
      child.stdin.end()
      const force = setTimeout(() => child.kill('SIGKILL'), graceMs)
      await closed
      clearTimeout(force)
    },
  }
}

function parseLine(line: string): RuntimeEvent | undefined {
  try {
    return RuntimeEvent.safeParse(parseJson(line)).data
  } catch {
    return undefined
  }
}
