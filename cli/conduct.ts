import { type Bus, isAlive } from '../bus/mod.ts'
import type { Topology } from '../schemas/topology.ts'
import { exitCodes } from './exit-codes.ts'
import { followRun, type RunEnd } from './follow-run.ts'
import { homeFolder } from './home.ts'
import { announceSession, findSession, type LiveSession } from './live-session.ts'
import type { Reporter } from './progress.ts'
import { openSession } from './session.ts'
import { stopSignal } from './stop-signal.ts'
import { joinedCluster, withBus } from './with-bus.ts'
import { writeRunReport } from './write-run-report.ts'

/** Starts or finds the run to follow, and from where. */
export type Begin = (bus: Bus) => Promise<{ runId: string; fromSeq: number }>

/**
 * Follows a run to its rest and writes its report. Agents are those of the running session, or are started for as long as it
 * takes. Returns the exit code.
 */
export async function conduct(topology: Topology, reporter: Reporter, begin: Begin): Promise<number> {
  const stop = stopSignal()
  const running = await findSession()
  if (running && (await joinedCluster(homeFolder()))) return joinSession(running, reporter, begin, stop)
  await using session = await openSession(topology, reporter)
  const { bus, pageUrl, logFile } = session
  const takeBack = await announceSession({ pageUrl, logFile, topology: topology.name })
  try {
    reporter.line(`live page: ${pageUrl}`)
    reporter.line(`agents' log: ${logFile}`)
    const { runId, fromSeq } = await begin(bus)
    const end = await Promise.race([followRun(bus, { runId, fromSeq, reporter, signal: stop }), session.failed])
    return await conclude(bus, runId, end, reporter)
  } finally {
    reporter.close()
    await takeBack()
  }
}

async function joinSession(session: LiveSession, reporter: Reporter, begin: Begin, stop: AbortSignal): Promise<number> {
  return withBus(async (bus) => {
    reporter.line(`joins the agents of process ${session.pid}; live page: ${session.pageUrl}`)
    const gone = new AbortController()
    const watch = setInterval(() => isAlive(session.pid) || gone.abort(), 1000)
    try {
      const { runId, fromSeq } = await begin(bus)
      const end = await followRun(bus, { runId, fromSeq, reporter, signal: AbortSignal.any([stop, gone.signal]) })
      if (gone.signal.aborted) reporter.line('the process that ran the agents has ended')
      return await conclude(bus, runId, end, reporter)
    } finally {
      clearInterval(watch)
      reporter.close()
    }
  })
}

async function conclude(bus: Bus, runId: string, end: RunEnd | null, reporter: Reporter): Promise<number> {
  if (!end || end.status === 'stopped') {
    reporter.line(`drained; nothing is lost. Go on with: npx syllabus resume ${runId}`)
    return end ? exitCodes.ok : exitCodes.interrupted
  }
  if (end.status === 'faulted') {
    reporter.line(`the run waits: ${end.reason}. Then: npx syllabus resume ${runId}`)
    return exitCodes.faulted
  }
  await writeRunReport(bus, runId, reporter)
  return end.status === 'finished' ? exitCodes.ok : exitCodes.noResult
}
