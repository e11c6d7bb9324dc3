import type { Bus } from '../../bus/mod.ts'
import { analyseComparison } from '../../evidence/report/comparison/analyse.ts'
import { resultOf } from '../../evidence/report/comparison/compared-run.ts'
import { renderHtml, renderMarkdown } from '../../evidence/report/comparison/document.ts'
import { type ComparisonPlan, runsOf } from '../../evidence/report/comparison/plan.ts'
import { effectSentence } from '../../evidence/report/comparison/text.ts'
import { reportJson, writeForms } from '../../evidence/report/mod.ts'
import type { Reporter } from '../../launcher/console/reporter.ts'
import { readRun } from '../run/follow-run.ts'
import { comparisonFolder } from './plan-file.ts'

/** Writes `runs/<name>/comparison.{json,md,html}` from the logs of the comparison's runs. */
export async function writeComparison(bus: Bus, plan: ComparisonPlan, reporter: Reporter): Promise<void> {
  const results = []
  for (const run of runsOf(plan)) results.push(resultOf(run, await readRun(bus, run.runId)))
  const comparison = analyseComparison(plan, results)
  const [html, md, json] = [renderHtml(comparison), renderMarkdown(comparison), reportJson(comparison)]
  const paths = await writeForms(comparisonFolder(plan.name), 'comparison', { html, md, json })
  for (const effect of comparison.effects) reporter.line(effectSentence(effect))
  reporter.line(`comparison: ${paths.html}`)
  reporter.json({ type: 'comparison', ...paths })
}
