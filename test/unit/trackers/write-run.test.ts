import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import type { Bus, StoredEntry } from '../../../bus/mod.ts'
import { sha256 } from '../../../schemas/hash.ts'
import { createRecordReader, type TrackedRecord } from '../../../trackers/record.ts'
import { tensorboard } from '../../../trackers/tensorboard/tracker.ts'
import type { Taken, Tracker } from '../../../trackers/tracker.ts'
import { wandb } from '../../../trackers/wandb/tracker.ts'
import { type WriteOptions, writeRun } from '../../../trackers/write-run.ts'
import { runLog } from '../../support/run-log.ts'

let home: string
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'syllabus-trackers-'))
})
afterAll(() => rm(home, { recursive: true, force: true }))

const log = runLog({ seeds: 2 })
const { runId } = log[0]!

/** A bus whose log has as many of a run's messages as `shown` says. */
const busOf = (shown: () => number, created = 'then'): Pick<Bus, 'log' | 'streams'> => ({
  async *log({ fromSeq = 1 }) {
    yield* log.slice(0, shown()).filter(({ seq }) => seq >= fromSeq)
  },
  streams: async () => [{ account: 'LAB', created, lastSeq: 0, bytes: 0, maxBytes: 0, deadLetters: 0 }],
})
const quiet = { info() {}, warn() {}, error() {}, debug() {} } as unknown as WriteOptions['log']

function options(more: Partial<WriteOptions> = {}): WriteOptions & { lines: string[] } {
  const lines: string[] = []
  return {
    bus: busOf(() => log.length),
    runId,
    home,
    log: quiet,
    line: (text) => void lines.push(text),
    files: async () => [{ path: 'report.md', text: '# Report' }],
    records: 20,
    longestPauseMs: 1,
    flushMs: 5000,
    lines,
    ...more,
  }
}

/** A tracker that keeps what it takes in its state, as a server would. */
function memory(answer: (records: readonly TrackedRecord[]) => Taken = () => ({ outcome: 'taken' })) {
  const taken: TrackedRecord[] = []
  const tracker: Tracker<{ calls: number }> = {
    name: 'mlflow',
    target: `memory ${Math.random()}`,
    State: z.object({ calls: z.number() }),
    empty: { calls: 0 },
    isThere: async () => true,
    async send(records, _run, state) {
      const sent = answer(records)
      if (sent.outcome === 'taken') {
        taken.push(...records)
        state.calls += 1
      }
      return sent
    },
    hint: () => 'here',
  }
  return { tracker, taken }
}

const finish = async <State>(tracker: Tracker<State>, how: WriteOptions) => (await writeRun(tracker, how))!.finish()

const all = (entries: readonly StoredEntry[]): TrackedRecord[] => {
  const reader = createRecordReader()
  return entries.flatMap(reader.recordsOf)
}

test('each set has its own name, each student model its own series, and no text of a row or a question is in any', () => {
  const records = all(log)
  const names = (series: string) => [
    ...new Set(
      records.flatMap((each) => (each.kind === 'metrics' && each.series === series ? Object.keys(each.values) : [])),
    ),
  ]
  expect(names('attempt-1')).toContain('validation/strict')
  expect(names('attempt-1').filter((name) => /^(test|audit)/.test(name))).toEqual([])
  expect(names('control')).toEqual(expect.arrayContaining(['validation/lenient', 'test/lenient', 'rows/admitted']))
  expect(names('final-s2')).toEqual(expect.arrayContaining(['test/strict', 'audit/strict', 'test/in-template/strict']))
  expect(names('')).toEqual(expect.arrayContaining(['search/validation/strict', 'spent/calls', 'chosen_attempt']))
  const begun = records.flatMap(({ kind, series }) => (kind === 'begin' ? [series] : []))
  expect(new Set(begun).size).toBe(begun.length)
  expect(new Set(records.map(({ series }) => series))).toEqual(new Set(begun))
  for (const each of records)
    if (each.kind === 'metrics')
      expect(Object.values(each.values).every(Number.isFinite), JSON.stringify(each)).toBe(true)
  const report = log.find(({ name }) => name === 'report')!.payload as { badCases: { input: string }[] }
  const text = JSON.stringify(records)
  for (const { input } of report.badCases) expect(text).not.toContain(input)
})

test('a run is written once, however often the command is killed and given again', async () => {
  const { tracker, taken } = memory()
  for (let shown = 5; shown < log.length; shown += 17) await finish(tracker, options({ bus: busOf(() => shown) }))
  expect(taken.some(({ kind }) => kind === 'end')).toBe(false)
  expect(await finish(tracker, options())).toEqual({ isAll: true, hint: 'here' })
  const ends = taken.filter(({ kind }) => kind === 'end')
  expect(taken.slice(0, taken.length - ends.length - 1)).toEqual(all(log))
  expect(taken.at(-ends.length - 1)).toMatchObject({ kind: 'artefact', path: 'report.md', series: '' })
  expect(ends.map(({ series }) => series).at(-1)).toBe('')
  const before = taken.length
  expect(await finish(tracker, options())).toEqual({ isAll: true, hint: 'here' })
  expect(taken).toHaveLength(before)
})

test('a tracker that is away is reported once, costs nothing, and is sent all of it later', async () => {
  let isAway = true
  const { tracker, taken } = memory(() => (isAway ? { outcome: 'failed', reason: 'refused' } : { outcome: 'taken' }))
  const how = options({ flushMs: 200 })
  expect(await finish(tracker, how)).toMatchObject({ isAll: false })
  expect(how.lines).toHaveLength(1)
  expect(how.lines[0]).toContain('takes nothing (refused)')
  isAway = false
  expect(await finish(tracker, options())).toMatchObject({ isAll: true })
  expect(taken.filter(({ kind }) => kind !== 'end' && kind !== 'artefact')).toEqual(
    all(log).filter(({ kind }) => kind !== 'artefact'),
  )
})

test('what is refused is left out, and the rest is written', async () => {
  let calls = 0
  const { tracker, taken } = memory(() =>
    calls++ === 1 ? { outcome: 'refused', reason: 'HTTP 400' } : { outcome: 'taken' },
  )
  const how = options()
  expect(await finish(tracker, how)).toMatchObject({ isAll: true })
  expect(how.lines).toEqual([expect.stringContaining('refuses a part of the run (HTTP 400)')])
  expect(taken.length).toBeGreaterThan(0)
  expect(taken.length).toBeLessThan(all(log).length)
})

test('two commands do not write one run to one tracker', async () => {
  const { tracker } = memory()
  const first = await writeRun(tracker, options())
  expect(await writeRun(tracker, options())).toBeNull()
  await first!.finish()
})

const writers = (dir: string) => ({
  tensorboard: () => tensorboard(dir) as Tracker<unknown>,
  wandb: () => wandb({ dir, project: 'p', entity: '', version: '0' }) as Tracker<unknown>,
})

async function filesOf(dir: string): Promise<Map<string, string>> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true })
  const files = entries.filter((each) => each.isFile()).map((each) => join(each.parentPath, each.name))
  const read = files.map(async (file) => [file.slice(dir.length), sha256(await readFile(file))] as const)
  return new Map(await Promise.all(read))
}

test.each(['tensorboard', 'wandb'] as const)(
  '%s files are the same, byte for byte, after kills in the middle',
  async (name) => {
    const [once, often] = [join(home, name, 'once'), join(home, name, 'often')]
    await finish(writers(once)[name](), options())
    for (const shown of [4, 9, 30, 31, log.length - 3]) {
      await finish(writers(often)[name](), options({ bus: busOf(() => shown) }))
      // Killed after it wrote, before it noted that.
      for (const file of (await filesOf(often)).keys())
        if (/tfevents|\.wandb$/.test(file)) await writeFile(join(often, file), 'rest', { flag: 'a' })
    }
    await finish(writers(often)[name](), options())
    const files = await filesOf(often)
    expect(files.size).toBeGreaterThan(8)
    expect(files).toEqual(await filesOf(once))
  },
)

test('files that somebody deleted are written again from the beginning', async () => {
  const dir = join(home, 'deleted')
  const { tensorboard: open } = writers(dir)
  await finish(open(), options())
  const before = await filesOf(dir)
  await rm(dir, { recursive: true })
  await finish(open(), options())
  expect(await filesOf(dir)).toEqual(before)
  expect((await stat(dir)).isDirectory()).toBe(true)
})
