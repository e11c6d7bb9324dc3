import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { startRuntime } from '../../../trainer-bridge/runtime.ts'
import { RuntimeDiedError } from '../../../trainer-bridge/runtime-errors.ts'
import { fakePython, hello } from '../../support/fake-python.ts'
import { hostileMessages } from '../../support/hostile-message.ts'

/*
 * Whatever a runtime says, a request ends: answered, refused, or with its process. The process of the bridge goes on.
 */

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'syllabus-lines-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))
const faults: unknown[] = []
for (const name of ['unhandledRejection', 'uncaughtException'] as const) process.on(name, (error) => faults.push(error))
afterEach(() => expect(faults.splice(0)).toEqual([]))

const log = { debug() {}, info() {}, warn() {} }

/** What became of a request, where the runtime says these lines before its own answer; `$ID` stands for the request's id. */
async function outcomeOf(lines: readonly Buffer[], maxLineChars?: number): Promise<string> {
  const file = join(await mkdtemp(join(folder, 'lines-')), 'lines')
  await writeFile(file, Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')])))
  const python = await fakePython(
    folder,
    `require('node:fs').writeSync(1, Buffer.from(require('node:fs').readFileSync(${JSON.stringify(file)}, 'latin1').replaceAll('$ID', id), 'latin1'))`,
  )
  await using runtime = startRuntime({ python, log, restartDelayMs: 5, ...(maxLineChars && { maxLineChars }) })
  return await runtime.hello().then(
    (answer) =>
      JSON.stringify(answer) === JSON.stringify(hello) ? 'answered' : `answered otherwise: ${JSON.stringify(answer)}`,
    (error) => (error instanceof RuntimeDiedError ? 'died' : `refused: ${error.kind} ${error.message.split('\n')[0]}`),
  )
}
const outcomeOfText = (text: string) => outcomeOf([Buffer.from(text)])

test.each([
  ['a banner of a library', 'Loading weights: 100%|####| 12/12', 'answered'],
  ['an event of a later version', '{"event":"novelty","id":"$ID"}', 'answered'],
  ['a heartbeat with a number that is none', '{"event":"heartbeat","rss_mb":1e999}', 'answered'],
  ['progress of nobody', '{"event":"progress","id":"nobody","phase":"infer","done":1,"total":2,"eta_s":1}', 'answered'],
  ['progress without its numbers', '{"event":"progress","id":"$ID","phase":"train"}', 'answered'],
  ['an answer to nobody', '{"event":"done","id":"__proto__","result":{}}', 'answered'],
  ['values that are no events', 'null\n1\n"x"\n[]\n[[[[', 'answered'],
  [
    'a failure with a text that has separators of lines',
    '{"event":"error","id":"$ID","kind":"bad_student","message":"a\u2028b\u2029c\u0085d"}',
    /^refused: bad_student a/,
  ],
  [
    'a failure of a kind that nobody knows',
    '{"event":"error","id":"$ID","kind":"odd","message":"so"}',
    'refused: internal so',
  ],
  ['a failure that says nothing', '{"event":"error","id":"$ID"}', 'refused: internal without a reason'],
  [
    'an answer that is none',
    '{"event":"done","id":"$ID","result":null}',
    /^refused: internal unexpected result of hello/,
  ],
  ['an answer without a result', '{"event":"done","id":"$ID"}', /^refused: internal unexpected result of hello/],
  ['an answer with a number that is none', '{"event":"done","id":"$ID","result":{"loss":NaN}}', 'died'],
  ['half an answer', '{"event":"done","id":"$ID","result":{"protocol":1,', 'died'],
  ['two answers in one line', '{"event":"done","id":"$ID"}{"event":"done"}', 'died'],
])('%s', async (_, text, outcome) => {
  expect(await outcomeOfText(text)).toMatch(typeof outcome === 'string' ? new RegExp(`^${outcome}$`) : outcome)
})

test('a line without an end is not kept in memory: its process is killed', async () => {
  expect(await outcomeOf([Buffer.from('x'.repeat(5000))], 4000)).toBe('died')
  expect(await outcomeOf([Buffer.from('x'.repeat(3000)), Buffer.from('x'.repeat(3000))], 4000)).toBe('answered')
})

test('1,500 hostile lines: every request ends', async () => {
  const hostile = hostileMessages(4)
  const outcomes = new Map<string, number>()
  const line = () =>
    hostile.pick([
      () => hostile.payload(),
      () => hostile.payload(),
      () => {
        const event = hostile.pick(['heartbeat', 'progress', 'listening', 'novelty', '__proto__'])
        const value = hostile.pick(['null', '-1', '1e999', '"x"', '{}', '[]', '"train"', '"infer"'])
        return Buffer.from(`{"event":"${event}","id":"$ID","phase":${value},"port":${value},"step":${value}}`)
      },
    ])()
  for (let round = 0; round < 50; round++) {
    const outcome = await outcomeOf(Array.from({ length: 30 }, line))
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
  }
  expect([...outcomes.keys()].filter((outcome) => outcome !== 'died' && outcome !== 'answered')).toEqual([])
}, 120_000)
