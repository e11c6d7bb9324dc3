import { describe, expect, test } from 'vitest'
import { blind, blinded } from '../../../../agents/planner/ablations/blind.ts'
import { repeated } from '../../../../agents/planner/ablations/repeat.ts'
import { shuffled, shuffledFeedback } from '../../../../agents/planner/ablations/shuffled.ts'
import { describeSituation } from '../../../../agents/planner/llm/context.ts'
import { LlmPlannerOptions } from '../../../../agents/planner/llm/options.ts'
import type { Policy, Situation } from '../../../../agents/planner/policy.ts'
import { checkProgram } from '../../../../agents/planner/program/program-faults.ts'
import { randomPolicy } from '../../../../agents/planner/random.ts'
import { rulesPolicy } from '../../../../agents/planner/rules/graph.ts'
import type { Attempt } from '../../../../agents/planner/state.ts'
import type { BadCase, ScoreSheet } from '../../../../schemas/score.ts'
import { bundledTask } from '../../../../tasks/bundled-task.ts'
import { loadTask, publicView } from '../../../../tasks/load.ts'
import { attemptOf, configOf, refTo } from '../../../support/planner-fixtures.ts'
import { createWorld, play } from '../../../support/planner-world.ts'

const task = publicView(await loadTask(bundledTask))
const skills = task.skills.map(({ name }) => name)
const signal = new AbortController().signal
const tally = (correct: number, total: number) => ({ strict: { correct, total }, lenient: { correct, total } })
const { program } = await rulesPolicy.decide({ ...situationOf(1, []), operation: 'draft' }, signal)

/** `weak` has 1 of 20, the others 11 to 15. */
function sheet(weak: string, overall = 71): ScoreSheet {
  return {
    overall: tally(overall, 120),
    byPart: { 'in-template': tally(41, 60), 'heldout-phrasing': tally(19, 30), 'heldout-range': tally(11, 30) },
    bySkill: Object.fromEntries(skills.map((name, at) => [name, tally(name === weak ? 1 : 11 + (at % 5), 20)])),
    truncated: 0,
  }
}

const caseOf = (skill: string, at: number): BadCase => ({
  ...{ id: `wrong-${at}`, skill, part: 'in-template', input: `A question of ${skill}.`, expected: '1.00' },
  ...{ reply: `reply ${at}`, reason: 'wrong' },
})

/** Attempts scored so many of 120, all weak at one skill, which all their failed cases are of. */
function scored(weak: string, overall: readonly number[]): Attempt[] {
  return overall.map((right, at) => ({
    ...attemptOf(program),
    attempt: at + 1,
    rows: 300,
    dataset: refTo(`rows ${at}`),
    outcome: 'scored' as const,
    validation: sheet(weak, right),
    badCases: Array.from({ length: 4 }, (_, index) => caseOf(weak, index)),
  }))
}

function situationOf(seed: number, history: Attempt[]): Situation {
  return {
    ...{ runId: 'test-run', prices: {}, operation: 'improve', attempt: history.length + 1, rows: 300, seed, task },
    ...{ base: history[0]?.validation ?? sheet('none'), history, best: history.at(-1) ?? null, sampleRows: [] },
    ...{ sourceKinds: ['procedure'], meteredChecks: false },
    left: { attempts: 3, hours: 12, teacherCalls: null, tokens: Infinity, money: Infinity, plannerCalls: Infinity },
  }
}

const options = LlmPlannerOptions.parse({ model: 'scripted' })

describe('llm-blind', () => {
  test('what the model is told holds no score, no failed case and no earlier attempt', () => {
    const given = situationOf(1, scored(skills[0]!, [60, 71]))
    const before = describeSituation(given, options)
    for (const known of ['71/120', '@wrong-0', 'Attempt 1', 'best so far']) expect(before).toContain(known)
    const after = describeSituation(blinded({ ...given, operation: 'draft' }), options)
    for (const known of ['/120', '/20', '@wrong', 'Attempt', 'best', 'untrained']) expect(after).not.toContain(known)
    expect(after).toContain('300 rows are wanted')
  })

  test('a program that raised is fixed with its error, without the scores', () => {
    const history = [
      ...scored(skills[0]!, [60]),
      { ...attemptOf(program), attempt: 2, error: 'no JSON object', outcome: 'raised' as const },
    ]
    const reported = describeSituation(blinded({ ...situationOf(1, history), operation: 'debug' }), options)
    expect(reported).toContain('no JSON object')
    expect(reported).not.toContain('/120')
  })
})

describe('llm-shuffled-feedback', () => {
  const seeds = Array.from({ length: 600 }, (_, index) => index + 1)
  /** A share that 600 draws of one in six deviate from in less than one of 10,000 tests. */
  const near = (count: number, all: number) => Math.abs(count / all - 1 / skills.length) < 0.06

  test('F1 F3 what is told has the form of what was measured, and says nothing of which skill is weak', () => {
    const history = scored(skills[2]!, [60])
    const weakest = new Map(skills.map((name) => [name, 0]))
    const casesOf = new Map(skills.map((name) => [name, 0]))
    for (const seed of seeds) {
      const { best } = shuffledFeedback(situationOf(seed, history))
      const scores = Object.entries(best!.validation!.bySkill)
      expect(scores.map(([name]) => name)).toEqual(skills)
      const corrects = (each: ScoreSheet) =>
        Object.values(each.bySkill)
          .map(({ strict }) => strict.correct)
          .toSorted()
      expect(corrects(best!.validation!)).toEqual(corrects(history[0]!.validation!))
      const [weak] = scores.find(([, { strict }]) => strict.correct === 1)!
      weakest.set(weak, weakest.get(weak)! + 1)
      expect(best!.badCases).toHaveLength(4)
      expect(new Set(best!.badCases.map(({ reply }) => reply)).size).toBe(4)
      for (const { id, skill, input } of best!.badCases) {
        expect(task.validation).toContainEqual(expect.objectContaining({ id, skill, input }))
        casesOf.set(skill, casesOf.get(skill)! + 1)
      }
    }
    expect(skills).toHaveLength(6)
    for (const count of weakest.values()) expect(near(count, 600), `${[...weakest]}`).toBe(true)
    for (const count of casesOf.values()) expect(near(count, 2400), `${[...casesOf]}`).toBe(true)
  })

  test('F1 F2 each attempt may be told with any sheet, and any may be started from; equal seeds, equal lots', () => {
    const history = scored(skills[0]!, [10, 60, 110])
    const { startsFrom } = shuffled(rulesPolicy)
    const [starts, sheets] = [new Map<number, number>(), new Map<number, number>()]
    for (const seed of seeds) {
      const { attempt } = startsFrom!(history, { seed, attempt: 4 })
      starts.set(attempt, (starts.get(attempt) ?? 0) + 1)
      const reported = shuffledFeedback(situationOf(seed, history))
      expect(shuffledFeedback(situationOf(seed, history))).toEqual(reported)
      const rights = reported.history.map(({ validation }) => validation!.overall.strict.correct)
      expect(rights.toSorted((a, b) => a - b)).toEqual([10, 60, 110])
      sheets.set(rights[0]!, (sheets.get(rights[0]!) ?? 0) + 1)
    }
    for (const counts of [starts, sheets]) {
      expect(counts.size).toBe(3)
      for (const count of counts.values()) expect(Math.abs(count / 600 - 1 / 3)).toBeLessThan(0.08)
    }
  })

  test('F2 the search still ends with the attempt that truly scored best, and shows rows of the one it starts from', async () => {
    const seen: { best: number | undefined; rows: string[] }[] = []
    const watching: Policy = {
      async decide(situation, stop) {
        seen.push({ best: situation.best?.attempt, rows: situation.sampleRows.map(({ id }) => id) })
        return rulesPolicy.decide({ ...situation, operation: 'draft', best: null }, stop)
      },
    }
    const scores: Record<string, number> = { 'attempt-1': 25, 'attempt-2': 5, 'attempt-3': 6, 'attempt-4': 7 }
    const world = createWorld(configOf({ attempts: 8 }), {
      policy: shuffled(watching),
      scoreOf: (name) => scores[name] ?? 4,
    })
    const state = await play(world)
    expect(state.bestAttempt).toBe(1)
    const starts = seen.slice(1).map(({ best }) => best!)
    expect(new Set(starts).size).toBeGreaterThan(1)
    for (const { best, rows } of seen.slice(1)) for (const id of rows) expect(id).toMatch(new RegExp(`^a${best}\\.`))
  })
})

describe('llm-repeat and random', () => {
  test('one program is made k times, of other rows', async () => {
    const world = createWorld(configOf({ attempts: 3 }), {
      policy: repeated(rulesPolicy),
      yieldOf: (attempt) => (attempt === 1 ? 0.05 : 1),
    })
    const { attempts, bestAttempt } = await play(world)
    const [failed, first, again] = attempts
    expect([failed!.outcome, first!.operation]).toEqual(['invalid', 'repair'])
    expect(again!.programHash).toBe(first!.programHash)
    expect(again!.datasetHash).not.toBe(first!.datasetHash)
    expect(bestAttempt).toBe(2)
  })

  test.each(['procedure', 'prompt'] as const)(
    'random programs of kind %s hold, and differ by seed and attempt',
    async (kind) => {
      const programs = await Promise.all(
        [1, 2, 3].flatMap((seed) =>
          [1, 2].map(async (attempt) => {
            const given = { ...situationOf(seed, []), operation: 'draft' as const, attempt, sourceKinds: [kind] }
            return (await randomPolicy.decide(given, signal)).program
          }),
        ),
      )
      for (const each of programs) {
        expect(checkProgram(each, { skills, kinds: [kind] })).toMatchObject({ ok: true })
        expect(each.sources.reduce((sum, { rows }) => sum + rows, 0)).toBe(300)
      }
      expect(new Set(programs.map((each) => JSON.stringify(each))).size).toBe(6)
    },
  )

  test('without feedback a search is drafts alone, best of k by the true scores', async () => {
    for (const policy of [blind(rulesPolicy), randomPolicy]) {
      const world = createWorld(configOf(), { policy, scoreOf: (name) => (name === 'attempt-2' ? 20 : 10) })
      const state = await play(world)
      expect(state.attempts.map(({ operation }) => operation)).toEqual(['draft', 'draft', 'draft'])
      expect(state.bestAttempt).toBe(2)
    }
  })
})
