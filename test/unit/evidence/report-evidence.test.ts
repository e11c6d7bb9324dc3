import { describe, expect, test } from 'vitest'
import { evidenceOf } from '../../../evidence/report/analyse/evidence.ts'
import { collect, reportHtml, reportMarkdown } from '../../../evidence/report/mod.ts'
import type { PayloadOf } from '../../../schemas/message.ts'
import type { Report } from '../../../schemas/messages/evaluation.ts'
import type { RunStarted } from '../../../schemas/messages/run.ts'
import { Evidence } from '../../../schemas/run.ts'
import { reportData } from '../../support/report-data.ts'
import { runLog } from '../../support/run-log.ts'

type Evidenced = Partial<Evidence>
/** The rest of the report, which is dear to make, is the same for all. */
const data = reportData()
const hash = 'a'.repeat(64)
const made = { dataset: null, sameAs: null, leftOut: null }

/** The report of a made-up run with this evidence; `change` may alter what it reported of a candidate. */
function reportOf(
  evidence: Evidenced,
  arms: object[] = [],
  change = (report: PayloadOf<typeof Report>): object => report,
) {
  const log = runLog().map((entry) => {
    if (entry.name === 'run-started') {
      const { config } = entry.payload as PayloadOf<typeof RunStarted>
      return { ...entry, payload: { config: { ...config, evidence: Evidence.parse(evidence) } } }
    }
    if (entry.name === 'final-eval-request') return { ...entry, payload: { ...(entry.payload as object), arms } }
    if (entry.name === 'report') return { ...entry, payload: change(entry.payload as PayloadOf<typeof Report>) }
    return entry
  })
  return { ...data, evidence: evidenceOf(collect(log), 'strict') }
}

const reported = (report: ReturnType<typeof reportOf>, text: string) => {
  expect(reportHtml(report)).toContain(text)
  expect(reportMarkdown(report)).toContain(text)
}

describe('the evidence of a run in its report', () => {
  test('is made with the report', () => {
    expect(data.evidence).toEqual(evidenceOf(collect(runLog()), 'strict'))
  })

  test('what was not measured is listed with the option that measures it', () => {
    const least = reportOf({}).evidence
    expect(least.unmeasured.map(({ how }) => how)).toEqual([
      '--arms one-shot',
      '--arms random',
      'reference in task.yaml, then --arms reference',
      '--seeds 3',
      '--submissions',
      '--retention',
      '--runs 3',
      'syllabus compare',
    ])
    const all = reportOf({
      seeds: 3,
      arms: ['control', 'one-shot', 'random', 'reference'],
      submissions: true,
      retention: true,
    }).evidence
    expect(all.unmeasured.map(({ how }) => how)).toEqual(['--runs 3', 'syllabus compare'])
    reported(reportOf({}), 'first valid one')
  })

  test('arms with fewer rows, with the dataset of another or left out are said to be so', () => {
    const report = reportOf({}, [
      { ...made, arm: 'final', rows: 300, datasetHash: hash },
      { ...made, arm: 'one-shot', rows: 300, datasetHash: hash, sameAs: 'final' },
      { ...made, arm: 'random', rows: 212, datasetHash: hash },
      { ...made, arm: 'control', rows: 0, datasetHash: null, leftOut: 'no teacher calls are left for a control' },
    ])
    reported(report, '212')
    reported(report, 'fewer rows than the final')
    reported(report, 'the very dataset of final')
    reported(report, 'left out: no teacher calls are left for a control')
  })

  test('a swap shows both halves of each candidate, a guard what it kept back', () => {
    const guide = (report: PayloadOf<typeof Report>, correct: number) => {
      const validation = structuredClone(report.validation)
      validation.overall = { strict: { correct, total: 60 }, lenient: { correct, total: 60 } }
      return { validation, badCases: [] }
    }
    const swapped = reportOf({ swapValidationAt: 2 }, [], (report) => ({
      ...report,
      halves: { a: guide(report, 15), b: guide(report, 24) },
    }))
    expect(swapped.evidence.swap).toMatchObject({ at: 2 })
    expect(swapped.evidence.swap!.halves[0]).toMatchObject({
      studentModel: 'base',
      a: { share: 0.25 },
      b: { share: 0.4 },
    })
    reported(swapped, '25.0 %')
    reported(swapped, '40.0 %')
    const guarded = reportOf({ ladder: 'on' }, [], (report) =>
      report.studentModel.name === 'attempt-2' ? { ...report, shownAs: 'attempt-1' } : report,
    )
    expect(guarded.evidence.keptBack).toEqual([{ studentModel: 'attempt-2', shownAs: 'attempt-1' }])
    reported(guarded, 'Kept back: Attempt 2 (shown: Attempt 1)')
  })
})
