import { cp, mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { fingerprintOf, identityOf } from '../../../provision/mod.ts'
import { prepareStudent, readStudentChoice, sameStudent } from '../../../trainer-bridge/student.ts'

let folder: string
let model: string

const files = {
  'config.json': '{"model_type":"llama"}',
  'generation_config.json': '{"eos_token_id":2}',
  'model.safetensors': 'weights',
  'tokenizer.json': '{"model":{}}',
  'tokenizer_config.json': '{"eos_token":"</s>"}',
  'chat_template.jinja': '{{ messages }}',
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'syllabus-choice-'))
  model = join(folder, 'model')
  await mkdir(model)
  for (const [name, text] of Object.entries(files)) await writeFile(join(model, name), text)
})
afterEach(() => rm(folder, { recursive: true, force: true }))

describe('what a topology names as its student', () => {
  test.each([
    ['embedded', { kind: 'embedded' }],
    ['org/model', { kind: 'hub', name: 'org/model', revision: null }],
    ['org/model@v1.0', { kind: 'hub', name: 'org/model', revision: 'v1.0' }],
    ['org/model@refs/pr/3', { kind: 'hub', name: 'org/model', revision: 'refs/pr/3' }],
    ['gpt2', { kind: 'hub', name: 'gpt2', revision: null }],
    ['gpt2@607a30d', { kind: 'hub', name: 'gpt2', revision: '607a30d' }],
    ['/models/small', { kind: 'folder', path: '/models/small' }],
    ['/models/../models/small/', { kind: 'folder', path: '/models/small' }],
    ['./small', { kind: 'folder', path: join(process.cwd(), 'small') }],
    ['../small', { kind: 'folder', path: join(process.cwd(), '..', 'small') }],
    ['~/small', { kind: 'folder', path: join(process.env.HOME ?? '', 'small') }],
    ['a/b/c', { kind: 'folder', path: join(process.cwd(), 'a/b/c') }],
  ])('%s', (choice, read) => {
    expect(readStudentChoice(choice)).toEqual(read)
  })

  test('a folder that is there goes before a model of the hub with the same name', () => {
    const name = relative(process.cwd(), 'test/unit')
    expect(readStudentChoice(name)).toEqual({ kind: 'folder', path: join(process.cwd(), 'test/unit') })
    expect(sameStudent(name, './test/unit/')).toBe(true)
    expect(sameStudent('org/model', 'org/model@main')).toBe(false)
  })

  test('a folder without a model is refused with what to give', async () => {
    const setup = { home: folder, python: 'none', onProgress: () => {}, signal: new AbortController().signal }
    await expect(prepareStudent(folder, setup)).rejects.toMatchObject({
      message: expect.stringContaining('it has no config.json'),
      fix: expect.stringContaining('hub name'),
    })
  })
})

describe('a student is known by what its files hold', () => {
  const identityOfChoice = async (choice: string) =>
    (await prepareStudent(choice, { home: folder, python: 'none', onProgress: () => {}, signal: AbortSignal.abort() }))
      .sha256

  test('however its folder is named, and wherever it lies', async () => {
    const own = await identityOf(model)
    await cp(model, join(folder, 'copy'), { recursive: true })
    await symlink(model, join(folder, 'link'))
    const ways = [model, `${model}/`, relative(process.cwd(), model), join(folder, 'copy'), join(folder, 'link')]
    for (const way of ways) expect(await identityOfChoice(way), way).toBe(own)
  })

  test.each(Object.keys(files))('another %s is another student', async (name) => {
    const own = await identityOf(model)
    await writeFile(join(model, name), 'other')
    expect(await identityOf(model)).not.toBe(own)
  })

  test.each([
    'README.md',
    'training_args.bin',
    'optimizer.pt',
    'pytorch_model.bin',
    'model.gguf',
    'trainer_state.json',
  ])('%s beside its weights says nothing of it', async (name) => {
    const own = await identityOf(model)
    await writeFile(join(model, name), 'anything')
    expect(await identityOf(model)).toBe(own)
  })

  test.each([
    'vocab.json',
    'merges.txt',
    'tokenizer.model',
    'added_tokens.json',
    'model-00001-of-00002.safetensors',
    'modeling_own.py',
  ])('%s is a part of it', async (name) => {
    const own = await identityOf(model)
    await writeFile(join(model, name), 'anything')
    expect(await identityOf(model)).not.toBe(own)
  })

  test('a text moved from one file to another is another student', async () => {
    await rm(join(model, 'chat_template.jinja'))
    await writeFile(join(model, 'vocab.json'), 'ab')
    const own = await identityOf(model)
    await writeFile(join(model, 'vocab.json'), 'a')
    await writeFile(join(model, 'vocab.txt'), 'b')
    expect(await identityOf(model)).not.toBe(own)
  })

  test('its fingerprint says, without reading the weights, that nothing was written since', async () => {
    const seen = await fingerprintOf(model)
    expect(await fingerprintOf(model)).toBe(seen)
    await utimes(join(model, 'model.safetensors'), new Date(), new Date(0))
    expect(await fingerprintOf(model)).not.toBe(seen)
  })
})
