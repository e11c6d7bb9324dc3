import { expect, test } from 'vitest'
import { summarise } from '../../../trace/summary.ts'
import { traceLog } from '../../support/trace-log.ts'

const log = traceLog()
const last = (name: string) => log.findLast((entry) => entry.name === name)!
const shown = (name: string) => summarise(last(name).payload, last(name).bytes)

test('a small payload stays as it is', () => {
  expect(shown('verdict')).toEqual({ payload: last('verdict').payload, summarised: false })
})

test('rows and items are left out, and say how many there are', () => {
  const batch = log.find((entry) => entry.name === 'batch')!
  const candidates = (batch.payload as { candidates: unknown[] }).candidates.length
  expect(candidates).toBeGreaterThan(12)
  expect(summarise(batch.payload, batch.bytes)).toMatchObject({
    summarised: true,
    payload: { candidates: { $elided: candidates } },
  })
  expect(shown('report').payload).toMatchObject({ items: { $elided: 120 } })
})

test('every score that the page draws stays whole', () => {
  const report = last('report').payload as { validation: unknown }
  expect(shown('report').payload).toMatchObject({ validation: report.validation })
  const finalEval = last('final-eval-results').payload as { results: { evalSet: string; sheet: unknown }[] }
  const results = (shown('final-eval-results').payload as typeof finalEval).results
  expect(results.map(({ evalSet, sheet }) => ({ evalSet, sheet }))).toEqual(
    finalEval.results.map(({ evalSet, sheet }) => ({ evalSet, sheet })),
  )
  const decision = last('decision')
  expect(shown('decision').payload).toEqual(decision.payload)
})

test('the scores of any number of candidates stay whole, their items do not', () => {
  const finalEval = last('final-eval-results').payload as { results: object[] }
  const many = Array.from({ length: 12 }, () => finalEval.results).flat()
  const { payload } = summarise({ ...finalEval, results: many }, 500_000) as {
    payload: { results: object[]; evalSets: { test: unknown } }
  }
  expect(payload.results).toHaveLength(many.length)
  expect(payload.evalSets.test).toHaveProperty('$elided')
})

test('a long text is cut and says so', () => {
  const payload = { diagnosis: 'x'.repeat(9000) }
  const summary = summarise(payload, 9020) as { payload: typeof payload; summarised: boolean }
  expect(summary.summarised).toBe(true)
  expect(summary.payload.diagnosis).toMatch(/^x{1200}… \(9000 characters\)$/)
})
