import { execFileSync } from 'node:child_process'
import { appendFile, cp, mkdir, mkdtemp, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { readProgramFile } from '../../../experiments/checks/check-program.ts'
import { readRecipe } from '../../../experiments/recipe/sources.ts'
import { readTopology } from '../../../launcher/topology/topology-file.ts'
import { fileInside, readInside, readRegular } from '../../../tasks/files/regular-file.ts'
import { loadTask } from '../../../tasks/load.ts'

const bundled = new URL('../../../tasks/everyday-numbers/', import.meta.url).pathname
/** `top/folder` is a stranger's; what else lies in `top` is private. */
let top: string
let folder: string

beforeEach(async () => {
  top = await mkdtemp(join(tmpdir(), 'syllabus-inside-'))
  folder = join(top, 'folder')
  await mkdir(join(folder, 'sub'), { recursive: true })
  await writeFile(join(top, 'secret.txt'), 'SECRET')
  await writeFile(join(folder, 'real.txt'), 'words')
  await writeFile(join(folder, 'sub/real.txt'), 'more words')
})
afterEach(() => rm(top, { recursive: true, force: true }))

const pipe = (path: string) => execFileSync('mkfifo', [path])
const socket = async (path: string) => {
  const server = createServer().listen(path)
  onTestFinished(() => void server.close())
  await new Promise((listening) => server.once('listening', listening))
}

/** Ways in which a file of a folder is none, each made at the path given. */
const impostors: [string, (path: string) => unknown, RegExp][] = [
  ['a link out', (path) => symlink('../secret.txt', path), /It is a link/],
  ['a link by an absolute path', (path) => symlink(join(top, 'secret.txt'), path), /link that leads out/],
  ['a link inside', (path) => symlink('real.txt', path), /It is a link(?! that)/],
  ['a link to itself', (path) => symlink('file.txt', path), /It is a link(?! that)/],
  ['a link to nothing', (path) => symlink('nowhere', path), /It is a link(?! that)/],
  ['a link to a device without an end', (path) => symlink('/dev/zero', path), /link that leads out/],
  ['a link to what the process knows', (path) => symlink('/proc/self/environ', path), /link that leads out/],
  ['a pipe without a writer', pipe, /no regular file/],
  ['a socket', socket, /no regular file/],
  ['a folder', (path) => mkdir(path), /a folder, not a file/],
  [
    'a file that is too large',
    (path) => writeFile(path, '').then(() => truncate(path, 9e9)),
    /more than the \d+ bytes/,
  ],
]

describe('what a folder of a stranger names is read where it is a regular file in it, and nothing else', () => {
  test('its files, and those of its folders', async () => {
    expect(String(await readInside(folder, 'real.txt'))).toBe('words')
    expect(String(await readInside(folder, 'sub/real.txt'))).toBe('more words')
    expect(await fileInside(folder, 'sub/real.txt')).toBe(join(folder, 'sub/real.txt'))
    // A person may name the folder by a link.
    await symlink(folder, join(top, 'by-link'))
    expect(String(await readInside(join(top, 'by-link'), 'sub/real.txt'))).toBe('more words')
    expect(String(await readInside(folder, 'real.txt', 5))).toBe('words')
    await expect(readInside(folder, 'real.txt', 4)).rejects.toThrow('more than the 4 bytes')
  })

  test.each(impostors)('%s is refused at once', async (_, make, why) => {
    const path = join(folder, 'file.txt')
    await make(path)
    await expect(readInside(folder, 'file.txt')).rejects.toThrow(why)
    await expect(fileInside(folder, 'file.txt')).rejects.toThrow(why)
  })

  test('a folder on the way that is a link', async () => {
    await symlink('..', join(folder, 'up'))
    await symlink('sub', join(folder, 'again'))
    await expect(readInside(folder, 'up/secret.txt')).rejects.toThrow('link that leads out')
    await expect(readInside(folder, 'again/real.txt')).rejects.toThrow('It is a link')
    await expect(readInside(folder, 'real.txt/real.txt')).rejects.toMatchObject({ isMissing: true })
  })

  test.each([
    '../secret.txt',
    'sub/../../secret.txt',
    './real.txt',
    'sub//real.txt',
    '',
    '.',
    '..',
    '/etc/passwd',
    '..\\secret.txt',
    'real.txt\0.md',
  ])('the path %j is none', async (path) => {
    await expect(readInside(folder, path)).rejects.toThrow('The path leads out of its folder, or is none')
  })

  test('what is not there is told apart', async () => {
    for (const path of ['gone.txt', 'gone/real.txt']) {
      await expect(readInside(folder, path)).rejects.toMatchObject({ isMissing: true, where: join(folder, path) })
    }
  })
})

test('a file that a person names may be a link, and nothing else but a regular file', async () => {
  await symlink('secret.txt', join(top, 'by-link'))
  expect(String(await readRegular(join(top, 'by-link')))).toBe('SECRET')
  for (const [, make, why] of impostors.slice(7)) {
    const path = join(folder, 'file.txt')
    await make(path)
    await expect(readRegular(path)).rejects.toThrow(why)
    await rm(path, { recursive: true, force: true })
  }
  // Says that it is empty, and has more.
  expect((await readRegular('/proc/self/status')).length).toBeGreaterThan(100)
  await expect(readRegular('/proc/self/status', 100)).rejects.toThrow('more than the 100 bytes')
  await expect(readRegular('/dev/zero')).rejects.toThrow('no regular file')
})

describe('a task folder', () => {
  const inTask = (path: string) => join(top, 'task', path)
  beforeEach(() => cp(bundled, inTask(''), { recursive: true }))

  test.each([
    'task.yaml',
    'validation.jsonl',
    'test.jsonl',
    'few-shot.json',
    'sample_submission.json',
    'procedure',
    'procedure/mod.ts',
  ])('%s that is a link names the file and why', async (file) => {
    await rename(inTask(file), join(top, 'moved'))
    await symlink(join(top, 'moved'), inTask(file))
    await expect(loadTask(inTask(''))).rejects.toMatchObject({
      what: 'A file of the task is not read: It is a link that leads out of its folder',
      where: inTask(file),
      fix: 'Put the file itself there.',
    })
  })

  test.each(impostors.slice(0, 10))('a rubric that is %s, and code that is', async (_, make, why) => {
    await make(inTask('rubric.md'))
    await appendFile(inTask('task.yaml'), '\nrubric: rubric.md\n')
    await expect(loadTask(inTask(''))).rejects.toThrow(why)
    await rm(inTask('rubric.md'), { recursive: true })
    await writeFile(inTask('rubric.md'), 'Score what is right.')
    expect((await loadTask(inTask(''))).rubric).toBe('Score what is right.')
    await make(inTask('procedure/more.ts'))
    await expect(loadTask(inTask(''))).rejects.toThrow(why)
  })

  test('rows of which a million are wrong are told as a few', async () => {
    await writeFile(inTask('few-shot.json'), `[${'1,'.repeat(999_999)}1]`)
    await expect(loadTask(inTask(''))).rejects.toThrow(/key \[0\]\)/)
  })
})

describe('a program, a topology, a recipe', () => {
  test.each(impostors.slice(0, 10))('with a rubric that is %s', async (_, make, why) => {
    const program = join(folder, 'program.yaml')
    await writeFile(program, 'rubric: rubric.md\n')
    await make(join(folder, 'rubric.md'))
    await expect(readProgramFile(program)).rejects.toThrow(why)
  })

  test('with a rubric out of its folder', async () => {
    const program = join(folder, 'program.yaml')
    await writeFile(join(top, 'rubric.md'), 'SECRET')
    await writeFile(program, 'rubric: ../rubric.md\n')
    await expect(readProgramFile(program)).rejects.toThrow('The path leads out of its folder')
    await writeFile(program, `rubric: ${join(top, 'rubric.md')}\n`)
    await expect(readProgramFile(program)).rejects.toThrow('The path leads out of its folder')
  })

  test('that is no regular file, or nested too deep', async () => {
    const path = join(folder, 'file.yaml')
    for (const read of [readProgramFile, readTopology, readRecipe]) {
      pipe(path)
      await expect(read(path)).rejects.toThrow('It is no regular file')
      await rm(path)
      await writeFile(path, '['.repeat(2000))
      await expect(read(path)).rejects.toThrow('it nests deeper than 128 levels at line 1, column 131')
      await writeFile(path, 'a: &a [*a]')
      await expect(read(path)).rejects.toThrow('it nests deeper than 128 levels')
      await rm(path)
      await expect(read(path)).rejects.toThrow(/^There is no /)
    }
  })
})
