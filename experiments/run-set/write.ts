import { join } from 'node:path'
import type { Bus } from '../../bus/mod.ts'
import { reportJson, writeForms } from '../../evidence/report/mod.ts'
import { renderHtml, renderMarkdown } from '../../evidence/report/run-set/document.ts'
import { outcomeOf } from '../../evidence/report/run-set/outcome.ts'
import { summarise } from '../../evidence/report/run-set/summary.ts'
import { sentencesOf } from '../../evidence/report/run-set/text.ts'
import type { Reporter } from '../../launcher/console/reporter.ts'
import { runsFolder } from '../../machine/home.ts'
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
  const [html, md, json] = [renderHtml(summary), renderMarkdown(summary), reportJson(summary)]
  const paths = await writeForms(join(runsFolder(), set), 'summary', { html, md, json })
  for (const sentence of sentencesOf(summary)) reporter.line(sentence)
  reporter.line(`summary: ${paths.html}`)
  reporter.json({ type: 'summary', ...summary })
}
