import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { holderOf, holdFile } from '../../machine/held-file.ts'
import { Topology } from '../../schemas/topology.ts'
import { UsageError } from '../errors.ts'
import { homeFolder } from '../home.ts'
import type { Session } from './session.ts'

/**
 * The session that runs agents on this machine, so that other commands can join it. Its file is held by its process: one that is
 * gone, with or without a successor of the same process id, is no session.
 */
export const LiveSession = z.object({
  pid: z.number().int(),
  /** Of this session alone. */
  id: z.string(),
  pageUrl: z.string(),
  topology: z.string(),
  logFile: z.string(),
  /** Its own nats-server, and the name that this greets with; null where it works with a server of others. */
  server: z.object({ url: z.string(), name: z.string() }).nullable(),
  /** What its agents were started with. */
  agents: Topology.shape.agents.optional(),
})
export type LiveSession = z.infer<typeof LiveSession>

const file = () => join(homeFolder(), 'session.json')

/** The session that is alive, or null. */
export async function findSession(): Promise<LiveSession | null> {
  const tell = (line: string) => console.error(line)
  return LiveSession.safeParse(await holderOf(file(), tell)).data ?? null
}

/**
 * Says that this process runs the agents, until disposed. The page's address holds a token: mode 0600. Of two sessions on a server
 * of others the first is the one that is found.
 */
export async function announceSession(
  { pageUrl, logFile, cluster }: Pick<Session, 'pageUrl' | 'logFile' | 'cluster'>,
  { name, agents }: Topology,
): Promise<AsyncDisposable> {
  await using stack = new AsyncDisposableStack()
  if (!(await holderOf(file()))) {
    // What a session that is gone left behind, whatever it holds.
    await rm(file(), { force: true })
    const { servers, serverName } = cluster
    const server = serverName === null ? null : { url: servers, name: serverName }
    const details: Omit<LiveSession, 'pid' | 'id'> = { pageUrl, logFile, topology: name, server, agents }
    stack.use(await holdFile(file(), { details }))
  }
  return stack.move()
}

/** Errors: UsageError when other agents run here already, and `why` says what they are not fit for. */
export async function checkNoSession(why: string): Promise<void> {
  const running = await findSession()
  if (running) throw new UsageError(`Process ${running.pid} runs agents here, and ${why}.`, 'Stop that process first.')
}
