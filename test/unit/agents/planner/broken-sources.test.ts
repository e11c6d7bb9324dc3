import { expect, test } from 'vitest'
import { brokenSources } from '../../../../agents/planner/step.ts'

const truncated = 'not usable: it was cut off at the token limit'
const counts = { asked: 8, generated: 0, admitted: 0, rejected: {} }

test('a source of which every reply is cut off raises the program, with what helps', () => {
  const failures = { totals: { truncated: truncated } }
  expect(brokenSources({ totals: { ...counts, failed: { truncated: 8 } } }, { failures })).toBe(
    `source "totals" made no row of 8: ${truncated}. Give its sampling a higher maxTokens`,
  )
  expect(brokenSources({ totals: { ...counts, failed: { truncated: 4, unusable: 4 } } }, { failures })).toBeNull()
  expect(brokenSources({ totals: { ...counts, generated: 1, failed: { truncated: 7 } } }, { failures })).toBeNull()
})

test('a limit of the endpoint is none that a program can raise', () => {
  const failures = {
    totals: { truncated: 'not usable: it was cut off at 100 tokens, and its endpoint allows no more' },
  }
  const why = brokenSources({ totals: { ...counts, failed: { truncated: 8 } } }, { failures })
  expect(why).toContain('its endpoint allows no more')
  expect(why).not.toContain('maxTokens')
})

test('thoughts that no limit ended are no matter of tokens', () => {
  const failures = { totals: { truncated: 'not usable: no answer came after its thoughts' } }
  const why = brokenSources({ totals: { ...counts, failed: { truncated: 8 } } }, { failures })
  expect(why).toContain('no answer came after its thoughts')
  expect(why).not.toContain('maxTokens')
})
