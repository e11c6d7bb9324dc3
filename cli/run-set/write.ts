import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Bus } from '../../bus/mod.ts'
import { readRun } from '../follow-run.ts'
import { runsFolder } from '../home.ts'
import type { Reporter } from '../progress.ts'
import type { Member } from './member.ts'
import { outcomeOf } from './outcome.ts'
import { sentencesOf, summarise, summaryPage } from './summary.ts'

/** Writes `runs/<set>/summary.{json,md}` from the logs of the set's runs. */
export async function writeSummary(
  bus: Bus,
  set: string,
  members: readonly Member[],
  reporter: Reporter,
): Promise<void> {
  const outcomes = await Promise.all(members.map(async (member) => outcomeOf(member, await readRun(bus, member.runId))))
  const summary = summarise(set, outcomes)
  const folder = join(runsFolder(), set)
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'summary.json'), `${JSON.stringify(summary, null, 2)}\n`)
  await writeFile(join(folder, 'summary.md'), summaryPage(summary))
  for (const sentence of sentencesOf(summary)) reporter.line(sentence)
  reporter.line(`summary: ${join(folder, 'summary.md')}`)
  reporter.json({ type: 'summary', ...summary })
}
