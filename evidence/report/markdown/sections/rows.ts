import type { ReportData } from '../../report-data.ts'
import { labelOf } from '../../text/names.ts'
import { originText } from '../../text/origin.ts'
import { codeBlock, escapeMarkdown as text } from '../escape.ts'

/** Rows of the dataset and validation items that went wrong, as they are. */
export function rowsSection({ samples, badCases }: ReportData): string[] {
  return [
    '## Rows, and what still goes wrong',
    samples ? `Rows of attempt ${samples.attempt}, two a skill, drawn without looking:` : 'No dataset could be read.',
    ...(samples?.rows ?? []).flatMap((row) => [
      `${text(row.skill)} · ${text(row.id)} · ${text(originText(row))}`,
      codeBlock(`${row.instruction}\n${row.input}\n\n${row.output}`),
    ]),
    badCases
      ? `Validation items that ${text(labelOf(badCases.candidate).toLowerCase())} got wrong, a sample (items of the sealed test are never shown):`
      : 'No attempt was scored.',
    ...(badCases?.cases ?? []).flatMap((item) => [
      `${text(item.skill)} · ${text(labelOf(item.part))} · ${text(item.reason)} · expected ${text(item.expected)}`,
      codeBlock(`${item.input}\n\n${item.reply}`),
    ]),
  ]
}
