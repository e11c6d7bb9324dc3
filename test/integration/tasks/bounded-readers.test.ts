import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { maxForeignDepth, parseJson } from '../../../schemas/bounded-json.ts'
import { parseYaml } from '../../../tasks/files/bounded-yaml.ts'

const nested = (depth: number, open = '[', close = ']') => open.repeat(depth) + close.repeat(depth)

describe('parseJson', () => {
  test('reads what JSON.parse reads, and refuses what it refuses', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(parseJson(text)).toEqual(JSON.parse(text))
      }),
    )
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('"', '\\', '[', ']', '{', '}', ',', ':', '1', 'a', ' ') }),
        (text) => {
          const [own, plain] = [parseJson, JSON.parse].map((read) => {
            try {
              return { value: read(text) }
            } catch (error) {
              return { fault: error instanceof SyntaxError }
            }
          })
          expect(own).toEqual(plain)
        },
      ),
    )
  })

  test.each([
    ['lists', '[', ']'],
    ['objects', '{"a":', '}'],
    ['both', '[{"a":', '}]'],
    ['lists with blanks', '[ \n', ' \t]'],
    ['lists behind a text full of quotes', '["\\"[[[{{",', ']'],
  ])('%s nest to the bound and no further', (_, open, close) => {
    const levels = close === '}]' ? maxForeignDepth / 2 : maxForeignDepth
    const of = (depth: number) => `${open.repeat(depth)}1${close.repeat(depth)}`
    expect(() => parseJson(of(levels))).not.toThrow()
    for (const depth of [levels + 1, 3000, 100_000]) {
      expect(() => parseJson(of(depth))).toThrow(`it nests deeper than ${maxForeignDepth} levels`)
    }
  })

  test('brackets inside texts are no levels', () => {
    const text = `${nested(1000)}\\"${nested(1000, '{', '}')}`
    expect(parseJson(`["${text}","\\\\"]`)).toEqual([text.replace('\\"', '"'), '\\'])
  })

  test('too many values and too long a text are refused', () => {
    expect(() => parseJson('[1,2,3]', { maxValues: 3 })).toThrow('it holds more than 3 values')
    expect(() => parseJson('[[],[],[]]', { maxValues: 3 })).toThrow('it holds more than 3 values')
    expect(parseJson('[1,2]', { maxValues: 3 })).toEqual([1, 2])
    expect(() => parseJson('"abc"', { maxChars: 4 })).toThrow('it has 5 characters, and may have 4')
  })

  test('what is deep and no JSON either costs no stack', () => {
    for (const text of ['['.repeat(1_000_000), '{"a":'.repeat(100_000), `${'['.repeat(100)}"`]) {
      expect(() => parseJson(text)).toThrow(SyntaxError)
    }
  })
})

describe('parseYaml', () => {
  test('reads YAML and JSON', () => {
    expect(parseYaml('a: [1, {b: two}]\n# nothing\nc: |\n  text\n')).toEqual({ a: [1, { b: 'two' }], c: 'text\n' })
    expect(parseYaml('{"a": [1, "two", null]}')).toEqual({ a: [1, 'two', null] })
    expect(parseYaml('base: &b {x: 1}\nother: *b')).toEqual({ base: { x: 1 }, other: { x: 1 } })
    expect(parseYaml('')).toBeNull()
  })

  const laughs = Array.from(
    { length: 9 },
    (_, n) =>
      `a${n}: &a${n} [${Array(9)
        .fill(n ? `*a${n - 1}` : 'x')
        .join(', ')}]`,
  )
  test.each([
    ['flow lists', nested(100_000), /nests deeper than 128 levels at line 1/],
    ['flow lists without an end', '['.repeat(1500), /nests deeper than 128 levels at line 1/],
    ['flow mappings', '{a: '.repeat(3000), /nests deeper/],
    ['lists in one line', `${'- '.repeat(5000)}x`, /nests deeper/],
    ['keys in one line', `${'? '.repeat(5000)}x`, /nests deeper/],
    ['indented mappings', Array.from({ length: 500 }, (_, n) => `${' '.repeat(n)}a:\n`).join(''), /nests deeper/],
    ['an alias inside what it names', 'a: &a [*a]', /nests deeper/],
    ['a billion laughs', laughs.join('\n'), /alias count/],
    [
      'one large list again and again',
      `a: &a [${'1,'.repeat(9999)}1]\nb: [${'*a,'.repeat(90)}*a]`,
      /more than 400000 values/,
    ],
    ['many keys', Array.from({ length: 20_000 }, (_, n) => `k${n}: 1`).join('\n'), /more than 2000 keys at line 2001/],
    [
      'many keys in braces',
      `{${Array.from({ length: 20_000 }, (_, n) => `k${n}: 1`).join(', ')}}`,
      /more than 2000 keys/,
    ],
    ['many anchors', `${'&a '.repeat(50_000)}x`, /at most one anchor at line 1, column 4/],
    ['many lines', '\n'.repeat(1_000_000), /more than 400000 tokens/],
    ['a large file', 'a'.repeat(5_000_000), /has 5000000 characters/],
    ['an unknown alias', 'a: *b', /Unresolved alias/],
    ['two documents', 'a: 1\n---\nb: 2', /multiple documents/],
    ['a tab', 'a:\n\t- b', /Tabs are not allowed as indentation at line 2, column 1/],
  ])('%s: refused by one line that says why', (_, text, why) => {
    expect(() => parseYaml(text)).toThrow(why)
    expect(() => parseYaml(text)).toThrow(/^[^\n]*$/)
  })

  test('a key that is a property of every object is a key like any other', () => {
    expect(Object.keys(parseYaml('__proto__: {polluted: 1}') as object)).toEqual(['__proto__'])
    expect(Object.keys(parseJson('{"__proto__": {"polluted": 1}}') as object)).toEqual(['__proto__'])
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })
})
