import { describe, expect, test } from 'vitest'
import type { Claim, ReportData } from '../../../evidence/report/report-data.ts'
import { outcomeOf, type RunOutcome } from '../../../evidence/report/run-set/outcome.ts'
import { summariseRuns } from '../../../evidence/report/run-set/summary.ts'
import { mainSentence } from '../../../evidence/report/run-set/text.ts'
import { headlinesOf } from '../../../evidence/report/text/conclusion.ts'
import { reportData } from '../../support/report-data.ts'
import { changeResults, type RunLogOptions, runLog } from '../../support/run-log.ts'

/** A run whose every claim is shown; each fake changes one thing of it. docs/evidence.md has the table. */
const honest: RunLogOptions = {
  seeds: 3,
  skillOf: { base: 0.1, 'base-examples': 0.2, control: 0.35, final: 0.75 },
}
type ClaimName = 'improved' | 'trivial' | 'beatsExamples' | 'search'

const conclude = (changes: RunLogOptions): ReportData['conclusion'] =>
  reportData({ ...honest, ...changes, skillOf: { ...honest.skillOf, ...changes.skillOf } }).conclusion

test('without a fake every claim is shown', () => {
  const { improved, trivial, beatsExamples, search } = conclude({})
  for (const claim of [improved, trivial, beatsExamples, search]) expect(claim.conclusion, claim.sentence).toBe('shown')
})

const all: ClaimName[] = ['improved', 'trivial', 'beatsExamples', 'search']

const fakes: [name: string, changes: RunLogOptions, voids: ClaimName[], words: RegExp][] = [
  [
    'the final gives one answer to all items but a few, and the base is broken',
    { collapsed: ['final'], but: 60, fixed: 0.2, skillOf: { base: 0, 'base-examples': 0, control: 0 } },
    all,
    /one answer to every item scores 20\.0 %, and the final is not shown to be above that/,
  ],
  [
    'one seed of the final is all that is above one answer',
    { fixed: 0.4, skillOf: { final: 0.39, 'final-s2': 0.95, 'final-s3': 0.2, control: 0.1 } },
    all,
    /and the final is not shown to be above that|the interval includes zero/,
  ],
  [
    'every reply of the base is cut at the token limit',
    { broken: { base: { why: 'truncated', share: 1 } }, skillOf: { base: 0 } },
    ['improved'],
    /\d+ of 280 replies of the base student are no answers \(\d+ cut at the token limit\), so the comparison shows nothing/,
  ],
  [
    'a third of the base’s replies are cut, and on the others it is as good',
    { broken: { base: { why: 'truncated', share: 0.9 } }, skillOf: { base: 0.52, final: 0.75 } },
    ['improved'],
    /are no answers \(\d+ cut at the token limit\); with the final’s own results in their place the difference is/,
  ],
  [
    'every reply of the base is empty',
    { broken: { base: { why: 'empty', share: 1 } }, skillOf: { base: 0 } },
    ['improved'],
    /\(\d+ empty\).*shows nothing/,
  ],
  [
    'the base copies the question, as a wrong template makes it',
    { broken: { base: { why: 'echo', share: 1 } }, skillOf: { base: 0 } },
    ['improved'],
    /a copy of the question.*shows nothing/,
  ],
  [
    'a system turn makes the base answer in another form',
    { broken: { base: { why: 'formless', share: 1 } }, skillOf: { base: 0 } },
    ['improved'],
    /without an answer in the form that the scorer reads.*shows nothing/,
  ],
  [
    'the base gives one answer whatever is asked',
    { collapsed: ['base'], fixed: 0.2 },
    ['improved'],
    /the base student has collapsed: it gives one answer to 280 of 280 items, so the comparison shows nothing/,
  ],
  [
    'the worked examples break the base',
    { broken: { 'base-examples': { why: 'truncated', share: 1 } }, skillOf: { 'base-examples': 0 } },
    ['beatsExamples'],
    /\d+ of 280 replies of the base \+ worked examples are no answers/,
  ],
  [
    'the worked examples mislead the base, which the final is not above',
    { skillOf: { base: 0.75, 'base-examples': 0.1 } },
    ['improved', 'beatsExamples', 'search'],
    /with the worked examples the base is below the base alone.*and the final is not shown to be above that/,
  ],
  [
    'the control was taught another form of answer',
    { broken: { control: { why: 'formless', share: 1 } }, skillOf: { control: 0.05 } },
    ['search'],
    /replies of the uniform control are no answers.*without an answer in the form that the scorer reads.*shows nothing/,
  ],
  [
    'one seed of the control collapsed',
    { collapsed: ['control-s2'], fixed: 0.1, skillOf: { control: 0.7 } },
    ['search'],
    /the uniform control has collapsed: it gives one answer to 280 of 280 items|the interval includes zero/,
  ],
  [
    'the control has half as many rows',
    { rowsOf: { control: 150 } },
    ['search'],
    /the control has 150 rows and the final 300, so it may be their number that helped/,
  ],
  [
    'the control is worse than no training, and so is the final nearly',
    { skillOf: { base: 0.7, 'base-examples': 0.2, control: 0.1, final: 0.72 } },
    ['improved', 'beatsExamples', 'search'],
    /the control is below the base alone \(.*\), and the final is not shown to be above that/,
  ],
  [
    'most replies of the final are empty, and those of the base all',
    {
      broken: { final: { why: 'empty', share: 1 }, base: { why: 'empty', share: 1 } },
      skillOf: { base: 0, 'base-examples': 0, control: 0, final: 0.25 },
    },
    all,
    /\d+ of 840 replies of the final are no answers \(\d+ empty\)/,
  ],
  [
    'there was one attempt',
    { attempts: 1 },
    ['search'],
    /There was no search that could have helped, since one attempt/,
  ],
  [
    'the first of three attempts was chosen',
    { chosen: 1 },
    ['search'],
    /the chosen dataset is that of attempt 1, the first that was scored, and what came after it added nothing/,
  ],
  [
    'the headline part has a handful of items',
    { parts: { 'heldout-phrasing': 12, 'in-template': 200 } },
    all,
    /fewer than 20 draws/,
  ],
  ['the items are copies of a few', { groupSize: 20 }, all, /60 items in 3 groups.*fewer than 20 draws/],
  [
    'the test was opened forty times until it went well',
    { finalEvalNumber: 40, seeds: 1, skillOf: { control: 0.5 } },
    ['search'],
    /this is final evaluation 40 of the test, and p times 40 is above 5 %/,
  ],
]

describe('a fake earns no claim', () => {
  test.each(fakes)('%s', (_, changes, voids, words) => {
    const conclusion = conclude(changes)
    for (const name of voids) {
      const claim: Claim = conclusion[name]
      expect(['not-shown', 'not-measured'], claim.sentence).toContain(claim.conclusion)
      expect(claim.sentence).not.toMatch(/^(The student improved|It does better|It also beats|The search helped)/)
    }
    expect(voids.map((name) => conclusion[name].sentence).join('\n')).toMatch(words)
    for (const name of all.filter((each) => !voids.includes(each)))
      expect(conclusion[name].conclusion, conclusion[name].sentence).toBe('shown')
  })
})

test('what strict scoring alone tells is told to be the form of the answers', () => {
  const made = runLog({ ...honest, skillOf: { ...honest.skillOf, base: 0, control: 0, 'base-examples': 0 } })
  // The others are right as often, in another form.
  const log = changeResults(made, (results) => {
    for (const { studentModel, items } of results)
      if (!studentModel.name.startsWith('final'))
        for (const [index, item] of items.entries()) item.lenient = item.strict || index % 4 !== 0
    return results
  })
  const { improved, search } = reportData(log).conclusion
  for (const { conclusion, sentence } of [improved, search]) {
    expect(conclusion).toBe('not-shown')
    expect(sentence).toMatch(/what differs is the form of the answers: by lenient scoring the difference is/)
  }
})

describe('a task with uneven labels is told as it is', () => {
  const labels = (changes: RunLogOptions) => conclude({ fixed: 0.9, parts: { 'heldout-phrasing': 400 }, ...changes })
  const shift = { base: 0.9, 'base-examples': 0.9, control: 0.9 }

  test('a student that is above saying the frequent label is shown to be, though its base says nothing else', () => {
    const { improved, trivial } = labels({ collapsed: ['base'], skillOf: { ...shift, final: 0.98 } })
    expect(improved.conclusion, improved.sentence).toBe('shown')
    expect(trivial.conclusion, trivial.sentence).toBe('shown')
  })

  test('one that says the frequent label has not collapsed, and is shown to be no better than that', () => {
    const { improved, trivial } = labels({ collapsed: ['final'], skillOf: { ...shift, base: 0.2 } })
    expect(improved.conclusion).toBe('not-shown')
    expect(trivial.conclusion).toBe('not-shown')
    expect(trivial.sentence).not.toContain('collapsed')
  })
})

test('a student that collapsed is said to have, before anything else', () => {
  const data = reportData({
    ...honest,
    collapsed: ['final'],
    but: 60,
    fixed: 0.2,
    skillOf: { ...honest.skillOf, base: 0 },
  })
  const [first, ...rest] = headlinesOf(data)
  expect(first).toMatchObject({ tag: 'collapsed', tone: 'opposite' })
  expect(first!.sentence).toMatch(/^The student collapsed: it gives one answer to 27\d of 280 items\./)
  for (const { sentence } of rest) expect(sentence).not.toMatch(/improved|helped:/)
})

test('what the headline part gained is no claim where all parts together lost more', () => {
  const made = runLog({ ...honest, parts: { 'heldout-phrasing': 60, 'in-template': 400 } })
  const log = changeResults(made, (results) => {
    for (const { studentModel, items } of results)
      for (const [at, item] of items.entries())
        if (item.part === 'in-template')
          item.strict = item.lenient = at % 4 === 0 && !studentModel.name.startsWith('final')
    return results
  })
  const { improved, beatsExamples, search } = reportData(log).conclusion
  for (const { conclusion, sentence } of [improved, beatsExamples, search]) {
    expect(conclusion, sentence).toBe('not-shown')
    expect(sentence).toMatch(/; over all parts the difference is −\d/)
  }
})

describe('a set of runs earns no claim by', () => {
  const outcome = (seed: number, changes: RunLogOptions) =>
    outcomeOf(
      { runId: `night-${seed}`, seed },
      runLog({ ...honest, seed, ...changes, skillOf: { ...honest.skillOf, ...changes.skillOf } }),
    )
  const reported = (runs: readonly RunOutcome[]) => mainSentence(summariseRuns('night', runs))
  const setOf = (changes: RunLogOptions) => reported([1, 2, 3].map((seed) => outcome(seed, changes)))

  test.each<[string, RunLogOptions, RegExp]>([
    ['one attempt a run', { attempts: 1 }, /in 3 of 3 runs there was one attempt, and so no search/],
    ['the first attempt of each', { chosen: 1 }, /in every run the first attempt was chosen/],
    [
      'a control without answers',
      { broken: { control: { why: 'formless', share: 1 } }, skillOf: { control: 0.05 } },
      /in 3 of 3 runs most replies of the uniform control are no answers/,
    ],
    [
      'one answer to every item',
      { collapsed: ['final'], but: 60, fixed: 0.4, skillOf: { control: 0.05 } },
      /the best answer that needs no student scores 40\.0 %, and the final is not shown to be above that/,
    ],
    [
      'a final that mostly does not answer',
      { broken: { final: { why: 'truncated', share: 1 } }, skillOf: { base: 0, control: 0, final: 0.25 } },
      /in 3 of 3 runs most replies of the final are no answers/,
    ],
    [
      'a control below the base',
      { skillOf: { base: 0.8, control: 0.1, final: 0.7 } },
      /the uniform control is below the base alone \(.*\), and the final is not shown to be above that/,
    ],
    ['a control with half the rows', { rowsOf: { control: 150 } }, /in 3 of 3 runs the uniform control has fewer rows/],
    ['a dozen items', { parts: { 'heldout-phrasing': 12, 'in-template': 200 } }, /fewer than 20 draws/],
    ['copies of a few items', { groupSize: 20 }, /fewer than 20 draws/],
    [
      'opening the test until it goes well',
      { finalEvalNumber: 400 },
      /evaluated 399 times before, and p times 400 is above 5 %/,
    ],
  ])('%s', (_, changes, words) => {
    const sentence = setOf(changes)
    expect(sentence).toMatch(words)
    expect(sentence).not.toContain(': on this test the searches ended better')
  })

  test('searches that failed and are in no figure', () => {
    const runs = [1, 2, 3, 4, 5, 6, 7].map((seed) => outcome(seed, { finalEval: seed < 4 }))
    expect(reported(runs.slice(0, 3))).toContain(': on this test the searches ended better than uniform control')
    expect(reported(runs)).toMatch(
      /not shown: 4 of 7 runs had no final evaluation; where these left the base as it was, the difference/,
    )
  })

  test('the form of the answers alone', () => {
    const inForm = [1, 2, 3].map((seed) => outcome(seed, {}))
    const free = inForm.map((run) => ({ ...run, lenient: { ...run.lenient, control: -0.01 * run.seed } }))
    expect(reported(free)).toMatch(
      /what differs is the form of the answers: by lenient scoring the difference is −2\.0 points/,
    )
  })
})
