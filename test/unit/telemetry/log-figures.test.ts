import { expect, test } from 'vitest'
import { spentOnDecisions, spentOnRows } from '../../../evidence/report/analyse/usage.ts'
import { collect } from '../../../evidence/report/facts/collect.ts'
import { RejectionReason } from '../../../schemas/row.ts'
import { moneyOf, spentTogether } from '../../../schemas/spent.ts'
import { createLogFigures } from '../../../telemetry/log-figures.ts'
import { type MetricSample, metrics } from '../../../telemetry/metric-table.ts'
import { spentLog } from '../../support/spent-log.ts'

const prices = {
  'acme/teacher': { inputPerMillion: 2, outputPerMillion: 4 },
  'acme/planner': { inputPerMillion: 1, outputPerMillion: 1 },
}
const entries = spentLog({ runId: 'figures', rows: 120 })
const facts = collect(entries)
const ledger = spentTogether([spentOnRows(facts), spentOnDecisions(facts)])

function figuresOf(log = entries, modelNames = 50) {
  const figures = createLogFigures({ prices, modelNames })
  for (const entry of log) figures.take(entry)
  return figures.samples()
}

const sum = (samples: readonly MetricSample[], name: string, labels: Record<string, string> = {}) =>
  samples
    .filter(
      (each) => each.name === name && Object.entries(labels).every(([key, value]) => each.labels?.[key] === value),
    )
    .reduce((total, { value }) => total + value, 0)

test('calls, tokens and money are those of the report', () => {
  const samples = figuresOf()
  expect(ledger.calls).toBeGreaterThan(100)
  expect(sum(samples, 'syllabus_model_calls_total')).toBe(ledger.calls)
  expect(sum(samples, 'syllabus_model_tokens_total', { type: 'input' })).toBe(ledger.inputTokens)
  expect(sum(samples, 'syllabus_model_tokens_total', { type: 'output' })).toBe(ledger.outputTokens)
  expect(sum(samples, 'syllabus_model_cost_dollars_total')).toBeCloseTo(moneyOf(ledger, prices)!, 12)
  expect(sum(samples, 'syllabus_model_calls_total', { role: 'critic', stage: 'vote' })).toBe(5 * facts.verdicts.length)
})

test('rows are those of the verdicts, by reason; each reason there is has a figure', () => {
  const samples = figuresOf()
  const yields = facts.verdicts.flatMap(({ payload }) => Object.values(payload.bySource))
  expect(sum(samples, 'syllabus_rows_admitted_total')).toBe(yields.reduce((total, { admitted }) => total + admitted, 0))
  expect(sum(samples, 'syllabus_rows_refused_total')).toBe(
    yields.reduce((total, { generated, admitted }) => total + generated - admitted, 0),
  )
  expect(sum(samples, 'syllabus_candidates_total')).toBe(
    facts.batches.reduce((total, { payload }) => total + payload.candidates, 0),
  )
  expect(samples.filter(({ name }) => name === 'syllabus_rows_refused_total').length).toBe(
    RejectionReason.options.length,
  )
  expect(sum(samples, 'syllabus_training_tokens_total')).toBe(
    facts.predictions.reduce((total, { payload }) => total + (payload.training?.tokens ?? 0), 0),
  )
})

test('a message that is stored twice counts once, and one that cannot be read counts as that', () => {
  const broken = {
    ...entries[0]!,
    id: 'figures.broken',
    seq: 9999,
    name: 'no-such',
    payload: 'x',
    parseError: 'does not parse',
  }
  expect(figuresOf([...entries, ...entries])).toEqual(figuresOf())
  expect(sum(figuresOf([...entries, broken]), 'syllabus_unreadable_messages_total')).toBe(1)
})

test('labels are bounded, whatever the log holds, and are those of the table', () => {
  const many = entries.filter(({ name }) => name === 'batch')[0]!
  const hostile = Array.from({ length: 500 }, (_, index) => {
    const payload = structuredClone(many.payload) as { spent: { lines: { model: string }[] } }
    for (const line of payload.spent.lines) line.model = `${'m'.repeat(5000)}"\n} ${index}`.slice(-5000 + (index % 7))
    return { ...many, id: `figures.hostile:${index}`, payload }
  })
  const samples = figuresOf([...entries, ...hostile], 3)
  const models = new Set(samples.flatMap(({ labels = {} }) => labels.model ?? []))
  expect(models.size).toBeLessThanOrEqual(4)
  expect([...models].every((model) => model.length <= 100)).toBe(true)
  for (const { name, labels = {} } of samples) expect(Object.keys(labels), name).toEqual(metrics[name].labels)
})
