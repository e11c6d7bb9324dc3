import type { Bus, StoredEntry } from '../bus/mod.ts'
import { RunStarted } from '../schemas/messages/run.ts'
import { Row } from '../schemas/row.ts'
import { PublicTask } from '../schemas/task.ts'
import { UsageError } from '../schemas/user-error.ts'
import type { ReportSources } from './report/mod.ts'
import { versions } from './report/versions.ts'

/**
 * What a run's report is made from, as the bus has it now.
 * @throws UsageError when there is no such run
 */
export async function reportSourcesOf(bus: Bus, runId: string): Promise<ReportSources> {
  const entries: StoredEntry[] = []
  for await (const entry of bus.log({ runId, follow: false, signal: new AbortController().signal })) entries.push(entry)
  const started = RunStarted.schema.safeParse(entries.find((entry) => entry.name === 'run-started')?.payload)
  if (!started.success)
    throw new UsageError(`There is no run ${runId} on this bus.`, 'See the runs with: npx syllabus status')
  return {
    entries,
    task: await bus.objects.getJson(started.data.config.publicTask, PublicTask).catch(() => null),
    versions: await versions(),
    readRows: (dataset) => bus.objects.getLines(dataset, Row),
  }
}
