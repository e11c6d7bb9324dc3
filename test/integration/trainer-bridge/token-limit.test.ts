import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type FitsStudent, openStudentLength } from '../../../agents/critic/row-checks.ts'
import { openTokenCounter, surelyFits, type TokenCounter } from '../../../agents/kit/token-counter.ts'
import { runtimeEnvironment, runtimePackage, studentPath } from '../../../provision/mod.ts'
import { runCommand } from '../../../provision/run-command.ts'
import type { Row } from '../../../schemas/row.ts'
import { TokenizerFiles, TokenLimit } from '../../../schemas/token-limit.ts'
import { bundledTask } from '../../../tasks/bundled-task.ts'
import { loadTask } from '../../../tasks/load.ts'
import { type Runtime, startRuntime } from '../../../trainer-bridge/runtime.ts'
import { createTokenLimits } from '../../../trainer-bridge/token-limit.ts'
import { memoryLog, type TestServer, withServer } from '../../support/nats.ts'
import { testHome } from '../../support/provision.ts'
import { runtimePython } from '../../support/python.ts'

const { recipe } = await loadTask(bundledTask)
const short = { ...recipe, cutoff_len: 100 }
const student = { name: 'smollm2', path: studentPath(testHome), sha256: 'a'.repeat(64) }
const signal = new AbortController().signal

/** What tokenizers find hard, mixed by a fixed order. */
const pieces = [
  'The shop sells 12 crates at $3.75.',
  ' don’t ',
  "I'LL've",
  '\n\n\t',
  '   ',
  '1234567890',
  '\\boxed{12.50}',
  '\\frac{a}{b}^2',
  'def f(x):\n    return x',
  '名前は',
  'число',
  'naïve café',
  '😀👩‍👩‍👧',
  '٣٤',
  '½²',
  '<|im_end|>',
  '\u00a0\u2028',
  '========',
  'ÀÉ',
  'https://a.b/c?d=e&f',
]
const rows: Row[] = Array.from({ length: 400 }, (_, n) => {
  const text = (from: number, count: number) =>
    Array.from({ length: count }, (_, at) => pieces[(n * 7 + from + at * (1 + (n % 19))) % pieces.length]).join(' ')
  return {
    id: `a1.r1.s.${n}.0`,
    skill: 's',
    source: 's',
    instruction: n % 3 === 0 ? '' : 'Answer.',
    input: text(0, 2 + (n % 9)),
    output: text(5, 1 + (n % 5)),
    origin: { generator: 'test' },
  }
})

/** Tokens of each row as the runtime encodes it for a training. */
async function encodedTokens(python: string): Promise<number[]> {
  const folder = await mkdtemp(join(tmpdir(), 'token-limit-'))
  const file = join(folder, 'rows.jsonl')
  await writeFile(file, rows.map((row) => JSON.stringify(row)).join('\n'))
  const script = `
import json, sys
from transformers import AutoTokenizer
from syllabus_runtime.chat import encode_row
from syllabus_runtime.rows import read_rows
tokenizer = AutoTokenizer.from_pretrained(sys.argv[1])
print(json.dumps([encode_row(tokenizer, row, sys.argv[3]).tokens for row in read_rows(sys.argv[2])]))`
  const args = ['-c', script, student.path, file, recipe.system]
  const reported = await runCommand(python, args, {
    cwd: runtimePackage,
    env: runtimeEnvironment(),
    timeoutMs: 120_000,
  })
  await rm(folder, { recursive: true })
  return JSON.parse(reported.trim().split('\n').at(-1)!)
}

describe("a row's length in the embedded student's tokens", () => {
  let server: TestServer
  let truth: number[]
  let limit: TokenLimit
  let count: TokenCounter
  let fits: FitsStudent
  let runtime: Runtime

  beforeAll(async () => {
    server = await withServer()
    const bus = await server.open('trainer-bridge')
    const python = await runtimePython()
    truth = await encodedTokens(python)
    runtime = startRuntime({ python, log: memoryLog() })
    const scratch = join(server.storeDir, 'scratch')
    const limits = createTokenLimits({ bus, runtime, student, scratch }, memoryLog())
    const { tokenLimit: ref } = await limits.publish(short, {}, 'one', signal)
    expect(await limits.publish(short, {}, 'one', signal)).toEqual({ tokenLimit: ref })
    limit = await bus.objects.getJson(ref!, TokenLimit)
    count = await openTokenCounter(await bus.objects.getJson(limit.tokenizer, TokenizerFiles), limit)
    fits = await openStudentLength(bus)(ref!)
  }, 180_000)
  afterAll(async () => {
    await runtime?.[Symbol.asyncDispose]()
    await server?.[Symbol.asyncDispose]()
  })

  test('is what the training counts, for every row', () => {
    expect(rows.map(count)).toEqual(truth)
  })

  test('decides what fits; where bytes alone decide, they decide the same', async () => {
    const fitting = truth.map((tokens) => tokens <= 100)
    expect(new Set(fitting).size).toBe(2)
    expect(await Promise.all(rows.map(fits))).toEqual(fitting)
    const sure = rows.map((row) => surelyFits(row, limit))
    expect(new Set(sure).size).toBe(2)
    expect(sure.every((is, at) => !is || fitting[at])).toBe(true)
  })

  test('that cannot be counted is said, and is not remembered', async () => {
    const bus = await server.open('trainer-bridge')
    const scratch = join(server.storeDir, 'another')
    const lying: Runtime = {
      ...runtime,
      tokenFrame: async (...args) => ({ ...(await runtime.tokenFrame(...args)), probe_tokens: 1 }),
    }
    const log = memoryLog()
    const printed = await createTokenLimits({ bus, runtime: lying, student, scratch }, log).publish(
      short,
      {},
      'two',
      signal,
    )
    expect(printed).toEqual({ tokensUncounted: expect.stringMatching(/^a probe has 1 tokens, counted: \d+$/) })
    expect(log.lines).toMatchObject([{ level: 'warn', why: printed.tokensUncounted }])
    expect(await readdir(join(scratch, 'tokenizers'))).toEqual([])

    const limits = createTokenLimits({ bus, runtime, student, scratch }, log)
    const counted = await limits.publish(short, {}, 'two', signal)
    expect(await bus.objects.getJson(counted.tokenLimit!, TokenLimit)).toEqual(limit)
    const [kept] = await readdir(join(scratch, 'tokenizers'))
    await writeFile(join(scratch, 'tokenizers', kept!), '{"unusable":"said by an earlier version"}')
    expect(await limits.publish(short, {}, 'two', signal)).toEqual(counted)
  })
})
