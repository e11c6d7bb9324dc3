import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runtimePackage } from '../../../provision/mod.ts'
import { chooseTorch, torchPin, withoutTorch } from '../../../provision/torch-build.ts'

const requirements = join(runtimePackage, 'requirements.txt')
const python = { command: 'python3', version: '3.12.1' }
let folder: string
let text: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'syllabus-torch-'))
  text = await readFile(requirements, 'utf8')
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

test('each supported Python has its torch', () => {
  expect(torchPin(text, { command: 'python3', version: '3.10.4' })).toBe('torch==2.14.1')
  for (const minor of [11, 12, 13])
    expect(torchPin(text, { command: 'python3', version: `3.${minor}.0` })).toBe('torch==2.15.0')
})

test('no GPU and a uv that reaches the CPU build: the small one', async () => {
  const build = await choose(await machine('cpu', { uv: 'exit 0' }))
  expect(build).toMatchObject({ kind: 'cpu', pin: 'torch==2.15.0' })
  expect(build.description).toContain('0.3 GB')
})

test('no GPU and a uv that does not reach it: the default one, and why', async () => {
  const build = await choose(await machine('far', { uv: 'if [ "$1" = "--version" ]; then exit 0; fi; exit 2' }))
  expect(build).toMatchObject({ kind: 'default' })
  expect(build.description).toMatch(/cannot be reached.*3 GB/)
})

test('no GPU and no uv: the default one, and why', async () => {
  expect((await choose(await machine('bare', {}))).description).toContain('needs uv')
})

test('an NVIDIA GPU wants CUDA even where uv could fetch the CPU build', async () => {
  const build = await choose(await machine('gpu', { uv: 'exit 0', 'nvidia-smi': 'echo "GPU 0: NVIDIA H100"' }))
  expect(build).toMatchObject({ kind: 'default' })
  expect(build.description).toContain('GPU found')
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
