import { afterAll, describe, expect, test } from 'vitest'
import { callHooks, type HookContext, hooksThatDoNotCompile } from '../../../../agents/kit/sandbox/hooks.ts'
import { Hooks } from '../../../../schemas/program.ts'
import { openSandbox } from '../../../../tasks/sandbox/sandbox.ts'

const sandbox = openSandbox({ maxSteps: 100 })
afterAll(() => sandbox[Symbol.asyncDispose]())

const row = { input: 'How many?', output: '\\boxed{3}' }
const context: HookContext = {
  index: 4,
  sample: 0,
  skill: 'north',
  source: 'some',
  instruction: 'Solve.',
  seed: 'a seed',
  parameters: { place: 'a shop' },
  chance: 0.25,
}
const call = (hooks: Partial<Hooks>, given: Parameters<typeof callHooks>[2] = { row }) =>
  callHooks(sandbox, Hooks.parse(hooks), given, context)

describe('what hooks say', () => {
  test('parse reads the row from the reply, accept sees it, expand adds to it', async () => {
    const hooks = {
      parse: "(reply, { parameters }) => { const [input, output] = reply.split('=>'); return { input, output } }",
      accept: '(row, context) => context.chance < 0.5 && row.output.length > 1',
      expand: "(row, { parameters }) => [{ ...row, input: ['In', parameters.place, row.input].join(' ') }]",
    }
    expect(await call(hooks, { reply: 'How many? => It is 3.' })).toEqual({
      kind: 'rows',
      rows: [
        { input: 'How many?', output: 'It is 3.' },
        { input: 'In a shop How many?', output: 'It is 3.' },
      ],
    })
  })

  test.each([
    ['no row', { parse: '() => null' }, { kind: 'none' }],
    ['a refusal', { accept: '() => false' }, { kind: 'not-accepted' }],
    ['a refusal with its reason', { accept: "(row) => 'no box'" }, { kind: 'not-accepted', reason: 'accept: no box' }],
    [
      'a row as it was, whatever accept does to it',
      { accept: '(row) => { row.input = ""; return true }' },
      { rows: [row] },
    ],
  ])('%s', async (_, hooks, printed) => {
    expect(await call(hooks, 'parse' in hooks ? { reply: 'x' } : { row })).toMatchObject(printed)
  })
})

describe('a hook that fails costs its reply, and says what failed', () => {
  test.each([
    ['raises', { accept: "() => { throw new Error('no such thing') }" }, 'accept: Error: no such thing'],
    ['raises nothing', { accept: '() => { throw null }' }, 'accept: null'],
    ['parses something else', { parse: '() => ({ question: 1 })' }, 'parse returned something else'],
    ['accepts something else', { accept: '() => 1' }, 'accept returned something else'],
    ['expands to something else', { expand: '(row) => [{ ...row, output: 7 }]' }, 'at 0.output'],
    ['expands to too many', { expand: '(row) => Array(5).fill(row)' }, 'up to 4 rows'],
    ['loops', { expand: '() => { for (;;); }' }, 'longer than it may'],
    ['takes all memory', { accept: '() => "x".repeat(1e8).length > 0' }, 'memory'],
    ['breaks all objects', { accept: '() => { Object.prototype.toJSON = () => 1; return true }' }, 'JSON form'],
  ])('%s', async (_, hooks, reason) => {
    const hooked = await call(hooks, 'parse' in hooks ? { reply: 'x' } : { row })
    expect(hooked).toMatchObject({ kind: 'failed', reason: expect.stringContaining(reason) })
    expect(await call({ accept: '() => true' })).toEqual({ kind: 'rows', rows: [row] })
  })
})

describe('a deeply nested reply costs its own row alone', () => {
  const parse = '(reply) => JSON.parse(reply)'
  test.each([200, 1000, 2000, 3000, 10_000, 100_000])('%i levels', async (levels) => {
    for (const [open, close] of [
      ['[', ']'],
      ['{"a":', '}'],
    ] as const) {
      const notes = `${open.repeat(levels)}1${close.repeat(levels)}`
      for (const reply of [notes, `{"input":"a","output":"b","notes":${notes}}`]) {
        const hooked = await call({ parse }, { reply })
        expect(hooked).toMatchObject({ kind: 'failed', reason: expect.stringMatching(/nests deeper|stack overflow/) })
      }
    }
    expect(await call({ parse }, { reply: JSON.stringify(row) })).toEqual({ kind: 'rows', rows: [row] })
  })
})

test('nothing is left over from one row to the next', async () => {
  const counting = {
    accept:
      '(() => { let n = 0; return () => { globalThis.m = (globalThis.m ?? 0) + 1; return ++n === 1 && m === 1 } })()',
  }
  for (const _ of [1, 2, 3]) expect(await call(counting)).toEqual({ kind: 'rows', rows: [row] })
})

test('text that is no function is told before it is used', async () => {
  const hooks = Hooks.parse({ parse: '(row) => {', accept: '42', expand: '(row) => [] // fine' })
  expect(await hooksThatDoNotCompile(sandbox, hooks)).toEqual([
    { hook: 'parse', why: expect.stringContaining('SyntaxError') },
    { hook: 'accept', why: expect.stringContaining('number') },
  ])
})
