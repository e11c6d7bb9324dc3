import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { lockOut } from '../../../experiments/generate/out-folder.ts'
import { bootId, FileHeldError, holderOf, holdFile } from '../../../machine/held-file.ts'
import { holdElsewhere } from '../../support/holder.ts'
import { until } from '../../support/nats.ts'

let folder: string
let path: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'syllabus-held-'))
  path = join(folder, 'a.lock')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const who = `process ${process.pid} on ${hostname()}`
/** What a holder leaves behind that did not let go: its file, without its lock. */
const left = (changes: object) =>
  JSON.stringify({ pid: process.pid, host: hostname(), boot: bootId(), id: 'x', beat: '000000000000', ...changes })

test('one holds a file, the next is told who, and it is free again afterwards', async () => {
  {
    await using _held = await holdFile(path)
    await expect(holdFile(path)).rejects.toThrow(`held by ${who}`)
    expect(await holderOf(path)).toMatchObject({ pid: process.pid, host: hostname() })
  }
  expect(await readdir(folder)).toEqual([])
  expect(await holderOf(path)).toBeNull()
  await using _again = await holdFile(path)
})

test('the folder for rows is held the same way, and the command that has it is named', async () => {
  await using _held = await lockOut(folder, () => {})
  await expect(lockOut(folder, () => {})).rejects.toThrow(`${folder} is in use: ${who}`)
})

describe('H1 a file is free the moment its holder is gone, whatever its process id says', () => {
  test('killed, and its id used again: by ourselves', async () => {
    const child = await holdElsewhere(path)
    await expect(holdFile(path)).rejects.toThrow(`process ${child.pid} on`)
    child.kill('SIGKILL')
    await once(child, 'exit')
    await writeFile(path, left({}))
    await using _held = await holdFile(path, { waitMs: 0 })
    expect(await readdir(folder)).toEqual(['a.lock'])
  })

  test.each([1, process.ppid, 2147483646])('left with the id %i, which others have or nobody', async (pid) => {
    await writeFile(path, left({ pid }))
    expect(await holderOf(path)).toBeNull()
    await using _held = await holdFile(path, { waitMs: 0 })
  })

  test('left by a container of this kernel under another name', async () => {
    await writeFile(path, left({ host: 'another-container', pid: 1 }))
    expect(await holderOf(path)).toBeNull()
    await using _held = await holdFile(path, { waitMs: 0 })
    expect(await holderOf(path)).toMatchObject({ pid: process.pid })
  })

  const canUnshare = spawnSync('unshare', ['--pid', '--fork', 'true']).status === 0
  test.skipIf(!canUnshare)(
    'held in another container, where all ids are others, and free when that is killed',
    async () => {
      const around = ['unshare', '--pid', '--fork', '--mount-proc', '--uts', '--kill-child']
      const child = await holdElsewhere(path, around)
      await expect(holdFile(path)).rejects.toThrow(FileHeldError)
      child.kill('SIGKILL')
      await once(child, 'exit')
      await using _held = await holdFile(path, { waitMs: 5000 })
    },
  )

  test('of many that take over what is left, one holds it', async () => {
    await writeFile(path, left({ pid: 2147483646 }))
    const tried = await Promise.allSettled(Array.from({ length: 20 }, () => holdFile(path)))
    expect(tried.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ pid: process.pid })
    expect(await readdir(folder)).toEqual(['a.lock'])
  })
})

test('H2 who inherits the descriptor holds the file, until it ends too', async () => {
  const held = await holdFile(path)
  const child = spawn('sleep', ['60'], { stdio: ['ignore', 'ignore', 'ignore', held.descriptor] })
  await once(child, 'spawn')
  // As the kernel closes what a killed process had open.
  const text = await readFile(path, 'utf8')
  await held[Symbol.asyncDispose]()
  expect(await readdir(folder)).toEqual([])
  const again = await open(`/proc/${child.pid}/fd/3`, 'r+').catch(() => null)
  if (again) {
    const { tryLock } = await import('../../../machine/os-lock.ts')
    expect(tryLock(again.fd)).toBe('held')
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(tryLock(again.fd)).toBe('free')
    await again.close()
  } else child.kill('SIGKILL')
  expect(text).toContain(`"pid":${process.pid}`)
})

describe('H4 a holder of another kernel is known by its signs of life', () => {
  test('while it gives them the file is held', async () => {
    await writeFile(path, left({ host: 'elsewhere', boot: 'another', pid: 7 }))
    let beat = 0
    const timer = setInterval(() => {
      beat += 1
      void writeFile(path, left({ host: 'elsewhere', boot: 'another', pid: 7, beat: String(beat).padStart(12, '0') }))
    }, 300)
    try {
      await expect(holdFile(path)).rejects.toThrow('held by process 7 on elsewhere')
    } finally {
      clearInterval(timer)
    }
  })

  test('once it has been silent for long enough it is taken over, and that is said', async () => {
    await writeFile(path, left({ host: 'elsewhere', boot: 'another', pid: 7 }))
    const reported: string[] = []
    const startedAt = performance.now()
    await using _held = await holdFile(path, { silentMs: 1500, onWait: (line) => reported.push(line) })
    expect(performance.now() - startedAt).toBeGreaterThan(1400)
    expect(reported).toEqual([
      `process 7 on elsewhere held ${path} last; watching for 2 s whether it is still there`,
      `process 7 on elsewhere gave no sign of life; ${path} is taken over from it`,
    ])
  })

  test('hosts of one name are told apart by the start of their kernel; the clock of a file means nothing', async () => {
    await writeFile(path, left({ boot: 'another' }))
    const reported: string[] = []
    await using _held = await holdFile(path, { silentMs: 500, onWait: (line) => reported.push(line) })
    expect(reported[0]).toContain(`another machine that is called ${hostname()} too`)
  })

  test('a holder counts up, in place, for others to see', async () => {
    await using _held = await holdFile(path)
    const before = await readFile(path, 'utf8')
    await until('it counts', async () => (await readFile(path, 'utf8')) !== before)
    const after = await readFile(path, 'utf8')
    expect(after.length).toBe(before.length)
    expect(JSON.parse(after)).toMatchObject({ pid: process.pid, boot: bootId() })
  })
})

test('H5 a holder whose file was taken over learns it, and leaves it alone', async () => {
  const held = await holdFile(path)
  await rm(path)
  await writeFile(path, left({ host: 'elsewhere', boot: 'another', pid: 7 }))
  await until('it is told', () => held.lost.aborted)
  expect(String(held.lost.reason)).toContain('process 7 on elsewhere')
  await held[Symbol.asyncDispose]()
  expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ host: 'elsewhere' })
})

test.each([
  '',
  '{"pid":12',
  '\0'.repeat(64),
  'mine',
  '[]',
  '{}',
  '{"pid":"x","host":3}',
  '7',
  'null',
  '{"pid":1,"host":"a"}',
])('a file that holds %j is named and made again', async (damaged) => {
  await writeFile(path, damaged)
  const reported: string[] = []
  await using _held = await holdFile(path, { waitMs: 0, onWait: (line) => reported.push(line) })
  expect(reported).toEqual([expect.stringContaining(path)])
  expect(await holderOf(path)).toMatchObject({ pid: process.pid })
})

test('what is no file, or may not be touched, is named with what to do', async () => {
  await mkdir(path)
  await expect(holdFile(path)).rejects.toMatchObject({
    message: `${path} cannot be used: it is a folder, where a file belongs.`,
  })
  const bare = join(folder, 'bare')
  await mkdir(bare)
  await chmod(bare, 0o555)
  if (process.getuid?.() !== 0)
    await expect(holdFile(join(bare, 'a.lock'))).rejects.toMatchObject({ fix: expect.stringContaining('rights') })
  await expect(holdFile(join(folder, 'nowhere', 'a.lock'))).rejects.toThrow('there is no such folder')
})

test('a living holder is waited for', async () => {
  const child = await holdElsewhere(path)
  const reported: string[] = []
  const waiting = holdFile(path, { waitMs: 60_000, onWait: (line) => reported.push(line) })
  await until('it waits', () => reported.length > 0)
  child.kill('SIGKILL')
  await using _held = await waiting
  expect(reported).toEqual([`process ${child.pid} on ${hostname()} holds ${path}; waiting for it`])
})
