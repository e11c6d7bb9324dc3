import { join } from 'node:path'
import type { Bus } from '../../bus/mod.ts'
import { writeReport } from '../../evidence/report/mod.ts'
import { headlinesOf } from '../../evidence/report/text/conclusion.ts'
import { versions } from '../../evidence/report/versions.ts'
import type { Reporter } from '../../launcher/console/reporter.ts'
import { runsFolder } from '../../machine/folders.ts'
import { RunStarted } from '../../schemas/messages/run.ts'
import { Row } from '../../schemas/row.ts'
import { PublicTask } from '../../schemas/task.ts'
import { UsageError } from '../../schemas/user-error.ts'
import { readRun } from './follow-run.ts'

/**
 * Writes `runs/<id>/report.{html,md,json}` from the log.
 * @throws UsageError when there is no such run
 */
export async function writeRunReport(bus: Bus, runId: string, reporter: Reporter): Promise<void> {
  const entries = await readRun(bus, runId)
  const started = RunStarted.schema.safeParse(entries.find((entry) => entry.name === 'run-started')?.payload)
  if (!started.success)
    throw new UsageError(`There is no run ${runId} on this bus.`, 'See the runs with: npx syllabus status')
  const { html, md, json, data } = await writeReport({
    dir: join(runsFolder(), runId),
    entries,
    task: await bus.objects.getJson(started.data.config.publicTask, PublicTask).catch(() => null),
    versions: await versions(),
    readRows: (dataset) => bus.objects.getLines(dataset, Row),
  })
  for (const { tag, sentence } of headlinesOf(data)) reporter.line(`${tag}: ${sentence}`)
  reporter.line(`report: ${html}`)
  reporter.json({ type: 'report', html, md, json })
}
