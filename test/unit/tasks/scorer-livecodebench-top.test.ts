import { describe, expect, test } from 'vitest'
import { scoreLivecodebenchTop } from '../../../tasks/scorers/livecodebench-top.ts'
import { extractTestOutput } from '../../../tasks/scorers/test-output-reply.ts'

const official = (prediction: string, expected: string) =>
  scoreLivecodebenchTop({ prediction, expected_output: expected }, 'official')
const normalised = (response: string, expected: string) =>
  scoreLivecodebenchTop({ response, expected_output: expected }, 'normalised').correct

describe('test output prediction: extraction', () => {
  test.each([
    ['the last assertion at column 0', 'assert a == 1\nassert b == 2\n  assert c == 3', 'assert b == 2'],
    ['the first Python fence', 'x\n```\n1\n```python\n2\n3\n```\n4', '2\n3'],
    ['the first two fences', 'x\n```js\n1\n```\n```\n2\n```', '1'],
    ['nothing from one fence', 'x\n```\n1', ''],
    ['nothing from plain text', '**assert f(1) == 2**', ''],
  ])('takes %s', (_what, reply, expected) => expect(extractTestOutput(reply)).toBe(expected))
})

describe('test output prediction, official', () => {
  test.each([
    ['assert f(1) == 5', '5'],
    ['assert f(nums = [1, 2], s = "a == b") == [1, 2], "message"', '[1,2]'],
    ['assert (f(1) == 5)  # why', '5'],
    ['assert f(1) == 1_000', '1000'],
    ['assert f(1) == 10**9+7', '1000000007'],
    ['assert f(1) == True', '1'],
    ['assert f(1) == 5.0', '5'],
    ['assert f(1) == [1.0, None,]', '[1, null]'],
    ['assert f(1) == 5 == 6', '5'],
    ['assert f(1) == "\\x61"', '"a"'],
    ['assert f(1) == [0] * 3', '[0,0,0]'],
    ['# assert\nx = 1\n  assert f(1) == 5\nassert f(1) == 6', '5'],
    ['assert f(1) == 5; import os', '5'],
    ['[1, 2]', '[1,2]'],
    ['[1,\n 2]  # c', '[1,2]'],
    ['123456789012345678901', '123456789012345678901'],
  ])('accepts %s for %s', (prediction, expected) => expect(official(prediction, expected).correct).toBe(true))

  test.each([
    ['assert 5 == f(1)', '5', 'undefined-name'],
    ['assert f(1) == (1, 2)', '[1,2]', 'different'],
    ['assert f(1) == true', 'true', 'undefined-name'],
    ['assert f(1) == 0.1 + 0.2', '0.3', 'different'],
    ['assert f(1) != 5', '5', 'not-an-equality'],
    ['assert f(1) == 5 and True', '5', 'not-an-equality'],
    ['assert f(1 2) == 5', '5', 'invalid-syntax'],
    ['assert f([1, 2) == 5', '5', 'invalid-syntax'],
    ['assert f(x=1, 2) == 5', '5', 'invalid-syntax'],
    ['assert f(1) == 05', '5', 'invalid-syntax'],
    ['assertEqual(f(1), 5)', '5', 'not-an-assertion'],
    ['assert f(1) == 1 / 0', '5', 'evaluation-error'],
    ['assert f(1) == len([1, 2])', '2', 'unsupported-expression'],
    ['assert f(1) == "\\ud83d\\ude00"', '"\\ud83d\\ude00"', 'different'],
    ['# as printed\n  5', '5', 'invalid-syntax'],
    ['\n  5\n', '6', 'different'],
    ['assert f("\ud83d") == 5', '5', 'invalid-syntax'],
    ['assert f("\\N[{BULLET}") == 5', '5', 'invalid-syntax'],
    ['assert f(1) == "\\N{BULLET}"', '"•"', 'unsupported-expression'],
    ['assert f(1) == (yield)', '5', 'invalid-syntax'],
    ['5', 'not json', 'gold-not-json'],
    ['', '5', 'no-answer'],
  ])('refuses %s for %s: %s', (prediction, expected, reason) => {
    expect(official(prediction, expected)).toMatchObject({ correct: false, reason })
  })
})

describe('test output prediction, normalised', () => {
  test.each([
    ['  **assert f(1) == [1, 2]**', '[1,2]'],
    ['assert [1, 2] == f(1)', '[1,2]'],
    ['assert f(1) == (1, 2)', '[1,2]'],
    ['assert f(1) == true', 'true'],
    ['assert f(1) == 0.30000000000000004', '0.3'],
    ['The answer is [1, 2].', '[1,2]'],
    ['`null`', 'null'],
    ['Output: [1, 2]', '[1,2]'],
    ['f(1) == {"a": 1}', '{"a": 1}'],
    ['So the function returns `True`.', 'true'],
    ['[ANSWER][1, 2][/ANSWER]', '[1,2]'],
    ['assert f(1) == [1, 2].', '[1,2]'],
  ])('accepts %s for %s', (response, expected) => expect(normalised(response, expected)).toBe(true))

  test.each([
    ['assert f(1) == 1', 'true'],
    ['assert f(1) == [2, 1]', '[1,2]'],
    ['no idea', '1'],
    ['assert f(1) != 5', '5'],
    ['So the function returns [1, 3].', '3'],
    ['assert f(1) == sorted([2, 3])', '3'],
    ['assert f(1) == 1000001.0', '1000000'],
  ])('refuses %s for %s', (response, expected) => expect(normalised(response, expected)).toBe(false))
})
