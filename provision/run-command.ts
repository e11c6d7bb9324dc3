import { createInterface } from 'node:readline'
import { spawnTied } from '../machine/tied-child.ts'
import { reasonOf } from '../schemas/user-error.ts'
import { SetupError } from './errors.ts'

export interface CommandOptions {
  env?: NodeJS.ProcessEnv
  cwd?: string
  signal?: AbortSignal
  timeoutMs?: number
  /** Called for each line of stdout and stderr as it appears. */
  onLine?: (line: string) => void
}

/** A command that could not be started, was killed, or ended with a status other than 0. */
export class CommandError extends Error {
  readonly tail: string
  /** null when the command could not be started or a signal ended it. */
  readonly status: number | null

  constructor(command: string, status: number | null, tail: string, options?: ErrorOptions) {
    super(`${command} ended with ${status === null ? 'no exit status' : `status ${status}`}: ${tail}`, options)
    this.name = 'CommandError'
    this.status = status
    this.tail = tail
  }
}

/** For a `catch`: a failed command becomes a SetupError, of which `what` makes the message out of the command's last lines. */
export const setupFault =
  (what: (tail: string) => string, fix: string) =>
  (error: unknown): never => {
    throw error instanceof CommandError ? new SetupError(what(error.tail), fix, { cause: error }) : error
  }

/** What a command says of its version; undefined where it does not run. */
export const versionOf = (command: string, options: CommandOptions = {}): Promise<string | undefined> =>
  runCommand(command, ['--version'], { timeoutMs: 20_000, ...options }).then(
    (output) => output.trim(),
    () => undefined,
  )

const tailLines = 15

/** Runs a command to its end and returns its stdout. Rejects with CommandError, or with the signal's reason when aborted. */
export async function runCommand(command: string, args: string[], options: CommandOptions = {}): Promise<string> {
  options.signal?.throwIfAborted()
  const limit = options.timeoutMs === undefined ? [] : [AbortSignal.timeout(options.timeoutMs)]
  const signal = AbortSignal.any([...(options.signal ? [options.signal] : []), ...limit])
  const child = spawnTied(command, args, {
    cwd: options.cwd,
    env: options.env ?? process.env,
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
    // A group of its own, so that what it starts in turn ends with it.
    detached: true,
  })
  const stdout: string[] = []
  const tail: string[] = []
  const follow = async (stream: NodeJS.ReadableStream, keep?: string[]) => {
    for await (const line of createInterface({ input: stream })) {
      keep?.push(line)
      tail.push(line)
      if (tail.length > tailLines) tail.shift()
      options.onLine?.(line)
    }
  }
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (status) => resolve(status))
  })
  try {
    const [status] = await Promise.all([ended, follow(child.stdout, stdout), follow(child.stderr)])
    if (status !== 0) throw new CommandError(command, status, tail.join('\n'))
  } catch (error) {
    options.signal?.throwIfAborted()
    if (error instanceof CommandError) throw error
    const why = reasonOf(error)
    throw new CommandError(command, null, tail.join('\n') || why, { cause: error })
  }
  return stdout.join('\n')
}
