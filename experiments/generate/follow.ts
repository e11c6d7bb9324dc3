import type { Bus } from '../../bus/mod.ts'
import type { Reporter } from '../../launcher/console/reporter.ts'
import { Batch, Shard } from '../../schemas/messages/generation.ts'
import { lastStatus, type RunEnd } from '../run/follow-run.ts'
import { progressLine } from '../run/progress-line.ts'

const resting = ['stopped', 'faulted', 'finished', 'failed']

/** Tells a run that makes data from its beginning, with the candidates made of those asked for, until it rests or the signal fires. */
export async function followGeneration(
  bus: Bus,
  { runId, fromSeq, reporter, signal }: { runId: string; fromSeq: number; reporter: Reporter; signal: AbortSignal },
): Promise<RunEnd | null> {
  let asked = 0
  let made = 0
  for await (const entry of bus.log({ runId, follow: true, signal })) {
    const payload = entry.payload as { count?: unknown; candidates?: unknown; failures?: unknown }
    // Only counted, so not parsed a second time: the bus checked them when they were sent.
    if (entry.name === Shard.name && typeof payload.count === 'number') asked += payload.count
    if (entry.name === Batch.name && Array.isArray(payload.candidates) && Array.isArray(payload.failures)) {
      made += payload.candidates.length + payload.failures.length
      reporter.progress('candidates', made, asked)
    }
    if (entry.seq < fromSeq) continue
    progressLine(entry, reporter)
    const status = lastStatus([entry])
    if (status && resting.includes(status.status)) return status
  }
  return null
}
