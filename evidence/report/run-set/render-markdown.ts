import { markdownTable, escapeMarkdown as text } from '../markdown/escape.ts'
import type { Summary } from './summary.ts'
import * as told from './text.ts'

/** `summary.md`. */
export function renderMarkdown(summary: Summary): string {
  const { set, runs, tested } = summary
  const results =
    tested === 0
      ? []
      : [
          '## Differences over runs, in points',
          markdownTable(told.gainHead(), told.gainCells(summary)),
          '## Arms over runs, % right',
          `On the test: ${text(told.headlineText(summary))}.`,
          markdownTable(told.armHead(), told.armCells(summary)),
          '## The final minus each arm, run by run, in points',
          'With each run’s own 95 % interval, over its items and training seeds.',
          markdownTable(told.runGainHead(summary), told.runGainCells(summary)),
        ]
  return `${[
    `# ${text(set)}: ${runs.length} independent searches`,
    `**${text(told.mainSentence(summary))}**`,
    ...(tested === 0
      ? []
      : [
          told
            .notesOf(summary)
            .map((note) => `- ${text(note)}`)
            .join('\n'),
        ]),
    ...results,
    '## Runs, % right on the test',
    markdownTable(told.runHead(summary), told.runCells(summary)),
    'Every number here is in `summary.json` beside this file. Each run has its own report.',
  ].join('\n\n')}\n`
}
