import { spawnSync } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import {
  createWhole,
  ownerOnly,
  putInPlace,
  readOrForget,
  readState,
  StateFileError,
  textOrNull,
  writeWhole,
} from '../../../machine/state-file.ts'

let folder: string
let path: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'syllabus-state-'))
  path = join(folder, 'state.json')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const Shape = z.object({ port: z.number() })

describe('what is written', () => {
  test('is there whole or not at all, when its writer is killed at any moment', async () => {
    const texts = ['a', 'b'].map((letter) => letter.repeat(200_000))
    await writeWhole(path, texts[0]!)
    const module = join(import.meta.dirname, '../../../machine/state-file.ts')
    const program = `const { writeWhole } = await import(${JSON.stringify(module)})
      for (let i = 1; ; i++) await writeWhole(${JSON.stringify(path)}, ['a', 'b'][i % 2].repeat(200_000))`
    for (let timeout = 300; timeout < 500; timeout += 20) {
      spawnSync(process.execPath, ['--input-type=module', '-e', program], { timeout, killSignal: 'SIGKILL' })
      expect(texts).toContain(await readFile(path, 'utf8'))
    }
  }, 60_000)

  test('is for its owner alone where that is asked, whatever stood there', async () => {
    await writeFile(path, 'old', { mode: 0o644 })
    await writeWhole(path, 'new', ownerOnly)
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect(await readFile(path, 'utf8')).toBe('new')
    expect(await readdir(folder)).toEqual(['state.json'])
  })

  test('by twenty at once is the text of one of them', async () => {
    const texts = Array.from({ length: 20 }, (_, i) => String(i).repeat(10_000))
    await Promise.all(texts.map((text) => writeWhole(path, text)))
    expect(texts).toContain(await readFile(path, 'utf8'))
    expect(await readdir(folder)).toEqual(['state.json'])
  })

  test('anew takes no place of what is there', async () => {
    const made = await Promise.all(Array.from({ length: 20 }, (_, i) => createWhole(path, `text ${i}`)))
    expect(made.filter(Boolean)).toHaveLength(1)
    expect(await textOrNull(path)).toBe(`text ${made.indexOf(true)}`)
    expect(await readdir(folder)).toEqual(['state.json'])
  })

  test('a folder takes its name with all that is in it', async () => {
    await mkdir(join(folder, 'partial', 'deep'), { recursive: true })
    await writeFile(join(folder, 'partial', 'deep', 'file'), 'text')
    await putInPlace(join(folder, 'partial'), join(folder, 'whole'))
    expect(await readFile(join(folder, 'whole', 'deep', 'file'), 'utf8')).toBe('text')
    expect(await readdir(folder)).toEqual(['whole'])
  })

  test.each([
    ['a folder', () => mkdir(path), 'it is a folder, where a file belongs'],
    ['nothing, in a folder that is not there', () => rm(folder, { recursive: true }), 'there is no such folder'],
  ])('where %s stands is named with the reason', async (_, prepare, why) => {
    await prepare()
    await expect(writeWhole(path, 'text')).rejects.toMatchObject({
      message: `${path} cannot be written: ${why}${why.startsWith('there') ? ', or a link leads nowhere' : ''}.`,
      fix: expect.stringMatching(/\.$/),
    })
  })
})

describe('what is read', () => {
  test('is parsed; a file that is not there is none', async () => {
    expect(await readState(path, Shape, 'Remove it.')).toBeNull()
    await writeFile(path, '{"port": 4222, "more": 1}\n')
    expect(await readState(path, Shape, 'Remove it.')).toEqual({ port: 4222 })
  })

  test.each([
    ['', 'is empty'],
    [' \n\t', 'is empty'],
    ['\0', 'holds nothing but zeros'],
    ['\0'.repeat(4096), 'holds nothing but zeros'],
    ['{"port": 42', 'is cut off or damaged: it holds no JSON'],
    ['{"port": 4222}\0\0\0\0', 'is cut off or damaged: it holds no JSON'],
    ['{"port": 4222}{"port": 4222}', 'is cut off or damaged: it holds no JSON'],
    ['\x80\xff\xfe', 'is cut off or damaged: it holds no JSON'],
    ['{"port": "4222"}', /does not hold what it should \(port: /],
    ['{}', /does not hold what it should \(port: /],
    ['[]', /does not hold what it should/],
    ['null', /does not hold what it should/],
    ['4222', /does not hold what it should/],
  ])('%j is named with what is wrong, and counts as missing where it can be made again', async (text, fault) => {
    await writeFile(path, text)
    const read = readState(path, Shape, 'Remove it.')
    await expect(read).rejects.toThrow(fault)
    await expect(read).rejects.toMatchObject({ fix: 'Remove it.', message: expect.stringContaining(path) })
    await expect(read).rejects.toBeInstanceOf(StateFileError)
    const reported: string[] = []
    expect(await readOrForget(path, Shape, (line) => reported.push(line))).toBeNull()
    expect(reported).toEqual([expect.stringMatching(/; it is made again$/)])
    expect(reported[0]).toContain(path)
  })

  test('a folder, a pipe and a link that leads in a circle are named, and none is waited for', async () => {
    await mkdir(path)
    await expect(readState(path, Shape, '')).rejects.toThrow(
      `${path} cannot be read: it is a folder, where a file belongs.`,
    )
    const pipe = join(folder, 'pipe')
    spawnSync('mkfifo', [pipe])
    await expect(readState(pipe, Shape, '')).rejects.toThrow(`${pipe} cannot be read: it is no regular file.`)
    const circle = join(folder, 'circle')
    await symlink(circle, circle)
    await expect(readState(circle, Shape, '')).rejects.toThrow(`${circle} cannot be read: its links lead in a circle.`)
  })

  test.skipIf(process.getuid?.() === 0)('a file that may not be read is named', async () => {
    await writeFile(path, '{}')
    await chmod(path, 0)
    await expect(readState(path, Shape, '')).rejects.toThrow('permission denied')
  })
})
