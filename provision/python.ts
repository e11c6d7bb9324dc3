import { SetupError } from './errors.ts'
import { runCommand } from './run-command.ts'

export interface Python {
  command: string
  /** "3.12.1" */
  version: string
}

/** The oldest Python for which the pinned packages exist. */
const oldestPython = [3, 10] as const
const newestKnownMinor = 14
const fix = 'Install Python 3.10 or newer (for example `apt install python3`), or set SYLLABUS_PYTHON to its path.'

/** Newest first, but the default interpreters of today before one that wheels may not exist for yet. */
const candidates = ['python3.13', 'python3.12', 'python3.11', 'python3.14', 'python3.10', 'python3', 'python']

/** Asks `command` for its version; undefined when it cannot be run or has no `venv` module. */
export async function probePython(command: string, env = process.env): Promise<Python | undefined> {
  const code = 'import sys, venv, zipfile, ssl; print("%d.%d.%d" % sys.version_info[:3])'
  const version = await runCommand(command, ['-c', code], { env, timeoutMs: 20_000 }).catch(() => undefined)
  return version && /^\d+\.\d+\.\d+$/.test(version.trim()) ? { command, version: version.trim() } : undefined
}

function isSupported({ version }: Python): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major === oldestPython[0] && minor >= oldestPython[1] && minor <= newestKnownMinor
}

/** The Python to build on: SYLLABUS_PYTHON when set, else the first supported one on PATH. Throws SetupError. */
export async function findPython(env = process.env): Promise<Python> {
  const asked = env.SYLLABUS_PYTHON
  const found: Python[] = []
  for (const command of asked ? [asked] : candidates) {
    const python = await probePython(command, env)
    if (python && isSupported(python)) return python
    if (python) found.push(python)
  }
  const where = asked ? `SYLLABUS_PYTHON=${asked}` : 'on PATH'
  const seen = found.map((python) => `${python.command} is ${python.version}`).join(', ')
  const what = seen
    ? `No supported Python ${where}: ${seen}; 3.10 to 3.${newestKnownMinor} is needed.`
    : `No working Python found (${where}).`
  throw new SetupError(what, fix)
}
