import { describe, expect, test } from 'vitest'
import { reportHtml, reportMarkdown } from '../../../evidence/report/mod.ts'
import { armSeedOf } from '../../../schemas/arm.ts'
import type { PayloadOf } from '../../../schemas/message.ts'
import type { FinalEvalResults } from '../../../schemas/messages/evaluation.ts'
import type { SealedResult } from '../../../schemas/sealed-results.ts'
import type { SealedTrivial } from '../../../schemas/trivial.ts'
import { reportData } from '../../support/report-data.ts'
import { changeResults, runLog } from '../../support/run-log.ts'
import { sheetOf } from '../../support/run-log-data.ts'

const kinds = ['capitals', 'opposites']
const items = 210

/** A candidate that has the items of `from` to `to` right. */
function answered(name: string, from: number, to: number): SealedResult {
  const outcomes = Array.from({ length: items }, (_, index) => {
    const lenient = index >= from && index < to
    return { id: `r${index}`, part: 'handwritten', skill: kinds[index % 2]!, strict: false, lenient, truncated: false }
  })
  const studentModel = { name, ...armSeedOf(name), student: 's', jobHash: null, adapter: null, examples: false }
  return { studentModel, evalSet: 'retention', sheet: sheetOf(outcomes), items: outcomes }
}

/** A made-up run whose opening had these results on the retention paper. */
function reportWith(results: SealedResult[], trivial: SealedTrivial[] = []) {
  const log = changeResults(runLog(), (others) => [...others, ...results]).map((entry) => {
    if (entry.name !== 'final-eval-results') return entry
    const finalEval = entry.payload as PayloadOf<typeof FinalEvalResults>
    const retention = { sha256: 'c'.repeat(64), mode: 'lenient' }
    return { ...entry, payload: { ...finalEval, retention, trivial: [...finalEval.trivial, ...trivial] } }
  })
  return reportData(log)
}

describe('retention in the report', () => {
  test('three numbers and a verdict: kept where a loss of 5 points is excluded, lost where less is, else inconclusive', () => {
    const base = answered('base', 0, 150)
    const conclusionOf = (final: SealedResult) => {
      const { retention } = reportWith([base, answered('control', 0, 150), final]).sealed!
      return retention!.changes.find(({ arm }) => arm === 'final')!.conclusion
    }
    expect(conclusionOf(answered('final', 0, 148))).toBe('kept')
    expect(conclusionOf(answered('final', 0, 140))).toBe('inconclusive')
    expect(conclusionOf(answered('final', 0, 120))).toBe('lost')
    // The same share, of other items: what it forgot it may have made up for by luck.
    expect(conclusionOf(answered('final', 60, 210))).toBe('inconclusive')
  })

  test('the seeds of an arm count together, and the paper is no part of the test', () => {
    const data = reportWith([
      answered('base', 0, 150),
      answered('control', 0, 147),
      answered('final', 0, 119),
      answered('final-s2', 0, 118),
    ])
    const { retention, parts, test: evalSets } = data.sealed!
    expect(retention!.arms.map(({ arm, value, perSeed }) => [arm, value, perSeed.length])).toEqual([
      ['base', 150 / 210, 1],
      ['control', 147 / 210, 1],
      ['final', 118.5 / 210, 2],
    ])
    expect(retention!.skills.map(({ skill, items: asked }) => [skill, asked])).toEqual([
      ['capitals', 105],
      ['opposites', 105],
    ])
    expect(parts).toEqual(reportData().sealed!.parts)
    expect(evalSets).toEqual(reportData().sealed!.test)
    for (const page of [reportHtml(data), reportMarkdown(data)]) {
      expect(page).toContain('Lost: Final − base student is −15.0 points')
      expect(page).toContain('71.4 %')
      expect(page).toContain('0 of 420 replies cut')
      expect(page).toContain('210 questions outside all skills of the task')
      expect(page).not.toContain('was not measured (run.evidence.retention')
    }
    expect(reportHtml(data)).toContain('Final − base student by skill, in points')
  })

  test('a base that knows no more than a trivial answer has nothing to forget, whatever the final does', () => {
    const results = [answered('base', 0, 20), answered('control', 0, 20), answered('final', 0, 20)]
    const withTrivial = (right: number) => {
      const marks = Array.from({ length: items }, (_, index) => (index < right ? 2 : 0)).join('')
      const tally = { strict: { correct: 0, total: items }, lenient: { correct: right, total: items } }
      const trivial = [
        {
          evalSet: 'retention' as const,
          kind: 'gold' as const,
          item: 'r0',
          marks,
          sheet: { overall: tally, byPart: {} },
        },
      ]
      return reportWith(results, trivial)
    }
    const shown = (right: number) => withTrivial(right).sealed!.retention!.changes.at(-1)!.conclusion
    expect([shown(0), shown(16), shown(20)]).toEqual(['kept', 'inconclusive', 'inconclusive'])
    for (const page of [reportHtml(withTrivial(18)), reportMarkdown(withTrivial(18))])
      expect(page).toContain('so it had little to forget')
  })

  test('a run whose opening had none says how to measure it', () => {
    const data = reportData()
    expect(data.sealed!.retention).toBeNull()
    expect(data.evidence.unmeasured.map(({ how }) => how)).toContain('--retention')
    for (const page of [reportHtml(data), reportMarkdown(data)]) expect(page).toContain('forgot outside the task')
  })
})
