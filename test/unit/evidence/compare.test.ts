import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { analyseComparison } from '../../../evidence/report/comparison/analyse.ts'
import { resultOf } from '../../../evidence/report/comparison/compared-run.ts'
import { comparisonHtml, comparisonMarkdown } from '../../../evidence/report/comparison/document.ts'
import { effectsOf } from '../../../evidence/report/comparison/effects.ts'
import { checkRunNames, type PlannerArm, runsOf } from '../../../evidence/report/comparison/plan.ts'
import { effectSentence, plannerSentence } from '../../../evidence/report/comparison/text.ts'
import { shares } from '../../../evidence/report/statistics/intervals.ts'
import { overRuns } from '../../../evidence/report/statistics/over-runs.ts'
import { keepPlan, topologyOfArm, usualArms } from '../../../experiments/compare/comparison.ts'
import { readTopology } from '../../../launcher/topology/topology-file.ts'
import { defaultTopology } from '../../../launcher/topology/topology-names.ts'
import { withModel } from '../../../launcher/topology/with-model.ts'
import { asksModel } from '../../../schemas/variants.ts'
import { normals, planOf, resultsOf } from '../../support/compared-runs.ts'
import { runLog } from '../../support/run-log.ts'

const llm = await readTopology(new URL('../../../deploy/topologies/llm.yaml', import.meta.url).pathname)
const local = await readTopology(defaultTopology)

/** Six differences to rules of 1 to 6 points; the other arms are alike. */
const better = (arm: PlannerArm, pair: number) => 0.4 + pair / 50 + (arm === 'llm-iterative' ? pair / 100 : 0)

describe('effects', () => {
  test('six pairs that all differ one way give 2/64, the smallest p there is', () => {
    const plan = planOf()
    const [planner] = effectsOf(plan.arms, resultsOf(plan, better))
    expect(planner).toMatchObject({ name: 'planner effect', against: 'rules', primary: true, conclusion: 'shown' })
    expect([planner!.p, planner!.smallestP]).toEqual([2 / 64, 2 / 64])
    expect(planner!.differences!.mean).toBeCloseTo(0.035, 12)
    const fewer = planOf({ pairs: 5 })
    expect(effectsOf(fewer.arms, resultsOf(fewer, better))[0]).toMatchObject({ p: 2 / 32, conclusion: 'not-shown' })
  })

  test('the interval is Student’s t over runs: Gosset’s ten sleepers', () => {
    // Student (1908), The probable error of a mean, Biometrika 6: hours of sleep gained, one drug against the other.
    const { mean, sd, interval } = overRuns([1.2, 2.4, 1.3, 1.3, 0, 1, 1.8, 0.8, 4.6, 1.4], { low: -9, high: 9 })!
    expect([mean, sd].map((value) => value!.toFixed(2))).toEqual(['1.58', '1.23'])
    expect([interval!.low, interval!.high].map((value) => value.toFixed(3))).toEqual(['0.700', '2.460'])
    expect(overRuns([0.3], shares)!.interval).toBeNull()
    expect(overRuns([0, 0.1, 0.3], shares)!.interval).toEqual({ low: 0, high: expect.closeTo(0.5128, 3) })
  })

  test('a run without a result takes its pair out, and the primary effect is named before any score', () => {
    const plan = planOf()
    const runs = resultsOf(plan, (arm, pair) => (arm === 'rules' && pair === 2 ? null : better(arm, pair)))
    const effects = effectsOf(plan.arms, runs)
    expect(effects[0]).toMatchObject({ pairs: [1, 3, 4, 5, 6], p: 2 / 32, conclusion: 'not-shown' })
    expect(effects.map(({ primary }) => primary)).toEqual([true, false, false, false])
    // Holm over the three others: 3 x 2/64 is above 5 %.
    expect(effects.slice(1).map(({ adjustedP }) => adjustedP)).toEqual([6 / 64, 6 / 64, 6 / 64])
    expect(effectsOf(['rules', 'random'], runs)[0]).toMatchObject({ name: null, arm: 'rules', primary: true })
  })

  test('without an effect one is called in no more than 5 % of comparisons, whatever the runs are drawn from', () => {
    const plan = planOf({ arms: ['llm-iterative', 'rules'] })
    for (const shape of [(z: number) => z, (z: number) => Math.exp(z), (z: number) => Math.sign(z) * z * z]) {
      const normal = normals(7)
      const [comparisons, counts] = [4000, { called: 0, covered: 0 }]
      for (let at = 0; at < comparisons; at++) {
        const shared = Array.from({ length: 6 }, normal)
        const runs = resultsOf(plan, (_, pair) => shared[pair - 1]! + 0.3 * shape(normal()))
        const [effect] = effectsOf(plan.arms, runs)
        if (effect!.conclusion !== 'not-shown') counts.called += 1
        const { low, high } = effect!.differences!.interval!
        if (low <= 0 && 0 <= high) counts.covered += 1
      }
      // Exact: 2 of 64 patterns are called, 3.1 %; four standard errors are 1.1 points.
      expect(Math.abs(counts.called / comparisons - 2 / 64)).toBeLessThan(0.011)
      expect(counts.covered / comparisons).toBeGreaterThan(0.935)
    }
  })

  test('an effect of two deviations of a pair’s difference is mostly called', () => {
    const plan = planOf({ arms: ['llm-iterative', 'rules'], pairs: 8 })
    const normal = normals(11)
    let called = 0
    for (let at = 0; at < 500; at++) {
      const runs = resultsOf(plan, (arm) => normal() + (arm === 'rules' ? 0 : 2 * Math.SQRT2))
      if (effectsOf(plan.arms, runs)[0]!.conclusion === 'shown') called += 1
    }
    expect(called / 500).toBeGreaterThan(0.9)
  })
})

describe('what the arms were given', () => {
  test('is counted from a run’s log', () => {
    const run = { runId: 'a', seed: 1, arm: 'rules' as const, pair: 1 }
    const log = runLog({ attempts: 3 })
    const { use, score, status, part } = resultOf(run, log)
    expect({ status, part }).toEqual({ status: 'finished', part: 'heldout-phrasing' })
    expect(score).toBeGreaterThan(0)
    // Three attempts, the final and its control; the base besides.
    expect(use).toMatchObject({ trainings: 5, validationScores: 6, rows: { fewest: 300, most: 300 } })
    expect(resultOf(run, [...log, ...log])).toEqual(resultOf(run, log))
    expect(resultOf(run, runLog({ finished: false, finalEval: false }))).toMatchObject({ score: null, base: null })
    expect(resultOf(run, [])).toMatchObject({ score: null, status: 'not begun', use: { trainings: 0 } })
  })

  test('what is not equal is said, and calls may differ by chance', () => {
    const plan = planOf()
    const { uses } = analyseComparison(
      plan,
      resultsOf(plan, better, (arm) =>
        arm === 'rules'
          ? { teacherCalls: 905, plannerTokens: 0 }
          : arm === 'random'
            ? { teacherCalls: 880, trainings: 3, rows: { fewest: 250, most: 300 } }
            : {},
      ),
    )
    expect(uses.find(({ arm }) => arm === 'rules')!.unequal).toEqual([])
    expect(uses.find(({ arm }) => arm === 'random')!.unequal).toEqual([
      'trainings in 6 of 6 pairs: in the mean 3 where llm-iterative had 4',
      'fewest rows in 6 of 6 pairs: in the mean 250 where llm-iterative had 300',
      'teacher calls: 880 where llm-iterative had 1000',
    ])
  })
})

test('an arm that had more in one pair and less in another is not called equal', () => {
  const plan = planOf({ arms: ['rules', 'random'], pairs: 2 })
  const runs = resultsOf(plan, better).map((run) =>
    run.arm === 'random' ? { ...run, use: { ...run.use, trainings: run.pair === 1 ? 3 : 5 } } : run,
  )
  const { uses } = analyseComparison(plan, runs)
  expect(uses[1]!.unequal).toEqual(['trainings in 2 of 2 pairs: in the mean 4 where rules had 4'])
})

describe('a fake earns no effect', () => {
  const plan = planOf({ arms: ['llm-iterative', 'rules'] })
  const effectOf = (runs: ReturnType<typeof resultsOf>) => analyseComparison(plan, runs).effects[0]!
  const fair = resultsOf(plan, better)

  test('the better arm was given more', () => {
    for (const use of [
      { teacherCalls: 1200 },
      { trainings: 5 },
      { validationScores: 6 },
      { rows: { fewest: 300, most: 400 } },
    ]) {
      const effect = effectOf(resultsOf(plan, better, (arm) => (arm === 'llm-iterative' ? use : {})))
      expect(effect.conclusion).toBe('not-shown')
      expect(effectSentence(effect)).toMatch(/not shown: llm-iterative was given more: /)
    }
    // What the other one was given more of makes it no worse.
    expect(effectOf(resultsOf(plan, better, (arm) => (arm === 'rules' ? { trainings: 5 } : {}))).conclusion).toBe(
      'shown',
    )
  })

  test('the better arm needs no student', () => {
    const reported = (isBelow: boolean) => fair.map((run) => ({ ...run, trivial: { share: 0.4, isBelow } }))
    expect(effectOf(reported(true)).conclusion).toBe('shown')
    expect(effectSentence(effectOf(reported(false)))).toMatch(
      /above the best answer that needs no student \(40\.0 %\) in 0 of 6/,
    )
  })

  test('the other arm did not answer', () => {
    const truncated = fair.map((run) => (run.arm === 'rules' ? { ...run, favoured: 0.9 } : run))
    expect(effectOf(truncated).conclusion).toBe('not-shown')
    expect(effectSentence(effectOf(truncated))).toContain('by what rules did answer, the difference is')
  })

  const wide = planOf({ arms: ['llm-iterative', 'rules'], pairs: 12 })
  test.each<[string, ReturnType<typeof resultsOf>, RegExp]>([
    [
      'the better arm hardly answers',
      fair.map((run) => ({ ...run, isSilent: true })),
      /in 6 of 6 runs most replies of/,
    ],
    [
      'the other arm is below the base, and so is the better one',
      fair.map((run) => ({ ...run, base: 0.8 })),
      /rules is below the base by 33\.0 points, and the better one is not shown to be above it/,
    ],
    [
      'the form of the answers alone differs',
      fair.map((run) => ({ ...run, lenientGain: 0.5 })),
      /the form of the answers: by lenient scoring the difference is 0\.0 points/,
    ],
    ['the test has a dozen items', fair.map((run) => ({ ...run, groups: 12 })), /fewer than 20 draws/],
    [
      'the test was opened until it went well',
      fair.map((run) => ({ ...run, finalEvalNumber: 20 + run.pair })),
      /evaluated 20 times before, and p times 21 is above 5 %/,
    ],
    ['six pairs are one pair', resultsOf(plan, (arm) => (arm === 'rules' ? 0.25 : 0.5)), /all pairs agree to the item/],
    [
      'half of its runs failed',
      resultsOf(wide, (arm, pair) => (arm === 'rules' ? 0.4 : pair > 6 ? null : 0.4 + pair / 100)),
      /6 runs of llm-iterative ended without a result; where these left the base as it was, the difference is −/,
    ],
  ])('%s', (_, runs, words) => {
    const { effects } = analyseComparison(runs.length > 12 ? wide : plan, runs)
    expect(effects[0]!.conclusion).toBe('not-shown')
    expect(effectSentence(effects[0]!)).toMatch(words)
  })

  test('what its runs are like is read from their logs', () => {
    const run = { runId: 'a', seed: 1, arm: 'rules' as const, pair: 1 }
    const truncated = {
      broken: { final: { why: 'truncated' as const, share: 1 } },
      skillOf: { final: 0.1 },
      finalEvalNumber: 3,
    }
    expect(resultOf(run, runLog(truncated))).toMatchObject({ groups: 60, finalEvalNumber: 3, isSilent: true })
    expect(resultOf(run, runLog({})).lenientGain).toBeGreaterThan(0)
  })
})

describe('a comparison’s page', () => {
  test('says the effects, the smallest p, the tokens beside them and what was not equal', () => {
    const plan = planOf()
    const comparison = analyseComparison(
      plan,
      resultsOf(plan, better, (arm) => (arm === 'random' ? { trainings: 3 } : {})),
    )
    for (const page of [comparisonMarkdown(comparison), comparisonHtml(comparison)]) {
      expect(page).toContain('Planner effect (llm-iterative − rules): +3.5 points')
      expect(page).toContain('llm-iterative was better than rules.')
      expect(page).toContain('2/2^6 = 0.031')
      expect(page).toContain(
        'The 3 secondary effects, adjusted together, cannot be called with 6 pairs, however large they are; with 7 they can',
      )
      expect(page).toContain('12,000')
      expect(page).toContain('no: trainings in 6 of 6 pairs: in the mean 3 where llm-iterative had 4')
      expect(page).toContain('30 final evaluations')
    }
    expect(comparisonHtml(comparison).match(/<svg/g)).toHaveLength(2)
  })

  test('without both arms, or without a result, the planner effect is said not to be measured', () => {
    const plan = planOf({ arms: ['rules', 'random'], pairs: 2 })
    const comparison = analyseComparison(plan, resultsOf(plan, better))
    expect(plannerSentence(comparison)).toContain('Planner effect not measured')
    expect(comparisonMarkdown(comparison)).toContain('so nothing can be shown')
    const none = analyseComparison(
      planOf(),
      resultsOf(planOf(), () => null),
    )
    expect(plannerSentence(none)).toContain('not measured')
    expect(comparisonHtml(none)).toContain('6 of 6 runs of rules ended without a result')
  })
})

describe('a comparison’s plan', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'syllabus-compare-'))
    process.env.SYLLABUS_RUNS = folder
  })
  afterEach(async () => {
    delete process.env.SYLLABUS_RUNS
    await rm(folder, { recursive: true, force: true })
  })

  test('pairs have the same seeds, and a pair is whole before the next begins', () => {
    expect(runsOf(planOf({ arms: ['rules', 'random'], pairs: 2, seed: 5 }))).toEqual([
      { runId: 'worth-it-rules-1', seed: 5, arm: 'rules', pair: 1 },
      { runId: 'worth-it-random-1', seed: 5, arm: 'random', pair: 1 },
      { runId: 'worth-it-rules-2', seed: 6, arm: 'rules', pair: 2 },
      { runId: 'worth-it-random-2', seed: 6, arm: 'random', pair: 2 },
    ])
    expect(() => checkRunNames(planOf({ name: 'a'.repeat(40) }))).toThrow('would be called')
  })

  test('is kept, gone on with, and never changed', async () => {
    await keepPlan(planOf())
    await keepPlan(planOf())
    expect(JSON.parse(await readFile(join(folder, 'worth-it/plan.json'), 'utf8'))).toEqual(planOf())
    await expect(keepPlan(planOf({ pairs: 8 }))).rejects.toThrow('begun with pairs 6, and this command says 8')
    await writeFile(join(folder, 'worth-it/plan.json'), '{"name"')
    await expect(keepPlan(planOf())).rejects.toThrow(`${join(folder, 'worth-it/plan.json')} is cut off or damaged`)
  })

  test('every arm has its own planner and all else alike', () => {
    expect(usualArms(local)).toEqual(['rules', 'random'])
    expect(usualArms(llm)).not.toContain('llm-one-shot')
    for (const arm of usualArms(llm)) {
      const { agents, ...rest } = topologyOfArm(llm, arm)
      const { agents: own, ...before } = llm
      expect(rest).toEqual(before)
      expect({ ...agents, planner: null }).toEqual({ ...own, planner: null })
      expect(agents.planner).toMatchObject({
        variant: arm,
        options: asksModel({ variant: arm }) ? own.planner.options : {},
      })
    }
    const byRules = topologyOfArm(llm, 'rules')
    expect(topologyOfArm(withModel(byRules, 'm'), 'llm-blind').agents.planner.options).toEqual({ model: 'm' })
  })
})
