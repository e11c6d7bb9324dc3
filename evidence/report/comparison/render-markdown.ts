import { markdownTable, escapeMarkdown as text } from '../markdown/escape.ts'
import type { Comparison } from './analyse.ts'
import * as told from './text.ts'

/** `comparison.md`. */
export function renderMarkdown(comparison: Comparison): string {
  const { plan, effects } = comparison
  return `${[
    `# ${text(plan.name)}: were the planners worth it?`,
    `**${text(told.plannerSentence(comparison))}**`,
    effects.map((effect) => `- ${text(told.effectSentence(effect))}`).join('\n'),
    told
      .caveatsOf(comparison)
      .map((each) => `- ${text(each)}`)
      .join('\n'),
    `## Arms\n\nShare right on the test: ${text(told.headlineText(comparison))}.`,
    markdownTable(told.armHead, told.armCells(comparison)),
    '## Differences',
    markdownTable(told.effectHead, told.effectCells(comparison)),
    '## What each arm used\n\nIn the mean of its runs.',
    markdownTable(told.useHead, told.useCells(comparison)),
    '## Runs',
    markdownTable(told.runHead, told.runCells(comparison)),
  ].join('\n\n')}\n`
}
