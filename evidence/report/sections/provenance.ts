import { type Blocks, code, definitions, heading, list, number, paragraph, table } from '../document/document.ts'
import type { ReportData } from '../report-data.ts'
import { numberText } from '../text/format.ts'

/** What ran, on what, and how to check it. */
export function provenance({ agents, provenance: { versions, seeds, hashes }, task, run }: ReportData): Blocks {
  const named = (values: Readonly<Record<string, string | number | boolean>>) =>
    definitions(Object.entries(values).map(([name, value]) => [name, code(String(value))]))
  return [
    heading(2, 'What ran'),
    table(
      ['Role', 'Variant', 'Instances', number('Messages')],
      agents.map(({ role, variant, instances, messages }) => [
        role,
        variant,
        instances.join(', '),
        numberText(messages),
      ]),
    ),
    task && [
      heading(3, 'Where the task departs from the paper'),
      task.departures.length > 0 ? list(task.departures) : paragraph('Nowhere, says the task.'),
      heading(3, 'Recipe and inference, the same for every student model'),
      { kind: 'pair', body: [named(task.recipe), named(task.inference)] },
    ],
    heading(3, 'Versions'),
    named(versions),
    heading(3, 'Seeds'),
    definitions(seeds.map(({ name, value }) => [name, code(value)])),
    heading(3, 'Hashes (SHA-256)'),
    definitions(hashes.map(({ name, sha256 }) => [name, code(sha256)])),
    run.unreadable.length > 0 && [
      heading(3, 'Messages that could not be read'),
      list(run.unreadable.map(({ seq, name, reason }) => `${name}, number ${seq}: ${reason}`)),
    ],
  ]
}
