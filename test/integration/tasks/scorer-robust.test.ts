import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { evalPython, loadsPythonJson, parsePython, pyEquals } from '../../../tasks/python-literal/mod.ts'
import { pythonRepr } from '../../../tasks/python-literal/value.ts'
import type { LineScorer } from '../../../tasks/scorers/line-scorers.ts'
import { cpuMsOf } from '../../support/cpu-time.ts'
import { lineScorers } from '../../support/scorers.ts'

/** Golds that every scorer can read. */
const golds = ['5', '[1, 2]', 'B', '{"a": 1}']
const modes = ['official', 'normalised'] as const
const snippets = [
  'assert f(1) == ',
  '\\boxed{',
  '}',
  '10^',
  '#### ',
  'answer is ',
  '```python\n',
  '```',
  '[',
  ']',
  '(',
  ')',
  '{',
  "'",
]
const pieces = [
  ...snippets,
  '"',
  '\\',
  '5',
  '1,234',
  '.',
  ' or ',
  'not ',
  'million',
  ' x ',
  '=',
  '==',
  '\n',
  ' ',
  '-',
  '*',
  '%',
  '$',
  '\u2028',
  '٣',
  '😀',
]
const repeated = ['\n', ' ', '.', '5', ',', '[', '(', '`', '1+', 'a', '*', '#### ', '=']
const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.array(fc.constantFrom(...pieces), { maxLength: 30 }).map((parts) => parts.join('')),
)

function run(name: string, response: string, mode: 'official' | 'normalised'): void {
  const score: LineScorer = lineScorers[name]!
  for (const gold of golds) {
    const line = { response, gold, expected_output: gold, unit: response.slice(0, 50) }
    const verdict = score(line, mode)
    if ('invalid' in verdict) continue
    expect(typeof verdict.correct).toBe('boolean')
    expect(verdict.reason).not.toBe('')
  }
}

describe.each(Object.keys(lineScorers))('%s', (name) => {
  test.each(modes)('never throws (%s)', (mode) => {
    fc.assert(
      fc.property(anyText, (response) => run(name, response, mode)),
      { numRuns: 300 },
    )
  })

  const phrases = [
    'assert f(1) == 5, 5 ',
    'assert f(1) == 5\n',
    'assert ',
    '\\boxed{1}',
    '\\boxed{',
    'oxed',
    'oxed{',
    '10^{1}',
  ]
  const more = [
    'answer is 5. ',
    'answer is ',
    'x = ',
    '- ',
    '"a",',
    '()',
    '{}',
    '(-',
    '1,',
    '1,234,',
    '$1 ',
    '\\frac{',
    '\\text{a}',
  ]
  const ofReplies = [
    '@',
    '\t',
    'is ',
    'é ',
    'A ',
    'A)',
    'réponse ',
    '<a>',
    '# ',
    '**a** ',
    '<think>',
    'x = 1 or ',
    'so ',
    '答案',
    'one ',
  ]
  const units = [...repeated, ...phrases, ...more, ...ofReplies, '[ANSWER]', '```python\n', 'not ', '[[1],', '{"a":']
  test('reads 1 MB of anything in seconds', { timeout: 120_000 }, () => {
    const score = lineScorers[name]!
    const slow: string[] = []
    for (const unit of units) {
      const response = `${unit.repeat(Math.ceil(1_000_000 / unit.length))}x`
      const line = { response, gold: '5', expected_output: '5', unit: response }
      const cpuMs = cpuMsOf(() => modes.forEach((mode) => void score(line, mode)))
      // A quadratic pattern takes minutes here; the slowest linear one took 0.6 s for both modes.
      if (cpuMs > 4_000) slow.push(JSON.stringify(unit))
    }
    expect(slow).toEqual([])
  })
})

test('Python literals never make the reader throw', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      for (const read of [evalPython, parsePython, loadsPythonJson]) expect(read(text)).toHaveProperty('ok')
    }),
    { numRuns: 2_000 },
  )
})

test('a JSON value, its Python literal and itself are equal', () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
      const json = loadsPythonJson(JSON.stringify(value))
      if (!json.ok) throw new Error(json.message)
      const literal = evalPython(pythonRepr(json.value))
      expect(literal.ok && pyEquals(literal.value, json.value)).toBe(true)
    }),
  )
})
