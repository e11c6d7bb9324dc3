import { fileURLToPath } from 'node:url'
import { SetupError } from './errors.ts'
import type { Python } from './python.ts'
import { CommandError, runCommand } from './run-command.ts'

export interface InstallRequest {
  python: Python
  /** Arguments after `install`, understood by both uv and pip. */
  args: string[]
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
  if (env.SYLLABUS_NO_UV) return false
  return runCommand('uv', ['--version'], { env, timeoutMs: 20_000 }).then(
    () => true,
    () => false,
  )
}

/**
 * Installs with uv when it is there, else (or when uv fails, say for want of an index it knows) with pip. A slow network takes as long
 * as it takes: both give up on a silent one. Throws SetupError.
 */
export async function install(request: InstallRequest): Promise<void> {
  const { python, args, onProgress, signal, env = process.env } = request
  const options = { signal, env, onLine: onProgress }
  if (await hasUv(env)) {
    try {
      await runCommand('uv', ['pip', 'install', '--python', python.command, ...args], options)
      return
    } catch (error) {
      if (!(error instanceof CommandError)) throw error
      onProgress?.(`uv could not install (${lastLine(error.tail)}); trying pip`)
    }
  }
  try {
    await runCommand(python.command, pipArgs(args), options)
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    throw explainInstallFailure(error)
  }
}

function pipArgs(args: string[]): string[] {
  const quiet = ['--disable-pip-version-check', '--no-input', '--progress-bar', 'off']
  return [`${pipWheel}/pip`, 'install', ...quiet, ...args]
}

const lastLine = (text: string) => text.trim().split('\n').at(-1) ?? ''

function explainInstallFailure(error: CommandError): SetupError {
  const options = { cause: error }
  if (/No space left|Errno 28/.test(error.tail))
    return new SetupError(
      `The disk filled up while packages were unpacked: ${lastLine(error.tail)}`,
      'Free some disk space (the fine-tuning runtime needs up to 7 GB) and run again; what is done is kept.',
      options,
    )
  if (/do not match the hashes|HashMismatch/i.test(error.tail))
    return new SetupError(
      `A downloaded package is not the pinned one: ${lastLine(error.tail)}`,
      'Clear the pip cache (`pip cache purge`), check the package index in use, and run again.',
      options,
    )
  if (
    /resolve|connect|timed? ?out|unreachable|Network|Temporary failure|No matching distribution|proxy|SSL/i.test(
      error.tail,
    )
  )
    return new SetupError(
      `Packages could not be fetched: ${lastLine(error.tail)}`,
      'Check the network (or PIP_INDEX_URL and the proxy settings) and run again; what is done is kept.',
      options,
    )
  return new SetupError(
    `pip failed: ${lastLine(error.tail)}`,
    'Run again; if it fails the same way, set SYLLABUS_PYTHON to another Python.',
    options,
  )
}
