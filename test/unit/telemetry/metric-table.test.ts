import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { metrics } from '../../../telemetry/metric-table.ts'

const lines = Object.entries(metrics).map(
  ([name, { type, of, labels, help }]) =>
    `| \`${name}\` | ${type} | ${of} | ${labels.map((label) => `\`${label}\``).join(', ')} | ${help} |`,
)

test('docs/observability.md has each metric as it is', () => {
  const text = readFileSync(join(import.meta.dirname, '../../../docs/observability.md'), 'utf8')
  const written = text.split('\n').filter((line) => line.startsWith('| `syllabus_'))
  expect(written).toEqual(lines)
})

test.each(Object.entries(metrics))('%s is named as Prometheus asks', (name, { type, help, labels }) => {
  expect(name).toMatch(/^syllabus(_[a-z]+)+$/)
  expect(name.endsWith('_total')).toBe(type === 'counter')
  // Base units alone, and no name of the type in the name.
  expect(name).not.toMatch(/_(ms|millis|milliseconds|minutes|kb|mb|percent|counter|gauge)(_|$)/)
  expect(help).toMatch(/^[A-Z].*\.$/)
  for (const label of labels) expect(label).toMatch(/^[a-z]+$/)
  expect(labels).not.toContain('instance')
})
