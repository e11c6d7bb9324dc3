import { describe, expect, test } from 'vitest'
import { membersOf } from '../../cli/run-set/member.ts'
import { outcomeOf } from '../../cli/run-set/outcome.ts'
import { sentencesOf, summarise, summaryPage } from '../../cli/run-set/summary.ts'
import type { PayloadOf } from '../../schemas/message.ts'
import type { Opened } from '../../schemas/messages/evaluation.ts'
import { runLog } from '../support/run-log.ts'

const primary = { arm: 'final', against: 'control', part: 'heldout-phrasing', mode: 'strict', seedIndex: 1 }
/** The log of a run that named its comparison and has a second seed and a baseline that is the chosen dataset. */
function logOf(seed: number, opened = true) {
  const arms = [{ arm: 'one-shot', rows: 300, dataset: null, datasetHash: null, sameAs: 'final', leftOut: null }]
  return runLog({ seed, opened }).map((entry) => {
    if (entry.name === 'opening-request') return { ...entry, payload: { ...(entry.payload as object), primary, arms } }
    if (entry.name !== 'opened') return entry
    const payload = entry.payload as PayloadOf<typeof Opened>
    const final = payload.results.find(({ candidate, paper }) => candidate.name === 'final' && paper === 'test')!
    const second = { ...final, candidate: { ...final.candidate, name: 'final-s2', seedIndex: 2 } }
    second.sheet = structuredClone(final.sheet)
    second.sheet.byPart['heldout-phrasing']!.strict.correct -= 6
    return { ...entry, payload: { ...payload, results: [...payload.results, second] } }
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
    const opened = log.find(({ name }) => name === 'opened')!.payload as PayloadOf<typeof Opened>
    const first = opened.results.find(({ candidate }) => candidate.name === 'final')!
    const { correct, total } = first.sheet.byPart['heldout-phrasing']!.strict
    const outcome = outcomeOf({ runId: 'night-1', seed: 7 }, log)
    expect(outcome).toMatchObject({ status: 'finished', part: 'heldout-phrasing', mode: 'strict' })
    expect(outcome.scores.final).toBeCloseTo((correct - 3) / total, 12)
    expect(outcome.scores['one-shot']).toBe(outcome.scores.final)
    expect(Object.keys(outcome.scores).toSorted()).toEqual(['base', 'base-examples', 'control', 'final', 'one-shot'])
  })

  test('the run is the unit, and a run without a result is counted in no figure', () => {
    const members = membersOf('night', 1, 3)
    const outcomes = members.map((member, index) => outcomeOf(member, logOf(member.seed, index < 2)))
    const summary = summarise('night', outcomes)
    const values = outcomes.slice(0, 2).map(({ scores }) => scores.final! - scores.control!)
    const middle = (values[0]! + values[1]!) / 2
    expect(summary.gains.control).toMatchObject({ runs: 2, values })
    expect(summary.gains.control!.mean).toBeCloseTo(middle, 12)
    expect(summary.gains.control!.sd).toBeCloseTo(Math.hypot(values[0]! - middle, values[1]! - middle), 12)
    expect(summary.gains).not.toHaveProperty('final')
    expect(sentencesOf(summary)[0]).toContain('2 of 3 runs')
    expect(summaryPage(summary)).toContain('| night-3 | 3 |')
    expect(summarise('one', outcomes.slice(0, 1)).scores.final!.sd).toBeNull()
    expect(sentencesOf(summarise('none', outcomes.slice(2)))).toEqual(['set none: none of 1 runs opened its test'])
  })
})
