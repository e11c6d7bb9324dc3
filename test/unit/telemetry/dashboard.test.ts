import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { SyntaxNode } from '@lezer/common'
import { parser } from '@prometheus-io/lezer-promql'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { type MetricName, metrics } from '../../../telemetry/metric-table.ts'

const Dashboard = z.looseObject({
  panels: z.array(
    z.looseObject({
      title: z.string(),
      targets: z.array(z.looseObject({ expr: z.string(), legendFormat: z.string() })).default([]),
      gridPos: z.object({ x: z.number(), y: z.number(), w: z.number(), h: z.number() }),
    }),
  ),
})
const { panels } = Dashboard.parse(
  JSON.parse(readFileSync(join(import.meta.dirname, '../../../deploy/grafana/syllabus.json'), 'utf8')),
)
const targets = panels.flatMap(({ title, targets }) => targets.map((target) => ({ title, ...target })))

/** Labels that Prometheus adds to what it scrapes. */
const scraped = ['job', 'instance']
/** Figures of the library: https://github.com/siimon/prom-client#default-metrics */
const ofLibrary = ['process_cpu_seconds_total']

type Selector = { name: string; labels: string[]; around: string[] }

/** What an expression reads: each metric with the labels that it is asked by, and the functions around it, the nearest first. */
function readExpression(expr: string): { selectors: Selector[]; grouping: string[]; faults: number } {
  const text = expr.replaceAll('$__rate_interval', '5m').replaceAll('$job', '.*')
  const selectors: Selector[] = []
  const grouping: string[] = []
  let faults = 0
  const textOf = (node: SyntaxNode) => text.slice(node.from, node.to)
  const aroundOf = (node: SyntaxNode): string[] => {
    const words: string[] = []
    for (let at = node.parent; at; at = at.parent) {
      if (at.name === 'FunctionCall' || at.name === 'AggregateExpr') words.push(textOf(at.firstChild!))
    }
    return words
  }
  parser.parse(text).iterate({
    enter({ node, type }) {
      if (type.isError) faults += 1
      if (node.name === 'GroupingLabels') grouping.push(...node.getChildren('LabelName').map(textOf))
      if (node.name !== 'VectorSelector') return
      const matchers = node.getChild('LabelMatchers')?.getChildren('UnquotedLabelMatcher') ?? []
      selectors.push({
        name: textOf(node.getChild('Identifier')!),
        labels: matchers.map((each) => textOf(each.getChild('LabelName')!)),
        around: aroundOf(node),
      })
    },
  })
  return { selectors, grouping, faults }
}

const metricOf = (name: string) => (name in metrics ? metrics[name as MetricName] : undefined)

test('expressions are read: names, labels, what is around them, and faults', () => {
  expect(readExpression('sum by (role) (rate(a_total{job=~"$job"}[$__rate_interval]))')).toEqual({
    selectors: [{ name: 'a_total', labels: ['job'], around: ['rate', 'sum'] }],
    grouping: ['role'],
    faults: 0,
  })
  expect(readExpression('sum by (role (a').faults).toBeGreaterThan(0)
})

describe.each(targets)('$title: $expr', ({ expr, legendFormat }) => {
  const { selectors, grouping, faults } = readExpression(expr)

  test('is PromQL, and names metrics and labels that there are', () => {
    expect(faults).toBe(0)
    expect(selectors.length).toBeGreaterThan(0)
    expect(selectors.map(({ name }) => name).filter((name) => !metricOf(name) && !ofLibrary.includes(name))).toEqual([])
    const known = [...scraped, ...selectors.flatMap(({ name }) => metricOf(name)?.labels ?? [])]
    expect(
      [...grouping, ...selectors.flatMap(({ labels }) => labels)].filter((label) => !known.includes(label)),
    ).toEqual([])
    const shown = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label!)
    expect(shown.filter((label) => !grouping.includes(label))).toEqual([])
  })

  test('a counter is read as a rate, and a figure of the bus is never added up', () => {
    for (const { name, around } of selectors) {
      expect(
        around.some((word) => ['rate', 'increase'].includes(word)),
        name,
      ).toBe(/_total$/.test(name))
      const nearest = around.find((word) => ['sum', 'max', 'count'].includes(word))
      if (metricOf(name)?.of === 'bus') expect(nearest, name).toBe('max')
    }
  })
})

test('every metric that says how work goes is on the dashboard', () => {
  const shown = new Set(targets.flatMap(({ expr }) => readExpression(expr).selectors.map(({ name }) => name)))
  const left = Object.keys(metrics).filter((name) => !shown.has(name))
  expect(left.sort()).toEqual([
    'syllabus_bus_connected',
    'syllabus_log_unread_messages',
    'syllabus_messages_total',
    'syllabus_run_statuses_total',
    'syllabus_training_seconds_total',
    'syllabus_trainings_total',
    'syllabus_unreadable_messages_total',
  ])
})

test('panels lie beside each other, never over one another', () => {
  const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, at) => `${x + (at % w)} ${y + Math.floor(at / w)}`),
  )
  expect(new Set(cells).size).toBe(cells.length)
  expect(panels.every(({ gridPos: { x, w } }) => x + w <= 24)).toBe(true)
})
