import { createHash } from 'node:crypto'
import { readdir, readFile, rm, stat, statfs, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { writeWhole } from '../machine/state-file.ts'
import { isObject, jsonOrNull } from '../schemas/bounded-json.ts'
import { checkDriver } from './driver.ts'
import { SetupError } from './errors.ts'
import { install } from './installer.ts'
import { makeOnce } from './lock.ts'
import { findPython, type Python, probePython, runtimeEnvironment, runtimePackage } from './python.ts'
import { CommandError, runCommand, setupFault } from './run-command.ts'
import { chooseTorch, cpuPin, type TorchBuild, torchIndex, torchPins, withCuda, withoutTorch } from './torch-build.ts'
import { findInstaller, type Installer } from './uv.ts'

export interface RuntimeRequest {
  /** SYLLABUS_HOME. */
  home: string
  onProgress?: (line: string) => void
  signal?: AbortSignal
  env?: NodeJS.ProcessEnv
  /** A requirements file with hashes; the runtime's own by default. */
  requirements?: string
  /** Modules that must load before the venv counts as whole. */
  modules?: string[]
  /** What it is called in lines of progress and errors. */
  name?: string
  /** The oldest Python 3.x that its packages exist for; left out: that of the runtime's own. */
  oldestMinor?: number
  /** What its packages take beside torch, in GB. */
  beside?: PackageSizes
}

/** Of packages, in GB: to download, and on the disk. */
export type PackageSizes = { download: number; installed: number }

const ownName = 'fine-tuning runtime'
const ownModules = ['torch', 'transformers', 'peft', 'safetensors', 'gguf']
const ownRequirements = join(runtimePackage, 'requirements.txt')

/** Written last, inside the venv: a venv without it is unfinished. */
const marker = 'syllabus-ready.json'

/** Where the venv for these requirements belongs. Its name changes with them, so an upgrade never edits a venv in use. */
export async function venvPath(home: string, requirements = ownRequirements): Promise<string> {
  const text = await readFile(requirements, 'utf8')
  return resolve(home, 'runtime', `venv-${createHash('sha256').update(text).digest('hex').slice(0, 12)}`)
}

const pythonIn = (venv: string) => join(venv, 'bin', 'python')

/** The finished venv's Python, or undefined when it has to be built or its interpreter is gone. */
export async function readyPython(venv: string): Promise<string | undefined> {
  const ready = await readFile(join(venv, marker), 'utf8').catch(() => undefined)
  if (ready === undefined) return undefined
  return (await probePython(pythonIn(venv))) ? pythonIn(venv) : undefined
}

/** The Python of a runtime, where it is there; nothing is built. */
export const readyRuntime = async (home: string, requirements?: string): Promise<string | undefined> =>
  readyPython(await venvPath(home, requirements))

/**
 * Why the fine-tuning runtime's packages do not compute on a GPU of this maker; null where they do.
 * @throws SetupError for an old driver
 */
export async function gpuPackagesFault(home: string, maker: 'nvidia' | 'amd'): Promise<SetupError | null> {
  const venv = await venvPath(home)
  const made = jsonOrNull(await readFile(join(venv, marker), 'utf8').catch(() => ''))
  const python = await probePython(pythonIn(venv))
  if (maker === 'amd') {
    const what = `The fine-tuning runtime in ${venv} has no torch for ROCm: it is installed for NVIDIA's GPUs and for processors.`
    const fix = `Install AMD's build of the same torch over it (pip install --index-url <that of your ROCm> in ${venv}), or set SYLLABUS_DEVICE=cpu.`
    return python && (await hasRocm(python.command)) ? null : new SetupError(what, fix)
  }
  if (isObject(made) && made.torch === 'cpu') {
    const what = `The fine-tuning runtime in ${venv} has torch without CUDA: it was installed where no GPU was found.`
    return new SetupError(what, `Remove it (rm -r ${venv}) and start again: torch with CUDA is fetched then.`)
  }
  if (python) await checkDriver({ requirements: ownRequirements, python, name: ownName, env: process.env })
  return null
}

const hasRocm = (python: string): Promise<boolean> =>
  runCommand(python, ['-c', 'import torch, sys; sys.exit(torch.version.hip is None)'], { timeoutMs: 60_000 }).then(
    () => true,
    () => false,
  )

/**
 * The Python of the fine-tuning runtime, in a venv under `home` that is built on first use. An interrupted build is
 * taken up by the next call: packages already unpacked are kept. @throws SetupError
 */
export async function provisionRuntime(request: RuntimeRequest): Promise<{ python: string }> {
  const { home, onProgress, signal, env = process.env, requirements = ownRequirements, name = ownName } = request
  const venv = await venvPath(home, requirements)
  const python = await makeOnce(
    venv,
    { onProgress, signal },
    () => readyPython(venv),
    async () => {
      const base = await findPython(env, request.oldestMinor)
      await checkDriver({ requirements, python: base, name, env })
      const build = await chooseTorch({ python: base, requirements, env, signal })
      const report = (chosen: TorchBuild) => {
        const { beside } = request
        const rest = beside
          ? `; its other packages ${beside.download} GB to download, ${beside.installed} GB on disk`
          : ''
        onProgress?.(`${name}: Python ${base.version}, ${chosen.description}${rest}`)
        return checkDisk(home, { name, gb: chosen.installedGb + (beside?.installed ?? 0) })
      }
      await report(build)
      await createVenv(venv, base, { env, signal })
      // Kept when the set-up is interrupted, for the next start to go on from.
      const downloads = `${venv}.downloads`
      const installer = await findInstaller({ python: base, folder: downloads, onProgress, signal, env })
      onProgress?.(`${name}: installed by ${installer.description}`)
      const context = { ...request, installer, downloads, base }
      const installed = await installPackages(venv, build, context).then(
        () => build,
        async (error: unknown) => {
          if (build.kind !== 'cpu' || !lacksWheel(error)) throw error
          const whole = withCuda(build.pin, `no CPU build for Python ${base.version} at ${torchIndex(env)}`)
          await report(whole)
          await installPackages(venv, whole, context)
          return whole
        },
      )
      await checkImports(venv, request.modules ?? ownModules, { env, signal })
      const made = { python: base.version, torch: installed.kind, at: new Date().toISOString() }
      await writeWhole(join(venv, marker), JSON.stringify(made))
      await rm(downloads, { recursive: true, force: true })
      await removeOldVenvs(home, venv)
      onProgress?.(`${name}: ready`)
      return pythonIn(venv)
    },
  )
  return { python }
}

/** Whether an index has the version, but no wheel of it for this machine. */
const lacksWheel = (error: unknown) =>
  error instanceof SetupError &&
  error.cause instanceof CommandError &&
  /No matching distribution found for torch==/.test(error.cause.tail)

interface StepOptions {
  env: NodeJS.ProcessEnv
  signal?: AbortSignal
}

/** Built in place: a venv holds absolute paths and cannot be renamed; its marker file says when it is whole. */
async function createVenv(venv: string, base: Python, { env, signal }: StepOptions): Promise<void> {
  if (await probePython(pythonIn(venv))) return
  await rm(venv, { recursive: true, force: true })
  // --without-pip needs no ensurepip, which Debian leaves out; pip runs from its wheel instead.
  const args = ['-m', 'venv', '--without-pip', venv]
  const failed = (tail: string) => `${base.command} -m venv failed in ${venv}: ${tail}`
  const fix = 'Install the venv module (Debian: `apt install python3-venv`), or set SYLLABUS_PYTHON to another Python.'
  await runCommand(base.command, args, { env, signal, timeoutMs: 120_000 }).catch(setupFault(failed, fix))
}

async function installPackages(
  venv: string,
  build: TorchBuild,
  request: RuntimeRequest & { installer: Installer; downloads: string; base: Python },
): Promise<void> {
  const { onProgress, signal, installer, downloads, env = process.env, requirements = ownRequirements } = request
  const { name = ownName, base } = request
  const { uv } = installer
  const onLine = (line: string) => {
    const short = interesting(line)
    if (short) onProgress?.(`${name}: ${short}`)
  }
  const python = { command: pythonIn(venv), version: '' }
  const pipCache = join(downloads, 'pip')
  const packages = (args: string[]) =>
    install({ python, args, uv, pipCache, signal, env: installer.env, onProgress: onLine })
  const pinned = ['--require-hashes', '--only-binary', ':all:', '-r']
  // Whole lists: what they do not name, such as a torch that a package would have otherwise, is not looked for.
  if (build.kind === 'default') return packages([...pinned, requirements, '--no-deps'])
  const text = await readFile(requirements, 'utf8')
  const cpuPins = torchPins(text, base).map(cpuPin)
  await packages(['--no-deps', '--index-url', torchIndex(env), ...cpuPins])
  const rest = join(venv, 'requirements-without-torch.txt')
  await writeFile(rest, withoutTorch(text))
  await packages([...pinned, rest, '--no-deps'])
}

/** Large downloads and the summary are worth a line; the rest of what an installer says is not. */
function interesting(line: string): string | undefined {
  const text = line.trim()
  const download = /^Downloading (\S+) \((\d+)(?:\.\d+)? ?Mi?B\)/.exec(text)
  if (download) return Number(download[2]) >= 10 ? `downloading ${download[1]} (${download[2]} MB)` : undefined
  if (/^uv could not install/.test(text)) return text
  if (/^Installing collected packages/.test(text)) return 'unpacking'
  return /^(Resolved|Prepared|Installed) \d+ packages/.test(text) ? text : undefined
}

async function checkImports(venv: string, modules: string[], { env, signal }: StepOptions): Promise<void> {
  try {
    // Some ten thousand files are on the disk before the marker says that they are.
    await runCommand(pythonIn(venv), ['-c', `import os, ${modules.join(', ')}; os.sync()`], {
      env: runtimeEnvironment(env),
      signal,
      timeoutMs: 300_000,
    })
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    await rm(venv, { recursive: true, force: true })
    throw new SetupError(
      `The packages in ${venv} do not load: ${error.tail}`,
      'Run again: it is rebuilt from nothing.',
      { cause: error },
    )
  }
}

async function checkDisk(home: string, { name, gb }: { name: string; gb: number }): Promise<void> {
  const { bavail, bsize } = await statfs(home)
  const freeGb = (bavail * bsize) / 1e9
  if (freeGb >= gb) return
  const message = `${home} has ${freeGb.toFixed(1)} GB free; the ${name} takes ${gb} GB.`
  throw new SetupError(message, 'Free some space, or set SYLLABUS_HOME to a folder on a larger disk.')
}

/** An upgrade leaves the venv of the release before behind; those are several gigabytes. */
async function removeOldVenvs(home: string, current: string): Promise<void> {
  const folder = join(home, 'runtime')
  const monthMs = 30 * 24 * 3_600_000
  for (const name of await readdir(folder)) {
    const path = join(folder, name)
    if (!/^venv-[0-9a-f]{12}(\.downloads)?$/.test(name) || path === current) continue
    const { atimeMs } = await stat(join(path, marker)).catch(() => ({ atimeMs: 0 }))
    if (Date.now() - atimeMs > monthMs) await rm(path, { recursive: true, force: true })
  }
}
