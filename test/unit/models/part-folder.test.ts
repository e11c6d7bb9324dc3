import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { runtimeFault } from '../../../models/export/merged.ts'
import {
  addFile,
  cardMark,
  keepOrMake,
  manifestName,
  putCard,
  requireSpace,
  writtenBefore,
} from '../../../models/export/part-folder.ts'
import { CommandError } from '../../../provision/mod.ts'
import { fixOf } from '../../../schemas/user-error.ts'

let dir: string
let folder: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'part-'))
  folder = join(dir, 'adapter')
})
afterEach(() => rm(dir, { recursive: true }))

const key = { part: 'adapter', run: 'demo-run', model: 'final', adapter: 'ab' }
const make =
  (text = 'weights') =>
  async (staging: string) => {
    await writeFile(join(staging, 'model.safetensors'), text)
    await writeFile(join(staging, 'config.json'), '{}')
  }
const modeOf = async (path: string) => (await stat(path)).mode & 0o777

test('E1 a folder appears whole, for its user alone, with the hash of each file', async () => {
  const { files, kept } = await keepOrMake(folder, key, make())
  expect(kept).toBe(false)
  expect(Object.keys(files)).toEqual(['config.json', 'model.safetensors'])
  expect(await modeOf(folder)).toBe(0o700)
  for (const name of await readdir(folder)) expect(await modeOf(join(folder, name))).toBe(0o600)
  expect(await readdir(dir)).toEqual(['adapter'])
})

test('E1 what breaks off leaves nothing', async () => {
  const broken = keepOrMake(folder, key, async (staging) => {
    await writeFile(join(staging, 'half'), 'x')
    throw new Error('cut')
  })
  await expect(broken).rejects.toThrow('cut')
  expect(await readdir(dir)).toEqual([])
  await expect(addFile(folder, key, {}, 'a.gguf', () => Promise.reject(new Error('cut')))).rejects.toThrow('cut')
  expect(await readdir(folder)).toEqual([])
})

test('E2 what is whole is kept, what was damaged is made again', async () => {
  const first = await keepOrMake(folder, key, make())
  const again = await keepOrMake(folder, key, () => Promise.reject(new Error('made twice')))
  expect(again).toEqual({ files: first.files, kept: true })
  await writeFile(join(folder, 'model.safetensors'), 'weightz')
  expect(await keepOrMake(folder, key, make())).toEqual(first)
  await rm(join(folder, 'config.json'))
  expect(await keepOrMake(folder, key, make())).toEqual(first)
  expect(await readFile(join(folder, 'model.safetensors'), 'utf8')).toBe('weights')
})

test('E2 files beside each other are kept one by one', async () => {
  const one = await addFile(folder, key, {}, 'a.gguf', (path) => writeFile(path, 'a'))
  const two = await addFile(folder, key, one, 'b.gguf', (path) => writeFile(path, 'b'))
  await writeFile(join(folder, 'a.gguf'), 'cut')
  expect(await writtenBefore(folder, key)).toEqual({ files: { 'b.gguf': two['b.gguf'] }, whole: false })
})

test.each([
  ['another file', { 'notes.txt': 'mine' }, /holds notes\.txt/],
  ['a card of another making', { 'README.md': '# Mine' }, /README\.md of another making/],
  [
    'another export',
    { [manifestName]: JSON.stringify({ version: 1, key: { ...key, model: 'control' }, files: {} }) },
    /another export \(adapter of control of demo-run\)/,
  ],
  ['a manifest that is cut off', { [manifestName]: '{"version": 1, "ke' }, /cut off or damaged/],
])('E3 a folder with %s is left as it is', async (_, content, message) => {
  await mkdir(folder)
  for (const [name, text] of Object.entries(content)) await writeFile(join(folder, name), text)
  const error = await keepOrMake(folder, key, make()).catch((thrown: Error) => thrown)
  expect(error).toMatchObject({ message: expect.stringMatching(message) })
  expect(fixOf(error)).toBeTruthy()
  for (const [name, text] of Object.entries(content)) expect(await readFile(join(folder, name), 'utf8')).toBe(text)
})

test('E3 a file in place of the folder is refused, a card of an export is written again', async () => {
  await writeFile(folder, 'x')
  await expect(keepOrMake(folder, key, make())).rejects.toThrow('is a file')
  await rm(folder)
  await putCard(folder, `one ${cardMark}`)
  await keepOrMake(folder, key, make())
  await putCard(folder, `two ${cardMark}`)
  expect(await readFile(join(folder, 'README.md'), 'utf8')).toContain('two')
  await writeFile(join(folder, 'README.md'), '# Mine')
  await expect(putCard(folder, cardMark)).rejects.toThrow('another making')
})

test('a disk without room is found before anything is written, for a folder that is not there yet, too', async () => {
  await expect(requireSpace(join(dir, 'a/b/c'), 1e18, 'the merged model')).rejects.toMatchObject({
    message: expect.stringMatching(/a\/b\/c has [\d,]+ MB free, and the merged model takes 1,000,000,0\d\d,\d+ MB/),
    fix: expect.stringContaining('--out'),
  })
  await requireSpace(join(dir, 'a/b/c'), 1, 'the merged model')
})

test.each([
  [
    'SafetensorError: Error while serializing: I/O error: No space left on device (os error 28)',
    1,
    /disk .* filled up/,
  ],
  ['OSError: [Errno 28] No space left on device', 1, /disk .* filled up/],
  ['', null, /memory ran out/],
  ['RuntimeError: not enough memory: you tried to allocate', 1, /memory ran out/],
  ['ValueError: something else', 1, /else: ValueError: something else/],
])('a failure of Python (%s) says what a person can do', (tail, status, message) => {
  const fault = runtimeFault(
    new CommandError('python', status, tail),
    'the model was merged',
    dir,
    (reason) => new Error(`else: ${reason}`),
  )
  expect((fault as Error).message).toMatch(message)
})
