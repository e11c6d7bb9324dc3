import { describe, expect, test } from 'vitest'
import { summaryHtml, summaryMarkdown } from '../../../evidence/report/run-set/document.ts'
import { outcomeOf } from '../../../evidence/report/run-set/outcome.ts'
import { summariseRuns } from '../../../evidence/report/run-set/summary.ts'
import { sentencesOf } from '../../../evidence/report/run-set/text.ts'
import { points } from '../../../evidence/report/text/format.ts'
import { membersOf } from '../../../experiments/run-set/run-set.ts'
import type { PayloadOf } from '../../../schemas/message.ts'
import type { FinalEvalResults } from '../../../schemas/messages/evaluation.ts'
import { reportData } from '../../support/report-data.ts'
import { changeResults, runLog } from '../../support/run-log.ts'
import { sheetOf } from '../../support/run-log-data.ts'

const primary = { arm: 'final', against: 'control', part: 'heldout-phrasing', mode: 'strict', seedIndex: 1 }
/** The log of a run that named its comparison and has a second seed and a baseline that is the chosen dataset. */
function logOf(seed: number, finalEval = true, skillOf: Record<string, number> = {}) {
  const arms = [{ arm: 'one-shot', rows: 300, dataset: null, datasetHash: null, sameAs: 'final', leftOut: null }]
  const asked = runLog({ seed, finalEval, skillOf }).map((entry) =>
    entry.name === 'final-eval-request'
      ? { ...entry, payload: { ...(entry.payload as object), primary, arms } }
      : entry,
  )
  return changeResults(asked, (results) => {
    const final = results.find(({ studentModel, evalSet }) => studentModel.name === 'final' && evalSet === 'test')!
    let left = 6
    const items = final.items.map((item) => {
      const isLost = left > 0 && item.strict && item.part === 'heldout-phrasing'
      if (isLost) left -= 1
      return isLost ? { ...item, strict: false } : item
    })
    const studentModel = { ...final.studentModel, name: 'final-s2', seedIndex: 2 }
    return [...results, { ...final, studentModel, items, sheet: sheetOf(items) }]
  })
}

describe('a set of runs', () => {
  test('its runs differ in their seeds alone', () => {
    expect(membersOf('night', 5, 3)).toEqual([
      { runId: 'night-1', seed: 5 },
      { runId: 'night-2', seed: 6 },
      { runId: 'night-3', seed: 7 },
    ])
  })

  test('an outcome averages the seeds of an arm on the part that the run named', () => {
    const log = logOf(7)
    const finalEval = log.find(({ name }) => name === 'final-eval-results')!.payload as PayloadOf<
      typeof FinalEvalResults
    >
    const first = finalEval.results.find(({ studentModel }) => studentModel.name === 'final')!
    const { correct, total } = first.sheet.byPart['heldout-phrasing']!.strict
    const outcome = outcomeOf({ runId: 'night-1', seed: 7 }, log)
    expect(outcome).toMatchObject({ status: 'finished', part: 'heldout-phrasing', mode: 'strict' })
    expect(outcome.scores.final).toBeCloseTo((correct - 3) / total, 12)
    expect(outcome).toMatchObject({ items: 60, seeds: 2, against: 'control' })
    expect(outcome.scores['one-shot']).toBe(outcome.scores.final)
    expect(outcome.gains['one-shot']).toEqual({ value: 0, interval: null })
    const { value, interval } = outcome.gains.control!
    expect(value).toBeCloseTo(outcome.scores.final! - outcome.scores.control!, 12)
    const { comparisons } = reportData(log).sealed!.contrasts
    expect(interval).toEqual(comparisons.find(({ to }) => to === 'control')!.parts['heldout-phrasing']!.strict.interval)
    expect(Object.keys(outcome.scores).toSorted()).toEqual(['base', 'base-examples', 'control', 'final', 'one-shot'])
  })

  test('the run is the unit, and a run without a result is counted in no figure', () => {
    const members = membersOf('night', 1, 3)
    const outcomes = members.map((member, index) => outcomeOf(member, logOf(member.seed, index < 2)))
    const summary = summariseRuns('night', outcomes)
    const values = outcomes.slice(0, 2).map(({ scores }) => scores.final! - scores.control!)
    const middle = (values[0]! + values[1]!) / 2
    expect(summary.gains.control).toMatchObject({ runs: 2, values })
    expect(summary.gains.control!.mean).toBeCloseTo(middle, 12)
    expect(summary.gains.control!.sd).toBeCloseTo(Math.hypot(values[0]! - middle, values[1]! - middle), 12)
    expect(summary.gains).not.toHaveProperty('final')
    expect(sentencesOf(summary)[0]).toContain('2 of 3 runs')
    for (const page of [summaryMarkdown(summary), summaryHtml(summary)]) {
      expect(page).toContain('night-3')
      expect(page).toContain('1 of 3 runs had no final evaluation')
      expect(page).toContain('2 runs are not enough to say more, 3 are the fewest')
    }
    const one = summariseRuns('one', outcomes.slice(0, 1))
    expect(one.scores.final!.sd).toBeNull()
    expect(summaryMarkdown(one)).toContain('one run says nothing of another search')
    expect(sentencesOf(summariseRuns('none', outcomes.slice(2)))).toEqual([
      'set none: none of 1 run had a final evaluation',
    ])
    expect(summaryHtml(summariseRuns('none', outcomes.slice(2)))).toContain('None of 1 run had a final evaluation.')
  })

  test('the interval over runs is Student’s t, and only one that excludes zero is called a difference', () => {
    const strong = membersOf('night', 1, 4).map((member) =>
      outcomeOf(member, logOf(member.seed, true, { final: 0.85, control: 0.2 })),
    )
    const summary = summariseRuns('night', strong)
    const { mean, sd, interval } = summary.gains.control!
    // The quantile of Student's t with three degrees of freedom, from the tables of Fisher and Yates.
    expect(interval!.low).toBeCloseTo(mean - (3.182 * sd!) / 2, 3)
    expect(interval!.low).toBeGreaterThan(0)
    expect(summary.gainOverBase!.mean).toBeCloseTo(
      strong.reduce((sum, { scores }) => sum + (scores.final! - scores.base!) / scores.base!, 0) / 4,
      12,
    )
    const page = summaryHtml(summary)
    expect(page).toContain('on this test the searches ended better than uniform control')
    const { overItems } = summary.gains.control!
    expect(overItems!.low).toBeLessThanOrEqual(interval!.low)
    expect(overItems!.high).toBeGreaterThanOrEqual(interval!.high)
    expect(page).toContain(`Over runs and items ${points(overItems!.low)} to ${points(overItems!.high)}: on other`)
    expect(summary.runs[0]).not.toHaveProperty('arms')
    const others = strong.map((run, index) => {
      const arms = run.arms.map(({ seeds, ...arm }) => ({
        ...arm,
        seeds: seeds.map((seed) => ({
          ...seed,
          items: seed.items.map((item) => ({ ...item, id: `${index}-${item.id}` })),
        })),
      }))
      return { ...run, arms }
    })
    expect(summariseRuns('other-items', others).gains.control!.overItems).toBeNull()
    expect(page.match(/<svg/g)).toHaveLength(3)
    // Every run has its own interval.
    for (const { gains } of strong) {
      const { low, high } = gains.control!.interval!
      expect(summaryMarkdown(summary)).toContain(`(${points(low)} to ${points(high)})`)
    }
    const alike = [1, 2, 3].map((seed) => ({ ...strong[0]!, runId: `n-${seed}`, seed }))
    expect(summariseRuns('alike', alike).gains.control).toMatchObject({ sd: 0, interval: null })
    expect(summaryMarkdown(summariseRuns('alike', alike))).toContain('which agree to the item')
    const other = [...strong.slice(0, 3), { ...strong[3]!, against: 'base' }]
    expect(summariseRuns('other', other).against).toBe('control')
    expect(summaryMarkdown(summariseRuns('other', other))).toContain('named before 3 of 4 final evaluations')
    const apart = [0.9, 0.1, 0.9, 0.1].map((final, index) =>
      outcomeOf({ runId: `n-${index}`, seed: index }, logOf(index + 1, true, { final, control: 0.5 })),
    )
    expect(summaryMarkdown(summariseRuns('apart', apart))).toContain('which includes zero: no difference is shown')
  })
})
