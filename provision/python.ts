import { delimiter } from 'node:path'
import { fileURLToPath } from 'node:url'
import { SetupError } from './errors.ts'
import { runCommand } from './run-command.ts'

/** The folder of the Python package, for PYTHONPATH. */
export const runtimePackage = fileURLToPath(new URL('../trainer-bridge/runtimes/peft/', import.meta.url))

/**
 * What the runtime uses of the environment: where things lie, how devices and threads are used, and how the model hub is reached, its
 * token included. All else stays out, keys of language models and embedders first of all.
 */
const used = [
  /^(PATH|HOME|USER|LOGNAME|LANG|LC_\w+|TZ|TMPDIR|TEMP|TMP|XDG_\w+)$/,
  /^(LD|DYLD|MALLOC|PYTHON|PYTORCH|TORCH|TORCHINDUCTOR|TRITON)\w*$/,
  /^(CUDA|CUBLAS|CUDNN|NCCL|NVIDIA|HIP|HSA|ROCM|ROCR|MIOPEN|OMP|GOMP|KMP|MKL|OPENBLAS)_\w+$/,
  /^((HTTPS?|NO|ALL)_PROXY|SSL_CERT_\w+|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|(HF|TRANSFORMERS|TOKENIZERS)_\w+)$/i,
  /^SYLLABUS_(DEVICE|FAST_PATHS|HEARTBEAT_SECONDS|LOG_LEVEL)$/,
]

/**
 * The environment of each Python of a runtime, made of that of whoever starts it; `packages`: folders for PYTHONPATH beside our own.
 * Images often forbid bytecode (PYTHONDONTWRITEBYTECODE=1); every start would then compile torch and transformers again, which takes longer
 * than all else about it.
 */
export const runtimeEnvironment = (
  env: NodeJS.ProcessEnv = process.env,
  packages: readonly string[] = [],
): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(Object.entries(env).filter(([name]) => used.some((names) => names.test(name)))),
  PYTHONPATH: [...packages, runtimePackage].join(delimiter),
  PYTHONDONTWRITEBYTECODE: '',
  PYTHONUNBUFFERED: '1',
})

export interface Python {
  command: string
  /** "3.12.1" */
  version: string
}

/** The oldest Python for which the pinned packages exist. */
const oldestPython = [3, 10] as const
const newestKnownMinor = 14
const fixWith = (minor: number) =>
  `Install Python 3.${minor} or newer (for example \`apt install python3\`), or set SYLLABUS_PYTHON to its path.`

/** Newest first, but the default interpreters of today before one that wheels may not exist for yet. */
const candidates = ['python3.13', 'python3.12', 'python3.11', 'python3.14', 'python3.10', 'python3', 'python']

/** Asks `command` for its version; undefined when it cannot be run or has no `venv` module. */
export async function probePython(command: string, env = process.env): Promise<Python | undefined> {
  const code = 'import sys, venv, zipfile, ssl; print("%d.%d.%d" % sys.version_info[:3])'
  const version = await runCommand(command, ['-c', code], { env, timeoutMs: 20_000 }).catch(() => undefined)
  return version && /^\d+\.\d+\.\d+$/.test(version.trim()) ? { command, version: version.trim() } : undefined
}

function isSupported({ version }: Python, oldestMinor: number): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major === oldestPython[0] && minor >= oldestMinor && minor <= newestKnownMinor
}

/**
 * The Python to build on: SYLLABUS_PYTHON when set, else the first supported one on PATH. `oldestMinor`: of 3.x, for packages that need a
 * newer one.
 * @throws SetupError
 */
export async function findPython(env = process.env, oldestMinor: number = oldestPython[1]): Promise<Python> {
  const asked = env.SYLLABUS_PYTHON
  const found: Python[] = []
  for (const command of asked ? [asked] : candidates) {
    const python = await probePython(command, env)
    if (python && isSupported(python, oldestMinor)) return python
    if (python) found.push(python)
  }
  const where = asked ? `SYLLABUS_PYTHON=${asked}` : 'on PATH'
  const seen = found.map((python) => `${python.command} is ${python.version}`).join(', ')
  const what = seen
    ? `No supported Python ${where}: ${seen}; 3.${oldestMinor} to 3.${newestKnownMinor} is needed.`
    : `No working Python found (${where}).`
  throw new SetupError(what, fixWith(oldestMinor))
}
