import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { armSeedOf, BaselineKind, studentModelName, type TrainedArm } from '../../../schemas/arm.ts'
import { FinalEvalResults } from '../../../schemas/messages/evaluation.ts'
import { packResults, type SealedResult, unpackResults } from '../../../schemas/sealed-results.ts'

const score = { strict: { correct: 1, total: 2 }, lenient: { correct: 1, total: 2 } }
const sheet = { overall: score, byPart: { p: score }, bySkill: { s: score }, truncated: 0 }
const candidateOf = (name: string) => ({
  name,
  ...armSeedOf(name),
  student: 'student@0123456789ab',
  jobHash: 'a'.repeat(64),
  adapter: null,
  examples: false,
})
const itemOf = (id: string, mark: number) => ({
  id,
  part: 'heldout-phrasing',
  skill: 'unit-price',
  group: `question-${id}`,
  strict: (mark & 1) > 0,
  lenient: (mark & 2) > 0,
  truncated: (mark & 4) > 0,
})
const resultOf = (name: string, evalSet: 'test' | 'audit', marks: number[]): SealedResult => ({
  studentModel: candidateOf(name),
  evalSet,
  sheet,
  items: marks.map((mark, index) => itemOf(`${evalSet}-${index}`, mark)),
})

describe('the results of an opening', () => {
  test('are the same after their journey', () => {
    const marks = fc.array(fc.integer({ min: 0, max: 7 }), { minLength: 5, maxLength: 5 })
    fc.assert(
      fc.property(marks, marks, marks, (first, second, third) => {
        const results = [
          resultOf('base', 'test', first),
          resultOf('final', 'test', second),
          resultOf('final', 'audit', third),
        ]
        const finalEval = {
          finalEvalNumber: 1,
          testHash: 'b'.repeat(64),
          auditSeed: 's',
          ...packResults(results),
          trivial: [],
        }
        const travelled = FinalEvalResults.schema.parse(JSON.parse(JSON.stringify(finalEval)))
        expect(unpackResults(travelled)).toEqual(results)
      }),
    )
  })

  test('of five arms with ten seeds and thirty submissions on a test of a thousand items fit into one message', () => {
    const arms: TrainedArm[] = ['final', ...BaselineKind.options]
    const names = [
      ...arms.flatMap((arm) => Array.from({ length: 10 }, (_, index) => studentModelName(arm, index + 1))),
      ...Array.from({ length: 30 }, (_, index) => `attempt-${index + 1}`),
    ]
    const results = names.map((name) => resultOf(name, 'test', Array(1000).fill(3)))
    expect(JSON.stringify(packResults(results)).length).toBeLessThan(400_000)
    expect(JSON.stringify(results).length).toBeGreaterThan(8_000_000)
  })

  test('that do not fit together are refused', () => {
    const [one, other] = [resultOf('base', 'test', [1, 2]), resultOf('final', 'test', [1])]
    expect(() => packResults([one, other])).toThrow(
      'final was not evaluated on the same items of the test as the others',
    )
    const { evalSets, results } = packResults([one])
    expect(() => unpackResults({ evalSets, results: [{ ...results[0]!, marks: '1' }] })).toThrow('1 marks for 2 items')
  })
})
