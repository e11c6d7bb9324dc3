import type { ReportData } from '../../report-data.ts'
import { numberText } from '../../text/format.ts'
import { markdownTable, escapeMarkdown as text } from '../escape.ts'

/** What ran, on what, and how to check it. */
export function provenanceSection({ agents, task, provenance, run }: ReportData): string[] {
  const settings = task ? Object.entries({ ...task.recipe, ...task.inference }) : []
  return [
    '## What ran',
    markdownTable(
      ['Role', 'Variant', 'Instances', 'Messages'],
      agents.map(({ role, variant, instances, messages }) => [
        role,
        variant,
        instances.join(', '),
        numberText(messages),
      ]),
    ),
    ...(task && task.departures.length > 0
      ? [
          '### Where the task departs from the paper',
          task.departures.map((departure) => `- ${text(departure)}`).join('\n'),
        ]
      : []),
    '### Recipe, versions, seeds, hashes',
    markdownTable(
      ['Name', 'Value'],
      [
        ...settings.map(([name, value]) => [name, String(value)]),
        ...Object.entries(provenance.versions).map(([name, version]) => [`Version of ${name}`, version]),
        ...provenance.seeds.map(({ name, value }) => [`Seed: ${name}`, value]),
        ...provenance.hashes.map(({ name, sha256 }) => [`SHA-256: ${name}`, sha256]),
      ],
    ),
    ...(run.unreadable.length > 0
      ? [
          '### Messages that could not be read',
          run.unreadable.map(({ seq, name, reason }) => `- ${text(`${name}, number ${seq}: ${reason}`)}`).join('\n'),
        ]
      : []),
  ]
}
