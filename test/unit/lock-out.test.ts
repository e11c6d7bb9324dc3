import { spawnSync } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { lockOut } from '../../cli/generate/lock-out.ts'
import { lockHome } from '../../cli/session/live-session.ts'

let out: string
const lock = () => join(out, '.generate.lock')
beforeEach(async () => {
  out = await mkdtemp(join(tmpdir(), 'syllabus-lock-'))
})
afterEach(() => rm(out, { recursive: true, force: true }))

/** The id of a process that has ended. */
const gonePid = () => spawnSync(process.execPath, ['-e', '']).pid

test('one holds the folder, the next is told who, and it is free again afterwards', async () => {
  {
    await using _held = await lockOut(out)
    await expect(lockOut(out)).rejects.toThrow(`process ${process.pid} on ${hostname()}`)
  }
  expect(await readdir(out)).toEqual([])
  await using _again = await lockOut(out)
})

test('the lock of a process that is gone is taken over, by one of many', async () => {
  await writeFile(lock(), JSON.stringify({ pid: gonePid(), host: hostname() }))
  const tried = await Promise.allSettled(Array.from({ length: 20 }, () => lockOut(out)))
  expect(tried.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  expect(JSON.parse(await readFile(lock(), 'utf8'))).toMatchObject({ pid: process.pid })
  expect(await readdir(out)).toEqual(['.generate.lock'])
})

test('of another machine nobody can tell, and what says nothing is not touched', async () => {
  await writeFile(lock(), JSON.stringify({ pid: gonePid(), host: 'elsewhere' }))
  await expect(lockOut(out)).rejects.toThrow('on elsewhere')
  await writeFile(lock(), 'mine')
  await expect(lockOut(out)).rejects.toThrow('in use')
  expect(await readFile(lock(), 'utf8')).toBe('mine')
})

test('a home has one session of a machine at a time, and outlives a container that was killed', async () => {
  const file = join(out, 'session.lock')
  {
    await using _held = await lockHome(out)
    const tried = await Promise.allSettled([lockHome(out), lockHome(out)])
    for (const each of tried) {
      expect(each).toMatchObject({ status: 'rejected' })
      expect(String((each as PromiseRejectedResult).reason)).toContain(`process ${process.pid} on ${hostname()} starts`)
    }
  }
  expect(await readdir(out)).toEqual([])
  for (const host of ['another-container', hostname()]) {
    await writeFile(file, JSON.stringify({ pid: gonePid(), host }))
    await using _again = await lockHome(out)
  }
})
