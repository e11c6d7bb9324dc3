import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { SetupError } from './errors.ts'
import type { Python } from './python.ts'
import { CommandError, runCommand, versionOf } from './run-command.ts'

export interface InstallRequest {
  python: Python
  /** Arguments after `install`, understood by both uv and pip. */
  args: string[]
  /** Command of the uv to use; null: pip alone. Left out: the uv on PATH, where there is one. */
  uv?: string | null
  /** Where pip keeps what it downloads; left out: nowhere. uv from PATH keeps it where its user wants it. */
  pipCache?: string
  onProgress?: (line: string) => void
  signal?: AbortSignal
  env?: NodeJS.ProcessEnv
}

/**
 * pip itself, so that a Python without ensurepip and without pip (Debian's `python3` alone) can still install: a wheel
 * of pip runs from the zip. Its SHA-256 is checked by a test.
 */
export const pipWheel = fileURLToPath(new URL('./vendor/pip-26.3-py3-none-any.whl', import.meta.url))

/** True when a `uv` that runs is on PATH; SYLLABUS_NO_UV=1 hides it. */
export async function hasUv(env = process.env): Promise<boolean> {
  return !env.SYLLABUS_NO_UV && (await versionOf('uv', { env })) !== undefined
}

/**
 * Installs with uv when it is there, else (or when uv fails, say for want of an index it knows) with pip. A slow network takes as long
 * as it takes: both give up on a silent one. @throws SetupError
 */
export async function install(request: InstallRequest): Promise<void> {
  const { python, args, onProgress, signal, env = process.env, pipCache } = request
  const { uv = (await hasUv(env)) ? 'uv' : null } = request
  const options = { signal, env, onLine: onProgress }
  if (uv !== null) {
    try {
      await runCommand(uv, ['pip', 'install', '--python', python.command, ...args], options)
      return
    } catch (error) {
      if (!(error instanceof CommandError)) throw error
      onProgress?.(`uv could not install (${lastLine(error.tail)}); trying pip`)
    }
  }
  const cache = pipCache === undefined ? ['--no-cache-dir'] : ['--cache-dir', pipCache]
  try {
    await runCommand(
      python.command,
      [`${pipWheel}/pip`, 'install', ...quiet, '--no-compile', ...cache, ...args],
      options,
    )
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    const [, what, fix] = installFailures.find(([says]) => says.test(error.tail))!
    throw new SetupError(`${what}: ${lastLine(error.tail)}`, fix, { cause: error })
  }
}

export interface PinnedWheel {
  name: string
  version: string
  sha256: string
}

/** Unpacks one wheel into the folder `into/package` and returns that. @throws SetupError where its hash is another one */
export async function installWheel(
  { name, version, sha256 }: PinnedWheel,
  into: string,
  request: Omit<InstallRequest, 'args'>,
): Promise<string> {
  const requirements = join(into, 'requirements.txt')
  await writeFile(requirements, `${name}==${version} --hash=sha256:${sha256}\n`)
  const target = join(into, 'package')
  const args = ['--target', target, '--no-deps', '--require-hashes', '--only-binary', ':all:', '-r', requirements]
  await install({ ...request, args })
  return target
}

const quiet = ['--disable-pip-version-check', '--no-input', '--progress-bar', 'off']

/** pip's settings, from its files and the environment, by name: `{"index-url": "https://…"}`. */
export async function pipSettings(python: Python, env: NodeJS.ProcessEnv): Promise<Record<string, string>> {
  const text = await runCommand(python.command, [`${pipWheel}/pip`, 'config', 'list'], { env, timeoutMs: 20_000 })
  const found = text.matchAll(/^[^.\n]*\.([\w-]+)=(['"])(.*)\2$/gm)
  return Object.fromEntries([...found].map(([, name, , value]) => [name, value!.replaceAll('\\n', ' ').trim()]))
}

const lastLine = (text: string) => text.trim().split('\n').at(-1) ?? ''

/** What pip says where it fails, what that means, and what helps; the first that fits. */
const installFailures: [says: RegExp, what: string, fix: string][] = [
  [
    /No space left|Errno 28/,
    'The disk filled up while packages were unpacked',
    'Free some disk space (the fine-tuning runtime needs up to 7 GB) and run again; what is done is kept.',
  ],
  [
    /do not match the hashes|HashMismatch/i,
    'A downloaded package is not the pinned one',
    'Clear the pip cache (`pip cache purge`), check the package index in use, and run again.',
  ],
  [
    /resolve|connect|timed? ?out|unreachable|Network|Temporary failure|No matching distribution|proxy|SSL/i,
    'Packages could not be fetched',
    'Check the network (or PIP_INDEX_URL and the proxy settings) and run again; what is done is kept.',
  ],
  [/(?:)/, 'pip failed', 'Run again; if it fails the same way, set SYLLABUS_PYTHON to another Python.'],
]
