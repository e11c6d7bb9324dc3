import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Bus } from '../../bus/mod.ts'
import { renderHtml, renderMarkdown } from '../../evidence/report/run-set/document.ts'
import { outcomeOf } from '../../evidence/report/run-set/outcome.ts'
import { summarise } from '../../evidence/report/run-set/summary.ts'
import { sentencesOf } from '../../evidence/report/run-set/text.ts'
import type { Reporter } from '../../launcher/console/reporter.ts'
import { runsFolder } from '../../machine/home.ts'
import { writeWhole } from '../../machine/state-file.ts'
import { readRun } from '../run/follow-run.ts'
import type { Member } from './member.ts'

/** Writes `runs/<set>/summary.{json,md,html}` from the logs of the set's runs. */
export async function writeSummary(
  bus: Bus,
  set: string,
  members: readonly Member[],
  reporter: Reporter,
): Promise<void> {
  const outcomes = []
  for (const member of members) outcomes.push(outcomeOf(member, await readRun(bus, member.runId)))
  const summary = summarise(set, outcomes)
  const folder = join(runsFolder(), set)
  await mkdir(folder, { recursive: true })
  await writeWhole(join(folder, 'summary.json'), `${JSON.stringify(summary, null, 2)}\n`)
  await writeWhole(join(folder, 'summary.md'), renderMarkdown(summary))
  await writeWhole(join(folder, 'summary.html'), renderHtml(summary))
  for (const sentence of sentencesOf(summary)) reporter.line(sentence)
  reporter.line(`summary: ${join(folder, 'summary.html')}`)
  reporter.json({ type: 'summary', ...summary })
}
