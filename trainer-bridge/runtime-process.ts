import { spawnTied } from '../machine/tied-child.ts'
import { runtimeEnvironment } from '../provision/mod.ts'
import { jsonOrNull } from '../schemas/bounded-json.ts'
import { RuntimeEvent } from '../schemas/runtime-protocol.ts'
import { forEachLine } from './read-lines.ts'

export interface RuntimeProcessOptions {
  python: string
  /** Module of the runtime to run, and its arguments; `packages`: folders that it is found in, beside the project's own runtime. */
  module?: string
  packages?: readonly string[]
  args?: readonly string[]
  cwd?: string
  env?: NodeJS.ProcessEnv
  log: RuntimeLog
  heartbeatTimeoutMs: number
  /** Longest line that it may say; it is killed for a longer one. */
  maxLineChars?: number
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

/** Of a line in the log. */
const shownChars = 200
const maxStderrChars = 4096
/** Lines of one process that are logged because nobody knows them. */
const mostUnknown = 20

/**
 * One process of the Python runtime: lines in, parsed events out, killed when it falls silent, or says something of the protocol that
 * cannot be read: that was somebody's answer, who would wait for it for ever.
 */
export function spawnRuntimeProcess(options: RuntimeProcessOptions): RuntimeProcess {
  const { python, module = 'syllabus_runtime', packages, args = [], cwd, env, log, onEvent, onExit } = options
  const { heartbeatTimeoutMs, maxLineChars = 16 * 1024 ** 2 } = options
  const child = spawnTied(python, ['-m', module, ...args], {
    cwd,
    env: runtimeEnvironment({ ...process.env, ...env }, packages),
    stdio: ['pipe', 'pipe', 'pipe'],
    // Ctrl-C on the terminal is for the launcher; the runtime ends with its stdin.
    detached: true,
  })
  let ending: string | undefined
  let lastWords = ''
  let unknown = 0
  const kill = (why: string) => {
    ending ??= why
    child.kill('SIGKILL')
  }
  const silence = setTimeout(() => kill(`no sign of life for ${heartbeatTimeoutMs} ms`), heartbeatTimeoutMs)

  forEachLine(child.stdout, maxLineChars, (line, isWhole) => {
    // One that is being killed is not heard any more.
    if (ending) return
    silence.refresh()
    const event = isWhole ? parseLine(line) : null
    if (event) onEvent(event)
    else if (event === null) kill(`it said a line that cannot be read: ${line.slice(0, shownChars)}`)
    else if (unknown++ < mostUnknown)
      log.warn({ line: line.slice(0, shownChars) }, 'the runtime said something unknown')
  })
  forEachLine(child.stderr, maxStderrChars, (line) => {
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
    child.on('error', (error) => {
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

/** The event that a line says; undefined where it says none, null where it begins like one and cannot be read. */
function parseLine(line: string): RuntimeEvent | undefined | null {
  const read = jsonOrNull(line)
  return read === null && line.startsWith('{') ? null : RuntimeEvent.safeParse(read).data
}

/** The part of pino's logger that is used. */
export interface RuntimeLog {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
}
