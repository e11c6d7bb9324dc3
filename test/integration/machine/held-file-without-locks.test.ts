import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { holderOf, holdFile } from '../../../machine/held-file.ts'

// A system for which the package has no binary, or a file system without locks.
vi.mock('../../../machine/os-lock.ts', () => ({ tryLock: () => 'unknown' }))

let folder: string
let path: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'syllabus-held-'))
  path = join(folder, 'a.lock')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const who = `process ${process.pid} on ${hostname()}`

test('a living holder is known by its signs of life, and refuses the next', async () => {
  await using _held = await holdFile(path)
  expect(await holderOf(path)).toMatchObject({ pid: process.pid })
  await expect(holdFile(path)).rejects.toThrow(`held by ${who}`)
}, 15_000)

test('one that is gone is nobody, and is taken over once it was silent for long enough', async () => {
  let left: string
  {
    await using _held = await holdFile(path)
    left = await readFile(path, 'utf8')
  }
  await writeFile(path, left)
  expect(await holderOf(path)).toBeNull()
  const lines: string[] = []
  await using _again = await holdFile(path, { silentMs: 1000, onWait: (line) => lines.push(line) })
  expect(lines).toEqual([
    `${who} held ${path} last; watching for 1 s whether it is still there (files cannot be locked here)`,
    `${who} gave no sign of life; ${path} is taken over from it`,
  ])
}, 15_000)
