import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { isAlive } from '../../bus/mod.ts'
import { Topology } from '../../schemas/topology.ts'
import { UsageError } from '../errors.ts'
import { homeFolder } from '../home.ts'
import { lockFile } from '../lock-file.ts'

/** The session that runs agents on this machine, so that other commands can join it. */
export const LiveSession = z.object({
  pid: z.number().int(),
  pageUrl: z.string(),
  topology: z.string(),
  logFile: z.string(),
  /** What its agents were started with. */
  agents: Topology.shape.agents.optional(),
})
export type LiveSession = z.infer<typeof LiveSession>

const file = () => join(homeFolder(), 'session.json')

/** The session that is alive, or null. */
export async function findSession(): Promise<LiveSession | null> {
  const text = await readFile(file(), 'utf8').catch(() => null)
  if (text === null) return null
  const parsed = LiveSession.safeParse(JSON.parse(text))
  return parsed.success && isAlive(parsed.data.pid) ? parsed.data : null
}

/** Says that this process runs the agents; the returned function takes it back. The page's address holds a token: mode 0600. */
export async function announceSession(
  { pageUrl, logFile }: Pick<LiveSession, 'pageUrl' | 'logFile'>,
  { name, agents }: Topology,
): Promise<() => Promise<void>> {
  const session: LiveSession = { pid: process.pid, pageUrl, logFile, topology: name, agents }
  await writeFile(file(), JSON.stringify(session), { mode: 0o600 })
  return () => rm(file(), { force: true })
}

/** Errors: UsageError when other agents run here already, and `why` says what they are not fit for. */
export async function checkNoSession(why: string): Promise<void> {
  const running = await findSession()
  if (running) throw new UsageError(`Process ${running.pid} runs agents here, and ${why}.`, 'Stop that process first.')
}

/**
 * Holds the home for a session until disposed: two servers on one storage would spoil it, and commands that are given at the same
 * moment do not see each other's session yet. Errors: UsageError that names the holder.
 */
export function lockHome(home: string): Promise<AsyncDisposable> {
  const path = join(home, 'session.lock')
  return lockFile(
    path,
    (holder) =>
      new UsageError(
        `${home} is in use: ${holder} starts or ends its agents there.`,
        `Give the command again: it joins them once they are up. If it is gone for sure, remove ${path}.`,
      ),
    // A container that was killed comes back under another name.
    'gone',
  )
}
