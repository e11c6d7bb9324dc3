import { writeFileSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { homeFolder } from '../machine/folders.ts'
import { holderOf, holdFile } from '../machine/held-file.ts'
import { Topology } from '../schemas/topology.ts'
import { UsageError } from '../schemas/user-error.ts'
import { stopSignal } from './console/stop-signal.ts'
import type { Session } from './session.ts'
import { mostStoppingMs } from './supervisor.ts'
import { servedAddress } from './topology/queues.ts'

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
  /** Address of the model that it serves to its agents. */
  local: z.string().nullable().optional(),
  /** What its agents were started with. */
  agents: Topology.shape.agents.optional(),
  /** The longest that it may take to end once it is asked to. */
  stoppingMs: z.number().default(0),
})
export type LiveSession = z.infer<typeof LiveSession>

const file = () => join(homeFolder(), 'session.json')
/** Names the process of a session that takes nothing more, and finishes what it has in hand. */
const stoppingFile = () => join(homeFolder(), 'stopping')

/** The session that is alive, or null. */
export async function findSession(): Promise<LiveSession | null> {
  const notify = (line: string) => console.error(line)
  return LiveSession.safeParse(await holderOf(file(), notify)).data ?? null
}

/**
 * Says that this process runs the agents, until disposed. The page's address holds a token: mode 0600. Of two sessions on a server
 * of others the first is the one that is found.
 */
export async function announceSession(
  { pageUrl, logFile, server: reached }: Pick<Session, 'pageUrl' | 'logFile' | 'server'>,
  { name, agents, supervisor }: Topology,
): Promise<AsyncDisposable> {
  await using stack = new AsyncDisposableStack()
  if (!(await holderOf(file()))) {
    // What a session that is gone left behind, whatever it holds.
    await rm(file(), { force: true })
    const { servers, serverName } = reached
    const server = serverName === null ? null : { url: servers, name: serverName }
    const stoppingMs = mostStoppingMs(supervisor)
    const local = servedAddress(process.env)
    const details: Omit<LiveSession, 'pid' | 'id'> = {
      pageUrl,
      logFile,
      topology: name,
      server,
      local,
      agents,
      stoppingMs,
    }
    stack.use(await holdFile(file(), { details }))
    const stop = stopSignal()
    const onStop = () => writeFileSync(stoppingFile(), String(process.pid))
    stop.addEventListener('abort', onStop, { once: true })
    stack.defer(async () => {
      stop.removeEventListener('abort', onStop)
      await rm(stoppingFile(), { force: true })
    })
  }
  return stack.move()
}

/**
 * Waits for a session that is ending, for a while at most: who gives a command after an interruption need not try again until the one
 * before has finished what it had in hand. A session that goes on is not waited for.
 */
export async function whenStopped(line: (text: string) => void): Promise<void> {
  const session = await findSession()
  const stopping = await readFile(stoppingFile(), 'utf8').catch(() => null)
  if (!session || stopping !== String(session.pid)) return
  line(`process ${session.pid} is stopping, and finishes what it has in hand: waiting for it`)
  const isGone = async () => !(await findSession()) && !(await holderOf(join(homeFolder(), 'nats', 'server.lock')))
  const until = performance.now() + session.stoppingMs
  while (performance.now() < until && !(await isGone())) await sleep(200, undefined, { signal: stopSignal() })
}

/** @throws UsageError when other agents run here already, and `why` says what they are not fit for */
export async function checkNoSession(why: string): Promise<void> {
  const running = await findSession()
  if (running) throw new UsageError(`Process ${running.pid} runs agents here, and ${why}.`, 'Stop that process first.')
}
