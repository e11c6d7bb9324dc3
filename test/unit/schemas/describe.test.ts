import { expect, test } from 'vitest'
import { describe as describeMessage } from '../../../schemas/describe.ts'
import { hostileText } from '../../support/hostile.ts'
import { runLog } from '../../support/run-log.ts'
import { traceLog } from '../../support/trace-log.ts'

const first = (name: string) => traceLog().find((entry) => entry.name === name)!

test('every message of a run has a title, and no text shows what is left out', () => {
  for (const entry of traceLog()) {
    const { title, text } = describeMessage(entry)
    expect(title, entry.name).not.toBe('')
    expect(`${title} ${text}`, entry.name).not.toMatch(/undefined|NaN|\[object/)
  }
})

test('no text of a model breaks out of its line', () => {
  const log = runLog({ diagnosis: `weak\n${hostileText}` }).filter(({ name }) => name === 'decision')
  expect(log.length).toBeGreaterThan(0)
  for (const { name, payload } of log) expect(describeMessage({ name, payload }).text).toMatch(/^weak .*$/)
})

test('why rows were refused and indexes gave none stands in lines of its own, with an example', () => {
  const verdict = first('verdict')
  const bySource = { a: { asked: 9, generated: 7, admitted: 4, rejected: { format: 3 }, failed: { unusable: 2 } } }
  const payload = {
    ...(verdict.payload as object),
    bySource,
    rows: 1204,
    failures: { a: { unusable: 'no JSON' } },
    refusals: { a: { format: 'no\nbox' } },
  }
  expect(describeMessage({ name: 'verdict', payload })).toEqual({
    title: 'attempt 1, round 1',
    text: [
      '4 of 9 candidates admitted, 1,204 rows, not admitted: 3 format',
      'a: no row of 2 (unusable), for example: no JSON',
      'a: 3 refused as format, for example: no box',
    ].join('\n'),
  })
})

test('a program that failed, and one that never came, are told apart', () => {
  const { payload } = traceLog().filter(({ name }) => name === 'decision')[1]!
  const failed = { ...(payload as object), error: 'boom\nat line 3' }
  expect(describeMessage({ name: 'decision', payload: failed })).toEqual({
    title: 'attempt 2',
    text: 'its program failed: boom',
  })
  const none = describeMessage({ name: 'decision', payload: { ...failed, program: null } })
  expect(none.title).toBe('attempt 2 (improve)')
  expect(none.text.split('\n').at(-1)).toBe('no program came of it: boom')
})

test('what is left out of an opening and of a measurement is a line', () => {
  const { payload } = first('final-eval-request')
  const arm = { arm: 'random', rows: 0, dataset: null, datasetHash: null, sameAs: null, leftOut: 'too few rows' }
  expect(describeMessage({ name: 'final-eval-request', payload: { ...(payload as object), arms: [arm] } }).text).toBe(
    'for base, base-examples, control, final\nno random: too few rows',
  )
  const predictions = { ...(first('predictions').payload as object), examplesLeftOut: 'too long' }
  expect(describeMessage({ name: 'predictions', payload: predictions }).text.split('\n')[1]).toBe(
    'no base-examples: too long',
  )
})

test('a message that could not be read says why', () => {
  expect(describeMessage({ name: 'report', payload: 'rubbish', parseError: 'not JSON' })).toEqual({
    title: 'report',
    text: 'not readable: not JSON',
  })
})
