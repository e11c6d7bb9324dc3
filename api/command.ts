import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { exitCodes } from '../launcher/console/exit-codes.ts'
import { jsonOrNull } from '../schemas/bounded-json.ts'
import { errorOf, type SyllabusError } from './errors.ts'

/*
 * C1 Every call is a command of the command line in a process of its own, which writes JSON lines. So the program that calls keeps its
 *    standard streams, signals, exit code, folder and environment, and a fault of Syllabus cannot end it.
 * C2 A program that ends, however it does, takes its commands along: they see their channel to it close, finish what is in hand, and end.
 * C3 A command is asked to stop once, and drains; nothing here kills it.
 */

/** Where a call works. Left out, each is that of the calling program. */
export type Place = {
  /** The home, where runs are stored: SYLLABUS_HOME. */
  home?: string
  /** The folder for reports and exports: SYLLABUS_RUNS. */
  runs?: string
  /** The folder that relative paths start from. */
  cwd?: string
  /** Further variables, such as OPENAI_BASE_URL. A key belongs here or in the program's environment, and in no option. */
  env?: Readonly<Record<string, string>>
}

export const entry = fileURLToPath(new URL('../cli/bin.mjs', import.meta.url))

/** The variables that a command is given beside those of the program; see docs/api.md. */
export const environment = ({ home, runs, env }: Place): NodeJS.ProcessEnv => ({
  ...process.env,
  ...env,
  ...(home !== undefined && { SYLLABUS_HOME: home }),
  ...(runs !== undefined && { SYLLABUS_RUNS: runs }),
  SYLLABUS_ERRORS: 'json',
  // Who waits for the calling program is not who waits for this command.
  SYLLABUS_OUTER: undefined,
  // The channel to here stands for whoever waits for it, as it does for a command that runs in a Node of its own.
  SYLLABUS_INNER: '1',
})

/** What a command writes as its last line of errors. */
export const CommandFault = z.object({
  type: z.literal('error'),
  exitCode: z.number(),
  what: z.string(),
  fix: z.string(),
})

/** Lines of its errors that are kept, for a command that ends without a word of its own. */
const keptLines = 20

export type StartedCommand = {
  /** Rejects where the command fails; ends with its last line. To be read at once: what is not read holds the command up. */
  lines: AsyncIterable<unknown>
  /** Asks it to stop: it finishes what is in hand. */
  stop(): void
}

/**
 * Starts a command that writes JSON lines. `runIdOf`: the run that it is about, as far as it is known when it fails.
 * @throws SyllabusError, from its lines
 */
export function startCommand(
  args: readonly string[],
  place: Place,
  { signal, runIdOf = () => null }: { signal?: AbortSignal | undefined; runIdOf?: () => string | null } = {},
): StartedCommand {
  const child = spawn(process.execPath, [entry, ...args], {
    cwd: place.cwd,
    env: environment(place),
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  const stop = () => void child.kill('SIGTERM')
  const listening = new AbortController()
  if (signal?.aborted) stop()
  else signal?.addEventListener('abort', stop, { once: true, signal: listening.signal })
  let fault: z.infer<typeof CommandFault> | null = null
  const errors: string[] = []
  createInterface({ input: child.stderr! }).on('line', (line) => {
    const parsed = CommandFault.safeParse(jsonOrNull(line))
    if (parsed.success) fault = parsed.data
    else errors.push(line)
    if (errors.length > keptLines) errors.shift()
  })
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', ({ message }) => {
      const what = `No command can be started in ${place.cwd ?? process.cwd()}: ${message}.`
      reject(errorOf({ exitCode: exitCodes.badInput, what, fix: 'Name a folder that is there.', runId: null }))
    })
    child.once('close', (code) => resolve(code ?? exitCodes.interrupted))
  })
  // Whoever reads the lines is the one to hear of it.
  ended.catch(() => {})

  const failure = (exitCode: number): SyllabusError => {
    const own = fault ?? { what: errors.join('\n').trim() || usual[exitCode] || usual[exitCodes.failure]!, fix: '' }
    return errorOf({ exitCode, what: own.what, fix: own.fix, runId: runIdOf() })
  }

  async function* lines(): AsyncGenerator<unknown> {
    try {
      for await (const line of createInterface({ input: child.stdout! })) if (line) yield JSON.parse(line)
      const exitCode = await ended
      if (exitCode !== exitCodes.ok) throw failure(exitCode)
    } finally {
      listening.abort()
    }
  }
  return { lines: lines(), stop }
}

/** Said of a command that ended so and wrote nothing. */
const usual: Readonly<Record<number, string>> = {
  [exitCodes.failure]: 'The command failed.',
  [exitCodes.noResult]: 'The run ended without the result that was wanted.',
  [exitCodes.faulted]: 'The run waits after a fault.',
  [exitCodes.interrupted]: 'The command was interrupted.',
}

/** The JSON lines of a command that answers and ends. A reader that leaves early ends the command. */
export async function* askLines(args: readonly string[], place: Place, signal?: AbortSignal): AsyncGenerator<unknown> {
  const command = startCommand(args, place, { signal })
  let isWhole = false
  try {
    yield* command.lines
    isWhole = true
  } finally {
    if (!isWhole) command.stop()
  }
}

/** The one JSON value that a command answers with. */
export async function ask<T>(args: readonly string[], place: Place, signal?: AbortSignal): Promise<T> {
  let answer: unknown
  for await (const line of startCommand(args, place, { signal }).lines) answer = line
  // Written by the command of this very version.
  return answer as T
}
