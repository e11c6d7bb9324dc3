import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { openSandbox } from '../../../tasks/sandbox/sandbox.ts'

// No clock ends what goes on: 1,000 steps are some tenths of a second.
const sandbox = openSandbox({ maxSteps: 1000, timeoutMs: 150 })
afterAll(() => sandbox[Symbol.asyncDispose]())

test('a hook gets JSON and gives JSON', async () => {
  const source = '(text, factor) => ({ rows: JSON.parse(text).map((n) => n * factor) }) // a comment at the end'
  expect(await sandbox.call(source, '[1, 2]', 3)).toEqual({ ok: true, value: { rows: [3, 6] } })
  expect(await sandbox.call('(s) => s', '  </script> "é" \'')).toEqual({
    ok: true,
    value: '  </script> "é" \'',
  })
})

test('S1 nothing is left over from one call to the next', async () => {
  await sandbox.call('() => { globalThis.kept = 1; Array.prototype.map = null; return 0 }')
  expect(await sandbox.call('() => [typeof kept, typeof [].map]')).toEqual({
    ok: true,
    value: ['undefined', 'function'],
  })
})

describe('S1 a function that is called again begins where it began', () => {
  test.each([
    ['a count that it closes over', '(() => { let n = 0; return () => ++n })()', 1],
    ['a global that it sets', '() => globalThis.n = (globalThis.n ?? 0) + 1', 1],
    [
      'a built-in that it changes',
      '() => { const was = String([].map); Array.prototype.map = 7; return was.length > 1 }',
      true,
    ],
    ['JSON as it left it', '(x) => { const was = typeof JSON.parse; JSON.stringify = null; return was }', null],
    [
      'a large table, empty at first',
      '(() => { const t = new Uint8Array(3e6); return () => t[0]++ + t[1e6]++ + t[2999999]++ })()',
      0,
    ],
    ['a cache of what it was given', '((seen) => (x) => { seen.set(x, 1); return seen.size })(new Map())', 1],
    ['an index of a sticky expression', '((r) => () => { r.exec("aa"); return r.lastIndex })(/a/g)', 1],
    ['a property of itself', 'function f() { return f.n = (f.n ?? 0) + 1 }', 1],
    [
      'memory that it fills',
      '() => { let t = []; for (let i = 0; i < 40; i++) t.push(new Uint8Array(2e5).fill(i)); return t.length }',
      40,
    ],
  ])('%s', async (_, source, value) => {
    const first = await sandbox.call(source, 'one')
    await sandbox.call('() => { globalThis.n = 5; const all = []; for (;;) all.push(new Array(1e4).fill(7)) }')
    expect([first, await sandbox.call(source, 'two'), await sandbox.call(source, 'one')]).toEqual(Array(3).fill(first))
    if (value !== null) expect(first).toEqual({ ok: true, value })
  })

  test('more functions than are kept ready at a time', async () => {
    const source = (n: number) => `((t) => (x) => x + t.length + ${n} + t[5]++)(new Uint8Array(5e6))`
    for (const n of [1, 2, 3, 4, 5, 6, 7, 8, 1, 2])
      expect(await sandbox.call(source(n), 1)).toEqual({ ok: true, value: 5_000_001 + n })
  })

  test('a text that is no function stays none, and one that loops before it is a function is ended', async () => {
    for (const source of ['() => {', '(() => { for (;;); })()', '(() => { throw new Error("no") })()'])
      for (let call = 0; call < 2; call++) expect(await sandbox.call(source)).toMatchObject({ ok: false })
  })
})

describe('S1 there is nothing to reach', () => {
  test.each(['process', 'require', 'fetch', 'console', 'setTimeout', 'Date', 'Promise', 'WebAssembly', 'Worker'])(
    '%s',
    async (name) => {
      expect(await sandbox.call(`() => typeof ${name}`)).toEqual({ ok: true, value: 'undefined' })
    },
  )
  test.each([
    "() => this.constructor.constructor('return process')().env",
    "() => (function () {}).constructor('return globalThis')().process.exit(1)",
    "() => import('node:fs')",
    '() => Math.random()',
    '() => eval(\'require("fs")\')',
    '() => given.constructor.constructor("return process")().pid',
  ])('%s', async (source) => {
    expect(await sandbox.call(source)).toMatchObject({ ok: false })
    expect(await sandbox.call('() => 1')).toEqual({ ok: true, value: 1 })
  })
})

describe('S2 a hostile hook costs its call alone', () => {
  test.each([
    ['an endless loop', '() => { for (;;); }', ['timeout']],
    ['an endless loop that catches', '() => { for (;;) try { for (;;); } catch {} }', ['timeout']],
    ['a regular expression that explodes', "() => /(a+)+$/.test('a'.repeat(60) + '!')", ['timeout']],
    ['a built-in loop that never looks up', '() => new Array(4294967295).join("x")', ['timeout']],
    [
      'a memory bomb',
      '() => { const all = []; for (;;) all.push(new Array(1e4).fill(all.length)) }',
      ['memory', 'timeout'],
    ],
    ['typed arrays without end', '() => { const all = []; for (;;) all.push(new Uint8Array(1 << 20)) }', ['memory']],
    ['one huge allocation', '() => new Uint8Array(1e9).length', ['memory']],
    ['endless recursion', '() => { const f = () => f() + 1; return f() }', ['raised']],
    ['deep nesting', "() => JSON.parse('['.repeat(200000))", ['raised']],
    ['a number too large', '() => 10n ** 100000000n', ['raised', 'timeout', 'memory']],
    ['a circle', '() => { const o = {}; o.o = o; return o }', ['raised']],
    ['nothing', '() => undefined', ['bad-result']],
    ['too much', '() => "x".repeat(2e6)', ['bad-result']],
    ['a forged result', '() => ({ toJSON: () => undefined })', ['bad-result']],
    [
      'a result nested 3,000 levels',
      '() => { let a = []; for (let i = 0; i < 3000; i++) a = [a]; return a }',
      ['bad-result'],
    ],
    [
      'a result nested a million levels',
      '() => { let a = []; for (let i = 0; i < 1e6; i++) a = [a]; return a }',
      ['raised', 'memory'],
    ],
    ['a result that nests just too deep', '() => JSON.parse("[".repeat(129) + "]".repeat(129))', ['bad-result']],
    [
      'a thrown value that is no error',
      '() => { throw { name: { toString: 1 }, message: { toString: 1 } } }',
      ['raised'],
    ],
    [
      'a thrown value that is nested',
      '() => { let a = []; for (let i = 0; i < 3000; i++) a = [a]; throw a }',
      ['raised'],
    ],
    ['an error whose name never ends', '() => { throw { get name() { for (;;); } } }', ['timeout']],
    ['a result whose text never ends', '() => ({ toJSON() { for (;;); } })', ['timeout']],
    ['a list that is as long as none', '() => Array.prototype.forEach.call({ length: 2 ** 50 }, () => 0)', ['timeout']],
    ['a search in a long text', '() => "a".repeat(1e6).includes("a".repeat(5e5) + "b")', ['timeout']],
    ['text that does not parse', '() => {', ['raised']],
    ['no function', '42', ['raised']],
    ['an async function', 'async () => 1', ['raised']],
  ])('%s', async (_, source, reasons) => {
    const outcome = await sandbox.call(source)
    expect(outcome.ok).toBe(false)
    expect(reasons).toContain(outcome.ok ? '' : outcome.reason)
    expect(await sandbox.call('(n) => n + 1', 1)).toEqual({ ok: true, value: 2 })
  })
})

test('S3 the own thread goes on while a hook loops', async () => {
  let ticks = 0
  const timer = setInterval(() => ticks++, 5)
  await sandbox.call('() => { for (;;); }')
  clearInterval(timer)
  expect(ticks).toBeGreaterThan(5)
})

test('S2 what a function may do is counted in steps, so that it is the same on a busy machine', async () => {
  await using narrow = openSandbox({ maxSteps: 3, timeoutMs: 60_000 })
  const loop = '(n) => { let sum = 0; for (let i = 0; i < n; i++) sum += i; return sum }'
  expect(await narrow.call(loop, 1000)).toEqual({ ok: true, value: 499_500 })
  expect(await narrow.call(loop, 1e7)).toMatchObject({ ok: false, reason: 'timeout' })
})

const sum = '(n) => { let sum = 0; for (let i = 0; i < n; i++) sum += i; return sum }'

test('S4 steps are counted in the same way, however long they take', async () => {
  // The last loop that the steps allow takes many times the patience with a built-in operation, which a step renews.
  await using quick = openSandbox({ maxSteps: 3000, timeoutMs: 30 })
  expect(await quick.call(sum, 3e6)).toEqual({ ok: true, value: (3e6 * (3e6 - 1)) / 2 })
  await using narrow = openSandbox({ maxSteps: 100, timeoutMs: 30 })
  const ends = async (loops: number) => (await narrow.call(sum, loops)).ok
  let [may, mayNot] = [0, 1e7]
  while (mayNot - may > 1) {
    const middle = Math.floor((may + mayNot) / 2)
    if (await ends(middle)) may = middle
    else mayNot = middle
  }
  // To one loop the same in a new interpreter, and while all else that the machine has is busy.
  await using other = openSandbox({ maxSteps: 100, timeoutMs: 30 })
  const busy = openSandbox({ maxSteps: 100_000 })
  const load = [1, 2, 3].map(() => busy.call(sum, 3e6))
  for (const box of [narrow, other]) {
    expect(await box.call(sum, may)).toMatchObject({ ok: true })
    expect(await box.call(sum, mayNot)).toMatchObject({ ok: false, reason: 'timeout' })
  }
  await Promise.all(load)
  await busy[Symbol.asyncDispose]()
})

test('S4 a process that was stopped for longer than the patience loses no call', async () => {
  const script = `
    import { openSandbox } from ${JSON.stringify(new URL('../../../tasks/sandbox/sandbox.ts', import.meta.url).href)}
    await using box = openSandbox({ maxSteps: 100_000, timeoutMs: 150 })
    console.log('ready')
    for (let call = 0; call < 20; call++) console.log(JSON.stringify(await box.call(${JSON.stringify(sum)}, 1e6)))`
  const folder = await mkdtemp(join(tmpdir(), 'syllabus-stopped-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  await writeFile(join(folder, 'calls.mjs'), script)
  const child = spawn(process.execPath, [join(folder, 'calls.mjs')], { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines: string[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line)
    if (lines.length % 6 !== 0) continue
    child.kill('SIGSTOP')
    await sleep(600)
    child.kill('SIGCONT')
  }
  expect(lines.slice(1)).toEqual(Array(20).fill('{"ok":true,"value":499999500000}'))
})

test('calls made together are answered in order', async () => {
  const outcomes = await Promise.all([1, 2, 3].map((n) => sandbox.call('(n) => n * n', n)))
  expect(outcomes.map((outcome) => outcome.ok && outcome.value)).toEqual([1, 4, 9])
})

test('S2 what a hook takes is bounded, however it is taken and however often', async () => {
  await using small = openSandbox({ maxSteps: 1_000_000, timeoutMs: 2_000, maxBytes: 8 * 1024 ** 2 })
  await small.call('() => 1')
  const before = process.memoryUsage.rss()
  for (let call = 0; call < 20; call += 1) {
    const outcome = await small.call('() => { const all = []; for (;;) all.push(new Uint8Array(1 << 18)) }')
    expect(outcome).toMatchObject({ ok: false, reason: 'memory' })
  }
  expect(process.memoryUsage.rss() - before).toBeLessThan(100 * 1024 ** 2)
})

test('a promise is told as one', async () => {
  const reported = { ok: false, reason: 'raised', message: expect.stringContaining('it returned a promise') }
  expect(await sandbox.call('async (n) => n + 1', 1)).toEqual(reported)
  expect(await sandbox.call('async (n) => { await n; return n }', 1)).toEqual(reported)
})
