import type { Bus } from '../../bus/mod.ts'
import { exitCodes } from '../../launcher/console/exit-codes.ts'
import type { Reporter } from '../../launcher/console/reporter.ts'
import { stopSignal } from '../../launcher/console/stop-signal.ts'
import { announceSession, findSession, type LiveSession, whenStopped } from '../../launcher/live-session.ts'
import type { TaskSettings } from '../../launcher/prepare-runtime.ts'
import { checkServed, type Needs } from '../../launcher/served.ts'
import { openSession, prepareBus } from '../../launcher/session.ts'
import { knowLocal } from '../../launcher/topology/queues.ts'
import { watchTroubles } from '../../launcher/troubles.ts'
import { joinedServer, withBus } from '../../launcher/with-bus.ts'
import { homeFolder } from '../../machine/folders.ts'
import { createTryPanel } from '../../models/panel.ts'
import { queuesOf } from '../../schemas/queue.ts'
import type { AgentRole } from '../../schemas/role.ts'
import type { RunConfig } from '../../schemas/run.ts'
import type { Topology } from '../../schemas/topology.ts'
import { wantedBy } from '../../trace/troubles.ts'
import type { TrackerName } from '../../trackers/mod.ts'
import { createRunReader } from '../inspect/run-reader.ts'
import { commandAgain } from './command-again.ts'
import { followRun, hintWhenAway, type RunEnd } from './follow-run.ts'
import { startTracking } from './track.ts'
import { writeRunReport } from './write-run-report.ts'

/** Starts or finds the run to follow, and from where. `own`: the queue's, where this command starts the agents. */
export type StartRun = (bus: Bus, own?: string) => Promise<{ runId: string; fromSeq: number }>

/** Runs of one session, one after another; `after` is done with the bus when all of them have come to rest. */
export type RunQueue = {
  starts: readonly StartRun[]
  after?: (bus: Bus) => Promise<void>
  /** A bus that is there keeps its limits. */
  keep?: boolean
  /** Names the run, or the set of runs, whose metered work is kept to the agents that this command starts. */
  own?: string
  /** Left out: agents of all roles are started. */
  roles?: readonly AgentRole[]
  /** No agent is started here: nodes of the cluster have them all. */
  elsewhere?: boolean
  /** The run whose queues these agents work on instead. */
  goesOn?: RunConfig
  /** Topologies whose planner is wanted beside the session's own. */
  alsoPlanners?: readonly Topology[]
  /** The task's, for the check of the student before anything is paid for. */
  ofTask?: TaskSettings
  /** What the agents that run already have to be; null: no agent has anything to do. */
  needs: (() => Needs) | null
  /** Where each run is written to as it goes. */
  trackers?: readonly TrackerName[]
  /** What a person types to go on with a run after an interruption. */
  resumeCommand(runId: string): string
}

/**
 * Follows runs to their rest, one after another, and writes their reports. Agents are those of the running session, or are started
 * for as long as it takes. A run that is interrupted or waits ends the session; one without a result does not. Returns the exit code.
 */
export async function runSession(topology: Topology, reporter: Reporter, queue: RunQueue): Promise<number> {
  const stop = stopSignal()
  await whenStopped(reporter.line)
  const running = await findSession()
  if (running && (await joinedServer(homeFolder()))) return joinSession(running, topology, reporter, queue, stop)
  await using session = await openSession(topology, reporter, {
    ...queue,
    tryPanel: createTryPanel,
    runReader: createRunReader,
    signal: stop,
  })
  const { bus, pageUrl, logFile } = session
  await using _announced = await announceSession(session, topology)
  try {
    reporter.line(`live page: ${pageUrl}`)
    reporter.json({ type: 'page', url: pageUrl })
    reporter.line(`agents' log: ${logFile}`)
    const code = await followAll(bus, topology, queue, reporter, {
      own: queue.own,
      follow: (run) => Promise.race([followRun(bus, { ...run, reporter, signal: stop }), session.failed]),
      goesOn: () => false,
    })
    if (code === exitCodes.ok || code === exitCodes.noResult) await session.close()
    return code
  } finally {
    reporter.close()
  }
}

async function joinSession(
  session: LiveSession,
  topology: Topology,
  reporter: Reporter,
  queue: RunQueue,
  stop: AbortSignal,
): Promise<number> {
  const joining = async (bus: Bus) => {
    knowLocal(session)
    const needs = queue.needs?.()
    if (needs) await checkServed(bus, session, needs)
    // Of agents that were added without the right to make them.
    if (needs) await prepareBus(bus, topology, { keep: true, variants: queueListsOf(needs) })
    const wanted = needs ? wantedBy(needs) : []
    await using _watch = watchTroubles(bus, { line: reporter.line, wanted: () => wanted, except: ['waits'] })
    reporter.line(`joins the agents of process ${session.pid}; live page: ${session.pageUrl}`)
    reporter.json({ type: 'page', url: session.pageUrl })
    const gone = new AbortController()
    const look = async () => (await findSession())?.id === session.id || gone.abort()
    const watch = setInterval(look, 1000)
    try {
      const signal = AbortSignal.any([stop, gone.signal])
      const follow: Following['follow'] = async (run) => {
        const end = await followRun(bus, { ...run, reporter, signal })
        if (gone.signal.aborted) reporter.line('the process that ran the agents has ended')
        return end
      }
      return await followAll(bus, topology, queue, reporter, { follow, goesOn: () => !gone.signal.aborted })
    } finally {
      clearInterval(watch)
      reporter.close()
    }
  }
  return withBus(joining, { line: reporter.line, signal: stop })
}

const queueListsOf = (needs: Needs) =>
  Object.fromEntries(Object.entries(queuesOf(needs)).map(([role, queue]) => [role, [queue]]))

type Following = {
  own?: string | undefined
  follow(run: { runId: string; fromSeq: number }): Promise<RunEnd | null>
  /** Whether a run goes on when this command ends. */
  goesOn(): boolean
}

async function followAll(
  bus: Bus,
  topology: Topology,
  { starts, after, trackers = [], resumeCommand }: RunQueue,
  reporter: Reporter,
  { own, follow, goesOn }: Following,
): Promise<number> {
  let code: number = exitCodes.ok
  for (const begin of starts) {
    const run = await begin(bus, own)
    reporter.json({ type: 'run', runId: run.runId })
    const command = resumeCommand(run.runId)
    await using _tracking = await startTracking(bus, run.runId, { trackers, topology, reporter })
    const end = await hintWhenAway(() => follow(run), command, reporter.line)
    const ended = await conclude(bus, run.runId, end, { reporter, resumeCommand: command, goesOn })
    if (end?.status !== 'finished' && end?.status !== 'failed') return ended
    code = Math.max(code, ended)
  }
  await after?.(bus)
  return code
}

async function conclude(
  bus: Bus,
  runId: string,
  end: RunEnd | null,
  { reporter, resumeCommand, goesOn }: { reporter: Reporter; resumeCommand: string; goesOn: () => boolean },
): Promise<number> {
  if (!end && goesOn()) {
    reporter.line(`its agents are not this command's, and go on with ${runId}. Follow it again: ${resumeCommand}`)
    reporter.line(`stop it: ${commandAgain(['stop', runId])}`)
    return exitCodes.interrupted
  }
  if (!end || end.status === 'stopped') {
    reporter.line(`drained; nothing is lost. Go on with: ${resumeCommand}`)
    return end ? exitCodes.ok : exitCodes.interrupted
  }
  if (end.status === 'faulted') {
    reporter.line(`the run waits: ${end.reason}. Then: ${resumeCommand}`)
    return exitCodes.faulted
  }
  await writeRunReport(bus, runId, reporter)
  return end.status === 'finished' ? exitCodes.ok : exitCodes.noResult
}
