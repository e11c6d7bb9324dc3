import { spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { jsonOrNull } from '../schemas/bounded-json.ts'
import { CommandFault, entry, environment, type Place } from './command.ts'
import { errorOf } from './errors.ts'
import { eventOf } from './events.ts'

export type Detached = {
  pid: number
  /** Whether its run has begun; else it still prepares, as the first start does that fetches what is missing. */
  hasBegun: boolean
  logFile: string
}

const lookMs = 100

/**
 * Starts a command that outlives this process, and waits until its run begins, `waitMs` at most. What it writes goes into a file.
 * @throws SyllabusError where it fails before
 */
export async function startDetached(
  args: readonly string[],
  place: Place,
  logFile: string,
  waitMs: number,
): Promise<Detached> {
  await mkdir(dirname(logFile), { recursive: true })
  const descriptor = openSync(logFile, 'a', 0o600)
  // It ends with nobody: neither with this process, nor with the npm that started this one.
  const { SYLLABUS_INNER: _, npm_execpath: __, ...env } = environment(place)
  const child = spawn(process.execPath, [entry, ...args], {
    cwd: place.cwd,
    env,
    detached: true,
    stdio: ['ignore', descriptor, descriptor],
  })
  closeSync(descriptor)
  child.unref()
  let ended: number | null = null
  child.once('exit', (code) => {
    ended = code ?? 1
  })
  child.once('error', () => {
    ended = 2
  })
  for (const until = performance.now() + waitMs; performance.now() < until; await sleep(lookMs)) {
    const lines = readFileSync(logFile, 'utf8')
      .split('\n')
      .map((line) => jsonOrNull(line))
    if (lines.some((line) => line !== null && eventOf(line)?.type === 'run'))
      return { pid: child.pid!, hasBegun: true, logFile }
    if (ended === null) continue
    const fault = lines.flatMap((line) => CommandFault.safeParse(line).data ?? []).at(-1)
    const { what, fix } = fault ?? { what: 'The command ended before its run began.', fix: `See ${logFile}.` }
    throw errorOf({ exitCode: ended, what, fix, runId: null })
  }
  return { pid: child.pid!, hasBegun: false, logFile }
}
