import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Bus } from '../../bus/mod.ts'
import type { Reporter } from '../../launcher/console/reporter.ts'
import { writeWhole } from '../../machine/state-file.ts'
import { readRun } from '../run/follow-run.ts'
import { analyseComparison } from './analyse.ts'
import { resultOf } from './compared-run.ts'
import { type ComparisonPlan, runsOf } from './plan.ts'
import { comparisonFolder } from './plan-file.ts'
import { renderHtml } from './render-html.ts'
import { renderMarkdown } from './render-markdown.ts'
import { effectSentence } from './text.ts'

/** Writes `runs/<name>/comparison.{json,md,html}` from the logs of the comparison's runs. */
export async function writeComparison(bus: Bus, plan: ComparisonPlan, reporter: Reporter): Promise<void> {
  const results = []
  for (const run of runsOf(plan)) results.push(resultOf(run, await readRun(bus, run.runId)))
  const comparison = analyseComparison(plan, results)
  const folder = comparisonFolder(plan.name)
  await mkdir(folder, { recursive: true })
  const [json, md, html] = ['json', 'md', 'html'].map((kind) => join(folder, `comparison.${kind}`)) as [
    string,
    string,
    string,
  ]
  await writeWhole(json, `${JSON.stringify(comparison, null, 2)}\n`)
  await writeWhole(md, renderMarkdown(comparison))
  await writeWhole(html, renderHtml(comparison))
  for (const effect of comparison.effects) reporter.line(effectSentence(effect))
  reporter.line(`comparison: ${html}`)
  reporter.json({ type: 'comparison', html, md, json })
}
