import { execFileSync, spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { checkTemporary, ensureWritable, makeFolder } from '../../../machine/folders.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'syllabus-folders-'))
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true, force: true })
})

test('a folder is made with those above it, and left without a trace of the trial', async () => {
  const deep = join(folder, 'a', 'b', 'c')
  ensureWritable(deep, 'choose another', 0o700)
  expect((await stat(deep)).mode & 0o777).toBe(0o700)
  expect(await readdir(deep)).toEqual([])
  ensureWritable(deep, 'choose another')
})

test('a folder that cannot be made is named at once, with what to do', async () => {
  const fault = (path: string) => {
    try {
      makeFolder(path)
    } catch (error) {
      return error
    }
    return null
  }
  expect(fault(join(folder, 'a', 'b'))).toBe(null)
  await writeFile(join(folder, 'file'), '')
  expect(fault(join(folder, 'file', 'b', 'c'))).toMatchObject({
    message: expect.stringContaining('stands where a folder belongs'),
    fix: expect.stringContaining('name another folder'),
  })
  // Node's own `recursive` never returns from these.
  for (const path of process.platform === 'linux' ? ['/proc/a/b', '/proc/self/fd/a', '/proc/self/task/a/b'] : [])
    expect(fault(path)).toMatchObject({ message: expect.stringContaining('takes no new ones'), fix: expect.anything() })
})

const refused = (path: string) => {
  try {
    ensureWritable(path, 'choose another')
  } catch (error) {
    return error
  }
  return null
}

test.each([
  [
    'a file',
    (path: string) => writeFile(path, ''),
    'a file, or a link that leads nowhere, stands where a folder belongs',
  ],
  [
    'a link that leads nowhere',
    (path: string) => symlink('/no/where', path),
    'a file, or a link that leads nowhere, stands where a folder belongs',
  ],
  ['a link to itself', (path: string) => symlink(path, path), 'its links lead in a circle'],
])('%s in its place is named with what helps', async (_, prepare, why) => {
  const path = join(folder, 'it')
  await prepare(path)
  for (const each of [path, join(path, 'below')]) {
    expect(refused(each)).toMatchObject({
      message: `${each} cannot be written: ${why}.`,
      fix: expect.stringMatching(/, or choose another\.$/),
    })
  }
})

test('a path that is too long', () => {
  expect(refused(join(folder, 'x'.repeat(300)))).toMatchObject({
    message: expect.stringContaining('its path is too long'),
  })
})

const canMount = spawnSync('unshare', ['--mount', 'true']).status === 0
describe.skipIf(!canMount)('a file system that takes nothing more', () => {
  afterEach(() => spawnSync('umount', [folder]))
  const mounted = (options: string) => execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'none', folder])

  test('is full', () => {
    mounted('size=16k')
    expect(refused(folder)).toMatchObject({ message: expect.stringContaining('its disk is full') })
  })

  test('has no inodes left', () => {
    mounted('size=4m,nr_inodes=1')
    expect(refused(folder)).toMatchObject({ message: expect.stringContaining('its disk has no inodes left') })
  })

  test('is read-only', () => {
    mounted('size=4m,ro')
    for (const each of [folder, join(folder, 'below', 'that')])
      expect(refused(each)).toMatchObject({ message: `${each} cannot be written: its file system is read-only.` })
  })

  test('holds the temporary files', async () => {
    mounted('size=16k')
    vi.stubEnv('TMPDIR', folder)
    expect(checkTemporary).toThrow(`Temporary files cannot be written to ${folder}: its disk is full.`)
  })
})

test.each(['nowhere', 'a-file'])('a TMPDIR that is %s is named, with the variable', async (name) => {
  await writeFile(join(folder, 'a-file'), '')
  vi.stubEnv('TMPDIR', join(folder, name))
  const fault = {
    message: expect.stringContaining(`Temporary files cannot be written to ${join(folder, name)}: `),
    fix: expect.stringContaining('set TMPDIR'),
  }
  expect(checkTemporary).toThrow(expect.objectContaining(fault))
})

test('a folder that TMPDIR names is one that can be written', async () => {
  await mkdir(join(folder, 'tmp'))
  vi.stubEnv('TMPDIR', join(folder, 'tmp'))
  expect(checkTemporary).not.toThrow()
})
