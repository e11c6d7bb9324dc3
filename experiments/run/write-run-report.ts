import { join } from 'node:path'
import type { Bus } from '../../bus/mod.ts'
import { writeReport } from '../../evidence/report/mod.ts'
import { headlinesOf } from '../../evidence/report/text/conclusion.ts'
import { reportSourcesOf } from '../../evidence/run-report.ts'
import type { Reporter } from '../../launcher/console/reporter.ts'
import { runsFolder } from '../../machine/folders.ts'

/**
 * Writes `runs/<id>/report.{html,md,json}` from the log.
 * @throws UsageError when there is no such run
 */
export async function writeRunReport(bus: Bus, runId: string, reporter: Reporter): Promise<void> {
  const sources = await reportSourcesOf(bus, runId)
  const { html, md, json, data } = await writeReport({ dir: join(runsFolder(), runId), ...sources })
  for (const { tag, sentence } of headlinesOf(data)) reporter.line(`${tag}: ${sentence}`)
  reporter.line(`report: ${html}`)
  reporter.json({ type: 'report', html, md, json })
}
