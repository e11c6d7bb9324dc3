import { type Bus, BusAwayError, type StoredEntry } from '../../bus/mod.ts'
import { showNow } from '../../launcher/console/render-error.ts'
import type { Reporter } from '../../launcher/console/reporter.ts'
import { StatusChanged } from '../../schemas/messages/run.ts'
import type { RunStatus } from '../../schemas/run.ts'
import { progressLine } from './progress-line.ts'

/** A run that is in one of these goes no further by itself. */
const resting: readonly RunStatus[] = ['stopped', 'faulted', 'finished', 'failed']

export type RunEnd = { status: RunStatus; reason: string }

/** All messages of a run that are on the log now. */
export async function readRun(bus: Bus, runId: string): Promise<StoredEntry[]> {
  const entries: StoredEntry[] = []
  for await (const entry of bus.log({ runId, follow: false, signal: new AbortController().signal })) entries.push(entry)
  return entries
}

/** The part of a log entry that says what happened. */
export type LogMessage = Pick<StoredEntry, 'name' | 'payload'>

function statusOf(entry: LogMessage): RunEnd | null {
  const parsed = entry.name === 'status-changed' ? StatusChanged.schema.safeParse(entry.payload) : null
  return parsed?.success ? parsed.data : null
}

/** The last status that the log has; null before the planner has spoken. */
export function lastStatus(entries: readonly LogMessage[]): RunEnd | null {
  return entries.reduce<RunEnd | null>((last, entry) => statusOf(entry) ?? last, null)
}

/** Reports a run's messages from `fromSeq` on, until it rests; null when the signal came first. */
export async function followRun(
  bus: Bus,
  options: { runId: string; fromSeq: number; reporter: Reporter; signal: AbortSignal },
): Promise<RunEnd | null> {
  const { runId, fromSeq, reporter, signal } = options
  for await (const entry of bus.log({ runId, fromSeq, follow: true, signal })) {
    progressLine(entry, reporter)
    const status = statusOf(entry)
    if (status && resting.includes(status.status)) return status
  }
  return null
}

/** Where the server stays away while a run is followed, prints that and the command that goes on with it; the error is the caller's. */
export async function hintWhenAway<T>(
  follow: () => Promise<T>,
  command: string,
  line: (text: string) => void,
): Promise<T> {
  try {
    return await follow()
  } catch (error) {
    if (error instanceof BusAwayError) {
      showNow(error, line)
      line(`To go on, once the NATS server answers: ${command}`)
    }
    throw error
  }
}
