import { describe, expect, test } from 'vitest'
import { ReportData, reportMarkdown } from '../../../evidence/report/mod.ts'
import { newcombePaired } from '../../../evidence/report/statistics/differences.ts'
import { wilson } from '../../../evidence/report/statistics/intervals.ts'
import { differenceName, labelOf } from '../../../evidence/report/text/names.ts'
import type { PayloadOf } from '../../../schemas/message.ts'
import type { RunStarted } from '../../../schemas/messages/run.ts'
import { reportData } from '../../support/report-data.ts'
import { changeResults, resultsOf, runLog } from '../../support/run-log.ts'

const data = reportData()

describe('a finished run', () => {
  test('has its scores from the items of the opening', () => {
    const final = resultsOf(runLog()).find(
      ({ studentModel, evalSet }) => studentModel.name === 'final' && evalSet === 'test',
    )!
    const headline = final.items.filter(({ part }) => part === 'heldout-phrasing')
    const reported = data.sealed!.test.find(({ studentModel }) => studentModel === 'final')!.parts['heldout-phrasing']!
      .strict
    expect(reported).toMatchObject({ correct: headline.filter(({ strict }) => strict).length, total: 60 })
  })

  test('puts the headline first and all parts last', () => {
    expect(data.sealed!.parts).toEqual(['heldout-phrasing', 'heldout-range', 'handwritten', 'in-template', 'all'])
  })

  test('compares the audit over the parts that both papers have', () => {
    const final = data.sealed!.auditMinusTest.find(({ arm }) => arm === 'final')!
    expect(final.all.strict.strata).not.toContain('handwritten')
    expect(final.all.strict.items).toEqual([240, 240])
    expect(final.sameComposition).toBe(true)
  })

  test('a test with one part has no second column of the same figures', () => {
    const part = 'heldout-phrasing'
    const entries = changeResults(runLog(), (results) =>
      results.map((result) => ({ ...result, items: result.items.filter((item) => item.part === part) })),
    )
    const one = reportData(entries)
    expect(one.sealed!.parts).toEqual([part])
    expect(reportMarkdown(one)).not.toMatch(/\| all parts|parts that both have/)
    expect(reportMarkdown(data)).toMatch(/\| all parts.*parts that both have/s)
  })

  test('what the bridge does once the test is opened is of the opening', () => {
    const entries = runLog()
    const asked = entries.find(({ name }) => name === 'final-eval-request')!
    const reported = entries.findLast(({ name }) => name === 'progress')!
    const sealedEvalJob = (seconds: number) => ({
      ...reported,
      at: new Date(Date.parse(asked.at) + 1000 * seconds).toISOString(),
      seq: asked.seq + seconds / 10,
      id: `evaluation ${seconds}`,
      payload: { ...(reported.payload as object), studentModel: 'final (test)' },
    })
    const place = entries.indexOf(asked) + 1
    const { spans } = reportData(entries.toSpliced(place, 0, sealedEvalJob(1), sealedEvalJob(3))).time
    expect(spans.filter(({ label }) => label === 'final (test)')).toMatchObject([
      { lane: 'trainer-bridge', phase: 'sealed' },
    ])
    expect(data.time.spans.some(({ lane, phase }) => lane === 'trainer-bridge' && phase === 'sealed')).toBe(false)
  })

  test('phases add up to the wall time', () => {
    const sum = data.time.phases.reduce((total, { seconds }) => total + seconds, 0)
    expect(sum).toBeCloseTo(data.time.wallSeconds!, 6)
    expect(data.time.phases.find(({ phase }) => phase === 'sealed')!.seconds).toBeCloseTo(190, 6)
  })

  test('adds up what was asked, generated and admitted', () => {
    for (const dataset of data.datasets) {
      const rejected = Object.values(dataset.rejected).reduce((sum, count) => sum + count, 0)
      expect(dataset.generated).toBe(dataset.admitted + rejected)
      expect(dataset.rows).toBe(dataset.admitted + dataset.carriedOver)
      expect(Object.values(dataset.mix).reduce((sum, count) => sum + count, 0)).toBe(300)
    }
    expect(data.datasets.map(({ carriedOver }) => carriedOver)).toEqual([0, 0, 90, 90])
  })

  test('says that no language model took part, and leaves the price unknown', () => {
    expect(data.models.noLanguageModel).toBe(true)
    expect(data.budget.price).toBeNull()
    expect(data.mats).toEqual({ attempts: 3, validAttempts: 3, value: 1 })
  })

  test('counts failures in the categories of the paper', () => {
    expect(data.failures).toEqual({ attempts: {}, replies: { other: 24 } })
    const log = runLog({ attempts: 2, finalEval: false })
    const change = (name: string, index: number, payload: object) => {
      const entry = log.filter((one) => one.name === name)[index]!
      entry.payload = { ...(entry.payload as object), ...payload }
    }
    const failed = (kind: string, reason: string) => ({ index: 0, kind, reason })
    change('batch', 0, {
      failures: [
        failed('gone', 'gone: nothing answers'),
        failed('teacher', 'failed: timed out'),
        failed('unusable', 'it held no whole JSON object, for it was cut off at the token limit'),
        failed('unusable', 'it was empty'),
        failed('hook', 'hook: parse is no function'),
      ],
    })
    change('decision', 0, { error: 'the reply was cut off at its token limit' })
    change('verdict', 0, { rows: 12 })
    change('verdict', 1, { rows: 12 })
    expect(reportData(log).failures).toEqual({
      attempts: { truncated: 1, 'insufficient-rows': 1 },
      replies: { 'time-out': 2, truncated: 1, extraction: 1, 'runtime-error': 1, other: 11 },
    })
    // One that raised and one that came out short: two attempts, two failures, and what was accepted in vain is no time-out.
    change('batch', 0, { failures: [failed('not-accepted', 'accept: it speaks of a time-out')] })
    change('decision', 0, { error: 'there is no JSON object with "sources" in the reply that parses' })
    expect(reportData(log).failures).toEqual({
      attempts: { extraction: 1, 'insufficient-rows': 1 },
      replies: { other: 12 },
    })
    change('decision', 0, { error: 'source a: hook: accept is no function' })
    const { config } = log[0]!.payload as PayloadOf<typeof RunStarted>
    log[0]!.payload = { config: { ...config, limits: { ...config.limits, attemptHours: 0.0001 } } }
    expect(reportData(log).failures.attempts).toEqual({ 'runtime-error': 1, 'time-out': 1 })
    expect(reportData(log).datasets.map(({ valid }) => valid)).toEqual([false, false])
    const going = log.filter(({ name }) => name !== 'run-finished')
    expect(reportData(going).datasets.map(({ valid }) => valid)).toEqual([false, null])
    expect(reportData(going).failures.attempts).toEqual({ 'runtime-error': 1 })
  })

  test('takes the versions of the runtime from the trainings', () => {
    expect(data.provenance.versions).toEqual({ syllabus: '0.1.0', torch: '2.15.0', peft: '0.21.0' })
  })

  test('names the opening, the one seed and the sealing', () => {
    const text = data.conclusion.caveats.join('\n')
    expect(text).toContain('This adapter only')
    expect(text).toContain('Final evaluation 1 of this test')
    expect(data.sealing.sentence).toBe(
      'Sealing: the server enforces three accounts; files on this machine are not sealed from processes of the same OS user.',
    )
  })
})

describe('several seeds', () => {
  const data = reportData({ seeds: 3, arms: ['control', 'random'], skillOf: { final: 0.75, control: 0.3 } })
  const { contrasts } = data.sealed!
  const armOf = (name: string) => contrasts.arms.find(({ arm }) => arm === name)!

  test('an arm is the mean of its adapters, each of them told', () => {
    const mean = armOf('final').parts['heldout-phrasing']!.strict
    const single = ['final', 'final-s2', 'final-s3'].map(
      (name) =>
        data.sealed!.test.find(({ studentModel }) => studentModel === name)!.parts['heldout-phrasing']!.strict.share!,
    )
    expect(mean.perSeed.map((share) => share.toFixed(9))).toEqual(single.map((share) => share.toFixed(9)))
    expect(mean.value).toBeCloseTo(single.reduce((sum, share) => sum + share, 0) / 3, 9)
    expect(armOf('base').seeds).toEqual([1])
  })

  test('the final is compared with every arm; the primary comparison stands apart from those that Holm adjusts', () => {
    expect(contrasts.comparisons.map(({ to }) => to)).toEqual(['base', 'base-examples', 'random', 'control'])
    expect(contrasts.primary).toMatchObject({ arm: 'final', against: 'control', named: true })
    expect(contrasts.adjusted.map(({ to }) => to)).toEqual(['base', 'base-examples', 'random'])
    for (const { p, adjusted } of contrasts.adjusted) expect(adjusted).toBeGreaterThanOrEqual(p)
    expect(data.conclusion.search.conclusion).toBe('shown')
    expect(data.conclusion.search.sentence).toMatch(/^The search helped: .*mean of 3 training seeds/)
    expect(data.conclusion.caveats.join()).not.toMatch(/This adapter only|With two of them/)
  })

  test('a difference has its tests: sign flips of the mean, McNemar of the named seed', () => {
    const { signFlip, mcNemar, seeds } = contrasts.comparisons.at(-1)!.parts['heldout-phrasing']!.strict
    expect(seeds).toEqual([3, 3])
    expect(signFlip).toBeLessThan(0.01)
    expect(mcNemar).toBeLessThan(0.05)
  })

  test('each skill has its difference over all seeds: weighted by items they are the whole one', () => {
    expect(contrasts.skills).toHaveLength(6)
    for (const { seeds, interval, value } of contrasts.skills) {
      expect(seeds).toEqual([3, 3])
      expect(interval!.low).toBeLessThanOrEqual(value)
      expect(interval!.high).toBeGreaterThanOrEqual(value)
    }
    const whole = contrasts.comparisons.at(-1)!.parts.all!.strict
    const weighted = contrasts.skills.reduce((sum, { items, value }) => sum + items * value, 0) / whole.items
    expect(weighted).toBeCloseTo(whole.value, 12)
    const [skill] = contrasts.skills
    const [final, control] = ['final', 'control'].map((arm) => armOf(arm).skills[skill!.skill]!.strict)
    expect(final!.perSeed).toHaveLength(3)
    expect(final!.value - control!.value).toBeCloseTo(skill!.value, 12)
    expect(reportMarkdown(data)).toContain('Means of 3 and 3 training seeds')
  })

  test('seeds that disagree on a skill widen its interval', () => {
    const widths = [0.5, 0.95].map((second) => {
      const skillOf = { final: 0.5, 'final-s2': second, 'final-s3': 1 - second, control: 0.5 }
      const { skills } = reportData({ seeds: 3, skillOf }).sealed!.contrasts
      return skills.reduce((sum, { interval }) => sum + interval!.high - interval!.low, 0)
    })
    expect(widths[1]).toBeGreaterThan(1.5 * widths[0]!)
  })

  test('of one seed a skill has Newcombe’s interval, and one with few items is named', () => {
    const data = reportData({ skillOf: { final: 0.75, control: 0.3 } })
    const [skill] = data.sealed!.contrasts.skills
    const [first, second] = ['final', 'control'].map((name) => {
      const { items } = resultsOf(runLog({ skillOf: { final: 0.75, control: 0.3 } })).find(
        ({ studentModel, evalSet }) => studentModel.name === name && evalSet === 'test',
      )!
      return items.filter((item) => item.skill === skill!.skill)
    })
    const pairs = { both: 0, gained: 0, lost: 0, neither: 0 }
    for (const [index, { strict }] of first!.entries()) {
      const other = second![index]!.strict
      pairs[strict ? (other ? 'both' : 'gained') : other ? 'lost' : 'neither'] += 1
    }
    expect(skill!.interval).toEqual(newcombePaired(pairs))
    expect(reportMarkdown(data)).not.toContain('Too few items')
    const grouped = reportData({ groupSize: 20 })
    expect(reportMarkdown(grouped)).toContain('Too few items to tell anything but a very large difference')
  })

  test('items of a group are one draw', () => {
    const options = { seeds: 3, skillOf: { final: 0.5 } }
    const [alone, grouped] = [1, 10].map((groupSize) => {
      const { contrasts } = reportData({ ...options, groupSize }).sealed!
      return contrasts.arms.at(-1)!.parts['heldout-phrasing']!.strict
    })
    expect([alone!.groups, grouped!.groups]).toEqual([60, 6])
    expect(grouped!.value).toBeCloseTo(alone!.value, 12)
    expect(grouped!.interval).not.toEqual(alone!.interval)
    const { contrasts, test } = reportData({ ...options, groupSize: 10 }).sealed!
    const rate = test.find(({ studentModel }) => studentModel === 'final')!.parts['heldout-phrasing']!.strict
    expect(rate).toMatchObject({ groups: 6, total: 60 })
    expect(rate.interval!.low).toBeLessThanOrEqual(wilson(rate.correct, rate.total)!.low)
    for (const { items, groups } of contrasts.skills) expect(groups).toBeLessThan(items)
  })

  test('one seed of items in groups is judged by sign flips of groups, since McNemar counts items', () => {
    const parts = (groupSize: number) =>
      reportData({ groupSize, skillOf: { final: 0.5 } }).sealed!.contrasts.comparisons.at(-1)!.parts
    expect(parts(1)['heldout-phrasing']!.strict.signFlip).toBeNull()
    expect(parts(10)['heldout-phrasing']!.strict.signFlip).toBeGreaterThan(0)
  })

  test('the audit is compared arm by arm, over all of its adapters', () => {
    const final = data.sealed!.auditMinusTest.find(({ arm }) => arm === 'final')!
    expect(final.seeds).toEqual([1, 2, 3])
    const shareOf = (evalSet: 'test' | 'audit') => {
      const own = data.sealed![evalSet].filter(({ studentModel }) => studentModel.startsWith('final'))
      return own.reduce((sum, { parts }) => sum + parts['heldout-phrasing']!.strict.share!, 0) / own.length
    }
    expect(final.parts['heldout-phrasing']!.strict.value).toBeCloseTo(shareOf('audit'), 12)
    expect(final.headline.strict.value).toBeCloseTo(shareOf('audit') - shareOf('test'), 12)
  })

  test('several references are arms of one run, each with its difference and its name', () => {
    const named = ['reference-people', 'reference-pipeline'] as const
    const several = reportData({ seeds: 2, arms: ['control', ...named], skillOf: { final: 0.75, control: 0.3 } })
    expect(several.conclusion.caveats.join()).toContain('With two of them an arm’s own interval is often too narrow')
    const { arms, comparisons, adjusted } = several.sealed!.contrasts
    expect(arms.map(({ arm }) => arm)).toEqual(['base', 'base-examples', ...named, 'control', 'final'])
    expect(arms.find(({ arm }) => arm === named[1])!.seeds).toEqual([1, 2])
    expect(comparisons.map(({ to }) => to)).toEqual(['base', 'base-examples', ...named, 'control'])
    expect(adjusted.map(({ to }) => to)).toEqual(['base', 'base-examples', ...named])
    const reported = [
      ...comparisons.map(differenceName),
      ...several.sealed!.test.map(({ studentModel }) => labelOf(studentModel)),
    ]
    expect(reported).toEqual(
      expect.arrayContaining(['Final − reference data “people”', 'Reference data “pipeline”, seed 2']),
    )
  })

  test('an arm with the same dataset as another has its results, and is not compared with it', () => {
    const log = runLog({ arms: ['control'] })
    const request = log.find(({ name }) => name === 'final-eval-request')!.payload as { arms: object[] }
    request.arms.push({ ...request.arms[0]!, arm: 'one-shot', sameAs: 'final' })
    const { contrasts } = reportData(log).sealed!
    expect(contrasts.arms.find(({ arm }) => arm === 'one-shot')).toMatchObject({ sameAs: 'final', seeds: [1] })
    expect(contrasts.comparisons.map(({ to }) => to)).not.toContain('one-shot')
  })
})

describe('claims', () => {
  test('the search helped only above the control with an interval above zero', () => {
    const strong = reportData({ skillOf: { final: 0.8, control: 0.3 } }).conclusion
    expect(strong.search.conclusion).toBe('shown')
    expect(strong.search.sentence).toMatch(/^The search helped, as far as one training seed tells: /)
    const equal = reportData({ skillOf: { final: 0.4, control: 0.4 } }).conclusion
    expect(equal.search.conclusion).toBe('not-shown')
    expect(JSON.stringify(equal)).not.toContain('The search helped')
  })

  test('a difference above zero is not enough where its interval is not', () => {
    const difference = data.sealed!.contrasts.comparisons.find(({ to }) => to === 'control')!.parts['heldout-phrasing']!
      .strict
    expect(difference.value).toBeGreaterThan(0)
    expect(difference.interval!.low).toBeLessThan(0)
    expect(data.conclusion.search.conclusion).toBe('not-shown')
    expect(data.conclusion.search.sentence).toContain('the interval includes zero')
  })

  test('a worse student is called worse', () => {
    const { improved } = reportData({ skillOf: { base: 0.7, final: 0.2 } }).conclusion
    expect(improved.conclusion).toBe('opposite')
    expect(improved.sentence).toMatch(/got worse/)
  })

  test('a handful of items carries no claim', () => {
    const entries = changeResults(runLog({ skillOf: { base: 0, final: 1 } }), (results) =>
      results.map((result) => {
        const headline = result.items.filter(({ part }) => part === 'heldout-phrasing').slice(0, 5)
        return { ...result, items: [...headline, ...result.items.filter(({ part }) => part !== 'heldout-phrasing')] }
      }),
    )
    expect(reportData(entries).conclusion.improved.conclusion).toBe('not-shown')
  })

  test('nor does a handful of groups, however many items they hold', () => {
    const { sealed, conclusion } = reportData({ groupSize: 20, skillOf: { base: 0, final: 1 } })
    const difference = sealed!.contrasts.comparisons.find(({ to }) => to === 'base')!.parts['heldout-phrasing']!.strict
    expect(difference).toMatchObject({ items: 60, groups: 3 })
    expect(conclusion.improved.conclusion).toBe('not-shown')
    expect(conclusion.improved.sentence).toContain('60 items in 3 groups')
  })

  test('a secondary comparison is claimed by its p among all of them', () => {
    const data = reportData({ attempts: 5, seeds: 3, arms: ['control', 'one-shot', 'random', 'reference'] })
    const adjusted = data.sealed!.contrasts.adjusted.find(({ to }) => to === 'base-examples')!
    const { interval } = data.sealed!.contrasts.comparisons.find(({ to }) => to === 'base-examples')!.parts[
      'heldout-phrasing'
    ]!.strict
    expect(interval!.low).toBeGreaterThan(0)
    expect(adjusted.p).toBeLessThan(0.05)
    expect(adjusted.adjusted).toBeGreaterThan(0.05)
    expect(data.conclusion.beatsExamples.conclusion).toBe('not-shown')
    expect(data.conclusion.beatsExamples.sentence).toMatch(
      /adjusted by Holm; the interval excludes zero, but p is above/,
    )
    expect(data.conclusion.improved.conclusion).toBe('shown')
  })

  test('a gain over a base of nothing is not defined', () => {
    const { sealed } = reportData({ skillOf: { base: 0 } })
    const final = sealed!.contrasts.arms.find(({ arm }) => arm === 'final')!
    expect(final.gains['heldout-phrasing']!.strict).toBeNull()
  })
})

describe('what is missing', () => {
  test('an unopened test gives no result and no claim', () => {
    const part = reportData({ finalEval: false, finished: false })
    expect(part.sealed).toBeNull()
    expect(part.run).toMatchObject({ finished: false, stopReason: null, chosenAttempt: null })
    for (const claim of [part.conclusion.improved, part.conclusion.search]) {
      expect(claim.conclusion).toBe('not-measured')
      expect(claim.sentence).toContain('There was no final evaluation')
    }
  })

  test('every beginning of a log gives an honest report', () => {
    const log = runLog()
    const finalEvalAt = log.findIndex(({ name }) => name === 'final-eval-results')
    for (let length = 0; length <= finalEvalAt; length++) {
      const part = ReportData.parse(reportData(log.slice(0, length)))
      expect(part.sealed).toBeNull()
      expect(part.conclusion.caveats.join()).toContain('not finished')
      expect(part.studentModels.filter(({ validation }) => validation).length).toBe(
        log.slice(0, length).filter(({ name }) => name === 'report').length,
      )
    }
  })

  test('a student whose tokens nobody counted before a training is told', () => {
    const log = runLog()
    expect(reportData(log).conclusion.caveats.join()).not.toContain('were not counted')
    const base = log.find(({ name }) => name === 'predictions')!
    base.payload = { ...(base.payload as object), tokensUncounted: 'no tokenizer.json' }
    expect(reportData(log).conclusion.caveats.join()).toMatch(/were not counted .*: no tokenizer\.json/)
  })

  test('a run that was meant to be short says so first', () => {
    const log = runLog().map((entry) => {
      if (entry.name !== 'run-started') return entry
      const { config } = entry.payload as { config: object }
      return { ...entry, payload: { config: { ...config, attempts: 2, rows: 60, quick: true } } }
    })
    expect(reportData(log).conclusion.caveats[0]).toMatch(/^A quick run.*2 attempts of 60 rows.* proves less/)
    expect(reportData(runLog()).conclusion.caveats.join()).not.toContain('quick')
  })

  test('a second final evaluation is named, and the first is reported', () => {
    const log = runLog()
    const finalEval = log.find(({ name }) => name === 'final-eval-results')!
    const again = {
      ...finalEval,
      seq: 5000,
      id: 'again',
      payload: { ...(finalEval.payload as object), finalEvalNumber: 2 },
    }
    const twice = reportData([...log, again])
    expect(twice.sealed!.finalEvalNumber).toBe(1)
    expect(twice.conclusion.caveats.join()).toContain('2 final evaluations of the test in this run')
  })
})
