import { describe, expect, test } from 'vitest'
import {
  armSeedOf,
  attemptNumber,
  BaselineKind,
  kindOf,
  ReferenceName,
  studentModelName,
  type TrainedArm,
} from '../../../schemas/arm.ts'
import { Evidence } from '../../../schemas/run.ts'
import { StudentModel } from '../../../schemas/training.ts'

const trainedArms: TrainedArm[] = ['final', ...BaselineKind.options, 'reference-people', 'reference-data-flow']
const parts = { student: 's', jobHash: null, adapter: null, examples: false }

describe('the arms of a run', () => {
  test('a name says arm and seed, and is made from them', () => {
    for (const arm of trainedArms) {
      for (const seedIndex of [1, 2, 12]) {
        expect(armSeedOf(studentModelName(arm, seedIndex))).toEqual({ arm, seedIndex })
      }
    }
    expect(studentModelName('one-shot', 1)).toBe('one-shot')
    expect(studentModelName('one-shot', 3)).toBe('one-shot-s3')
    expect(armSeedOf('attempt-7')).toEqual({ arm: 'submission', seedIndex: 1 })
  })

  test('a reference of several is an arm of its own, whose name cannot be taken for a seed', () => {
    expect(['reference', 'reference-people', 'control'].map((arm) => kindOf(arm as TrainedArm))).toEqual([
      'reference',
      'reference',
      'control',
    ])
    const names = ['people', 'data-flow', 's2x', 's2', 'data-s12', 'People', '-people', '']
    expect(names.filter((name) => ReferenceName.safeParse(name).success)).toEqual(['people', 'data-flow', 's2x'])
  })

  test('a candidate written before arms were said has those of its name', () => {
    const names = ['base', 'base-examples', 'control', 'final', 'attempt-2']
    expect(names.map((name) => StudentModel.parse({ ...parts, name }).arm)).toEqual([
      'base',
      'base-examples',
      'control',
      'final',
      'submission',
    ])
    expect(StudentModel.parse({ ...parts, name: 'final-s3' })).toMatchObject({ arm: 'final', seedIndex: 3 })
    // An attempt that was raced.
    expect(StudentModel.parse({ ...parts, name: 'attempt-12-s2' })).toMatchObject({ arm: 'submission', seedIndex: 2 })
    expect(['attempt-12-s2', 'attempt-3', 'final-s2'].map(attemptNumber)).toEqual([12, 3, null])
  })

  test.each(['base-s2', 'attempt-1-s', 'final-s', 'finals', 'one-shot-sx', 'reference-', 'reference-A', ''])(
    '%o is no name',
    (name) => {
      expect(StudentModel.safeParse({ ...parts, name }).success).toBe(false)
      expect(() => armSeedOf(name)).toThrow()
    },
  )

  test('a run begun before its evidence was said had the control with one seed', () => {
    expect(Evidence.parse({})).toEqual({
      seeds: 1,
      arms: ['control'],
      submissions: false,
      ladder: 'off',
      swapValidationAt: null,
      retention: false,
      references: [],
    })
  })
})
