import { expect, test } from 'vitest'
import type { Attempt, PlannerState } from '../../../../agents/planner/state.ts'
import { newRun } from '../../../../agents/planner/step.ts'
import { generateEndingOf } from '../../../../experiments/generate/ending.ts'
import { commandAgain } from '../../../../experiments/run/command-again.ts'
import { attemptOf, configOf } from '../../../support/planner-fixtures.ts'
import { promptProgram } from '../../../support/prompt-program.ts'

const calls = (count: number) => ({ calls: count, inputTokens: 40 * count, outputTokens: 30 * count })

function ended(
  stopReason: PlannerState['stopReason'],
  limits: Partial<PlannerState['config']['limits']> = {},
  changes: Partial<Attempt> = {},
) {
  const seen = { asked: 150, generated: 100, admitted: 80, rejected: { 'exact-duplicate': 20 }, failed: { gone: 50 } }
  const attempt: Attempt = {
    ...attemptOf(promptProgram({ rows: 200 })),
    round: 3,
    rows: 80,
    asked: { crates: 150 },
    bySource: { crates: seen },
    spent: calls(120),
    ...changes,
  }
  // As `generate` has it: its rounds are bounded already.
  const unshared = { maxShardsInFlight: null }
  const config = configOf({ rows: 200, limits: { ...configOf().limits, ...unshared, ...limits } })
  const state: PlannerState = { ...newRun(config, 'start'), attempts: [attempt], stopReason }
  return generateEndingOf(state, attempt, attempt.rows)
}

test('a used budget of calls says its counts and what would be enough by what the rows have cost', () => {
  // 1.5 calls a row, 120 rows are missing: 120 + 1.1 x 180.
  expect(ended('budget-used', { teacherCalls: 120 })).toEqual({
    why: 'the budget is used: 120 of 120 calls',
    next: { options: { '--budget': 318 } },
  })
  const none = ended('budget-used', { teacherCalls: 210 }, { rows: 0, spent: calls(210) })
  expect(none.next!.options['--budget']).toBeGreaterThanOrEqual(210 + 200)
})

test('where tokens are the limit that holds, raising the calls is not advised', () => {
  const { why, next } = ended('budget-used', { teacherCalls: 1000, tokens: 8400 })
  expect(why).toBe('the budget is used: 120 of 1000 calls, 8400 of 8400 tokens')
  expect(next).toEqual({ first: expect.stringContaining('topology'), options: {} })
})

test('where something is left and one more candidate might not fit, that is said', () => {
  const { why } = ended('budget-used', { tokens: 8500 })
  expect(why).toBe('one more candidate, at its longest, might cost more than is left: 8400 of 8500 tokens')
})

test('the cap counts candidates that could be made, and the one named is enough at the yield so far', () => {
  const { why, next } = ended('candidates-used', { candidateCap: 0.5 })
  expect(why).toContain('100 of 100')
  expect(why).toContain('"crates" has 80 of 200 rows from 100 candidates, 20 refused as exact-duplicate')
  // 100 candidates gave 80 rows: 120 more want 150, and a tenth above.
  expect(next!.options['--candidate-cap']).toBe(2)
})

test('a source that hardly yields is named, and the cap follows its yield, not that of the others', () => {
  const program = promptProgram({ rows: 100 })
  const [source] = program.sources
  const counts = (asked: number, admitted: number, reason = 'wrong-answer') => ({
    asked,
    generated: asked,
    admitted,
    rejected: { [reason]: asked - admitted },
  })
  const { why, next } = ended(
    'candidates-used',
    {},
    {
      program: { ...program, sources: [source!, { ...source!, id: 'dry' }] },
      rows: 160,
      asked: { crates: 100, dry: 500 },
      bySource: { crates: counts(100, 100), dry: counts(500, 60) },
    },
  )
  expect(why).toContain('wanted); "dry" has 60 of 100 rows from 500 candidates, 440 refused as wrong-answer')
  // 40 rows at 60 of 500, and a tenth above, for 200 rows in all.
  expect(next!.options['--candidate-cap']).toBe(Math.ceil((600 + (1.1 * 40 * 500) / 60) / 200))
})

test.each([
  ['duplicates alone', { 'exact-duplicate': 97 }, 3, 'would repeat these'],
  ['near-duplicates', { 'near-duplicate': 80 }, 20, 'would repeat these'],
  ['duplicates of both kinds', { 'exact-duplicate': 30, 'near-duplicate': 30 }, 40, 'would repeat these'],
  ['duplicates without a row', { 'exact-duplicate': 100 }, 0, 'would repeat these'],
  ['a yield of one in a hundred', { 'wrong-answer': 99 }, 1, 'at this yield would not be enough'],
] as const)('where more candidates are no help, no cap is advised: %s', (_, rejected, admitted, words) => {
  const counts = { asked: 100, generated: 100, admitted, rejected }
  const { why, next } = ended(
    'candidates-used',
    {},
    { bySource: { crates: counts }, asked: { crates: 100 }, rows: admitted },
  )
  expect(next).toBeNull()
  expect(why).toContain(words)
  expect(why).toContain('give another --out')
})

test('a source that was not asked after its trial is told without the word of a budget', () => {
  const counts = { asked: 16, generated: 0, admitted: 0, rejected: {}, failed: { truncated: 2, unasked: 14 } }
  const { why } = ended('teacher-unavailable', {}, { bySource: { crates: counts }, rows: 0 })
  expect(why).toContain('of 2 candidates')
  expect(why).not.toContain('budget')
})

test('a teacher that refused everything is told in its words, and that asking again helps is not', () => {
  const counts = { asked: 11, generated: 0, admitted: 0, rejected: {}, failed: { refused: 11 } }
  const examples = { crates: { refused: 'the teacher would not answer: "I cannot help with that."' } }
  expect(ended('teacher-unavailable', {}, { bySource: { crates: counts }, examples })).toEqual({
    why:
      '11 of 11 candidates were refused; for example: the teacher would not answer: "I cannot help with that.". ' +
      'Another program or another model may do better, with another --out',
    next: null,
  })
  const away = { ...counts, failed: { refused: 1, gone: 10 } }
  const { why, next } = ended('teacher-unavailable', {}, { bySource: { crates: away }, examples })
  expect(why).toContain('1 of 11 candidates were refused, 10 of 11 candidates got no reply')
  expect(next).toEqual({ first: 'once the teacher answers again', options: {} })
})

test('a source without a row says what was lost, with an example, and a higher cap alone is not advised', () => {
  const counts = { asked: 30, generated: 20, admitted: 0, rejected: { 'judge-unread': 20 }, failed: { unusable: 10 } }
  const examples = { crates: { 'judge-unread': 'it was cut off', unusable: 'it held no JSON' } }
  const { why, next } = ended('candidates-used', {}, { bySource: { crates: counts }, examples, rows: 0 })
  expect(why).toContain(
    'rows from 150 candidates, 20 refused as judge-unread (for example: it was cut off), 10 gave none (unusable) (for example: it held no JSON)',
  )
  expect(next).toMatchObject({ first: 'once what keeps the rows away is set right' })
})

test('every other end says what stopped it, and whether the same command goes on', () => {
  expect(ended('rows-complete').next).toBeNull()
  expect(ended('program-raised', {}, { error: 'hook accept: boom' })).toEqual({
    why: 'the program failed: hook accept: boom. Fix it, and give another --out',
    next: null,
  })
  expect(ended('teacher-unavailable').why).toContain('50 of 150 candidates got no reply')
  expect(ended('rounds-used', { maxRounds: 3 }).why).toContain('3 of 3')
  expect(ended(null).why).toBe('interrupted in round 3')
  for (const reason of ['teacher-unavailable', 'rounds-used', 'hours-used', 'stopped-by-user', null] as const) {
    expect(ended(reason).next!.options).toEqual({})
  }
})

test('the command is given again with its options changed in place of the old ones, quoted for a shell', () => {
  const args = ['generate', '--rows', '5', '--budget=60', '--out', "it's here", '--candidate-cap', '3']
  expect(commandAgain(args)).toBe(`npx syllabus generate --rows 5 --budget=60 --out 'it'\\''s here' --candidate-cap 3`)
  expect(commandAgain(args, { '--budget': 90 })).toBe(
    `npx syllabus generate --rows 5 --out 'it'\\''s here' --candidate-cap 3 --budget 90`,
  )
  expect(commandAgain(args, { '--candidate-cap': 4.5 })).toBe(
    `npx syllabus generate --rows 5 --budget=60 --out 'it'\\''s here' --candidate-cap 4.5`,
  )
})
