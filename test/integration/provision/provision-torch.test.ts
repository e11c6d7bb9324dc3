import { once } from 'node:events'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { checkDriver } from '../../../provision/driver.ts'
import { runtimePackage } from '../../../provision/mod.ts'
import type { Python } from '../../../provision/python.ts'
import { runCommand } from '../../../provision/run-command.ts'
import { chooseTorch, torchPin, torchPins, withoutTorch } from '../../../provision/torch-build.ts'

const requirements = join(runtimePackage, 'requirements.txt')
let python: Python
let folder: string
let text: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'syllabus-torch-'))
  text = await readFile(requirements, 'utf8')
  python = { command: await runCommand('python3', ['-c', 'import sys; print(sys.executable)']), version: '3.12.1' }
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** A machine whose PATH holds only these commands. */
async function machine(name: string, commands: Record<string, string>): Promise<NodeJS.ProcessEnv> {
  const bin = await mkdtemp(join(folder, `${name}-`))
  for (const [command, body] of Object.entries(commands)) {
    await writeFile(join(bin, command), `#!/bin/sh\n${body}\n`)
    await chmod(join(bin, command), 0o755)
  }
  return { PATH: bin }
}

const choose = (env: NodeJS.ProcessEnv, platform: NodeJS.Platform = 'linux') =>
  chooseTorch({ python, requirements, env, platform })

/** A machine that looks for the CPU build at an address of this test. */
const lookingAt = async (index: string, commands: Record<string, string> = {}) => ({
  ...(await machine('index', commands)),
  SYLLABUS_TORCH_INDEX: index,
})

/** An index whose page of torch is this text; null: it never answers. */
async function startIndex(page: string | null) {
  const server = createServer((_, response) => void (page === null || response.end(page)))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const link = (file: string) => `<a href="/whl/${encodeURIComponent(file)}">${file}</a><br>`
const listed = link('torch-2.15.0+cpu-cp312-cp312-manylinux_2_28_x86_64.whl')

test('each supported Python has its torch', () => {
  expect(torchPin(text, { command: 'python3', version: '3.10.4' })).toBe('torch==2.14.1')
  for (const minor of [11, 12, 13])
    expect(torchPin(text, { command: 'python3', version: `3.${minor}.0` })).toBe('torch==2.15.0')
})

test('no GPU, and the index lists the CPU build: the small one', async () => {
  for (const page of [listed, listed.replaceAll('torch-2.15.0+cpu', 'torch-2.15.0%2Bcpu')]) {
    const build = await choose(await lookingAt(`${await startIndex(page)}/whl/cpu/`))
    expect(build).toMatchObject({ kind: 'cpu', pin: 'torch==2.15.0' })
    expect(build.description).toContain('0.3 GB')
  }
})

test('the index is asked through the proxy of the environment', async () => {
  const env = { ...(await lookingAt('http://index.test/whl')), http_proxy: await startIndex(listed) }
  expect(await choose(env)).toMatchObject({ kind: 'cpu' })
})

test.each([
  ['lists other versions', link('torch-2.15.0.post1+cpu-cp312.whl') + link('torch-2.14.1+cpu-cp312.whl')],
  ['lists the CUDA build alone', link('torch-2.15.0+cu132-cp312.whl')],
  ['is empty', ''],
  ['never answers', null],
])('no GPU, and an index that %s: the default one, and why, soon', async (_, page) => {
  const index = await startIndex(page)
  const startedAt = performance.now()
  const build = await choose(await lookingAt(index))
  expect(build).toMatchObject({ kind: 'default' })
  expect(build.description).toMatch(new RegExp(`3 GB.*${index} showed no CPU build`))
  // A second for the index; the rest is for a busy machine to start Python.
  expect(performance.now() - startedAt).toBeLessThan(10_000)
})

test('no GPU, and no index at its address: the default one', async () => {
  expect(await choose(await lookingAt('http://127.0.0.1:9/whl'))).toMatchObject({ kind: 'default' })
})

test('an NVIDIA GPU wants CUDA even where the CPU build could be fetched', async () => {
  const build = await choose(await lookingAt(await startIndex(listed), { 'nvidia-smi': 'echo "GPU 0: NVIDIA H100"' }))
  expect(build).toMatchObject({ kind: 'default' })
  expect(build.description).toContain('GPU found')
})

/** Each runtime that trains has torch, and what goes with it, of one version. */
const everyRuntime = ['peft', 'llama-factory', 'trl'].map((name) =>
  join(runtimePackage, '..', name, 'requirements.txt'),
)

test.each(everyRuntime)('a driver that is older than the CUDA of %s is refused with what helps', async (file) => {
  const driver = async (says: string) => ({
    ...{ requirements: file, python, name: 'runtime' },
    env: await machine('driver', { 'nvidia-smi': `echo "| NVIDIA-SMI 535.1   ${says} |"` }),
  })
  await expect(checkDriver(await driver('CUDA Version: 12.4'))).rejects.toMatchObject({
    message: "The packages of the runtime need CUDA 13, and this machine's NVIDIA driver serves CUDA 12.4.",
    fix: expect.stringContaining('Update the driver to 580 or newer'),
  })
  for (const says of ['CUDA Version: 13.0', 'CUDA UMD Version: 14.1', 'nothing of CUDA'])
    await expect(checkDriver(await driver(says))).resolves.toBeUndefined()
  await expect(checkDriver({ ...(await driver('')), env: await machine('none', {}) })).resolves.toBeUndefined()
})

test('what is built with torch is taken from its index with it', async () => {
  const lf = await readFile(everyRuntime[1]!, 'utf8')
  expect(torchPins(lf, python).map((pin) => pin.split('==')[0])).toEqual(['torch', 'torchvision', 'torchaudio'])
  expect(withoutTorch(lf)).not.toMatch(/^(torch|torchvision|torchaudio|triton)==|^(nvidia|cuda)-/m)
  expect(withoutTorch(lf)).toMatch(/^torchdata==/m)
  expect(torchPins(text, python)).toEqual([torchPin(text, python)])
})

test('macOS has one build', async () => {
  expect(await choose(await machine('mac', { uv: 'exit 0' }), 'darwin')).toMatchObject({
    kind: 'default',
    installedGb: 1.5,
  })
})

test('the rest of the requirements keep their hashes and lose only what CUDA needs', () => {
  const rest = withoutTorch(text)
  expect(rest).not.toMatch(/^(torch|triton|nvidia-|cuda-)/m)
  for (const kept of ['transformers==', 'peft==', 'safetensors==', 'sympy==', 'numpy==']) expect(rest).toContain(kept)
  const blocks = rest.split(/\n(?=\S)/).filter(Boolean)
  for (const block of blocks) expect(block).toContain('--hash=sha256:')
})

test('no requirement names a host or a path', () => {
  expect(text.replace(/^http\S*==/gm, '')).not.toMatch(/https?:|--index|--find-links|file:|^\s*\//m)
})
