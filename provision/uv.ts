import { access, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { SetupError } from './errors.ts'
import { hasUv, installWheel, pipSettings } from './installer.ts'
import type { Python } from './python.ts'
import { runCommand } from './run-command.ts'

const version = '0.13.9'

/** SHA-256 of the wheels of uv; a wheel that is not one of these is refused. */
const wheelHashes: Readonly<Record<string, string>> = {
  'linux-x64': 'd7f459fe4fd247d830351c75686d3996ace3c6f3f728eb0e85a30b7ada0cef19',
  'linux-arm64': '5435c5ce14a56431208ca0996416d310f1598e8c2c8ba707688985a16bb82dbe',
  'darwin-arm64': '66c512266d633bef48384a1f53003f41f2a8e7b36fe6e7fbfd3e0fd52d96fa63',
  'darwin-x64': 'c16ed11e013557536b3e60065f1b912f6407bd6518e041b961e23ef9e6b4fbf5',
}

/** Which program installs packages: its command, null for pip; what it wants in its environment; what it is, for a person. */
export interface Installer {
  uv: string | null
  env: NodeJS.ProcessEnv
  description: string
}

export interface InstallerRequest {
  python: Python
  /** A folder of this set-up alone, removed after it. */
  folder: string
  onProgress?: (line: string) => void
  signal?: AbortSignal
  env: NodeJS.ProcessEnv
}

/** pip's settings that uv knows by another name. */
const uvNames = {
  'index-url': 'UV_DEFAULT_INDEX',
  'extra-index-url': 'UV_INDEX',
  'find-links': 'UV_FIND_LINKS',
  'trusted-host': 'UV_INSECURE_HOST',
  cert: 'SSL_CERT_FILE',
  proxy: 'HTTPS_PROXY',
} as const

/**
 * The uv on PATH, else one that is fetched for this set-up (18 MB), which takes a third of pip's time; pip where neither can be had. The
 * one that is fetched reads packages where pip is set up to read them, and keeps its downloads in the set-up's folder.
 */
export async function findInstaller(request: InstallerRequest): Promise<Installer> {
  const { python, folder, onProgress, signal, env } = request
  if (await hasUv(env)) return { uv: 'uv', env, description: 'uv from PATH' }
  const sha256 = wheelHashes[`${process.platform}-${process.arch}`]
  const pip = (why: string): Installer => ({ uv: null, env, description: `pip (${why})` })
  if (env.SYLLABUS_NO_UV) return pip('SYLLABUS_NO_UV is set')
  if (!sha256) return pip(`no packaged uv for ${process.platform}-${process.arch}`)
  const uv = join(folder, 'package', 'bin', 'uv')
  try {
    await mkdir(folder, { recursive: true })
    await access(uv).catch(() => {
      onProgress?.(`uv ${version}: fetching (18 MB), for this set-up`)
      return installWheel({ name: 'uv', version, sha256 }, folder, { python, uv: null, signal, env })
    })
    await runCommand(uv, ['--version'], { env, signal, timeoutMs: 20_000 })
    const settings = await pipSettings(python, env)
    const known = Object.entries(uvNames).flatMap(([name, uvName]) =>
      settings[name] === undefined ? [] : [[uvName, settings[name]]],
    )
    const own = { ...Object.fromEntries(known), ...env, UV_CACHE_DIR: join(folder, 'cache') }
    return { uv, env: own, description: `uv ${version}, fetched for this set-up` }
  } catch (error) {
    signal?.throwIfAborted()
    return pip(`uv could not be fetched: ${error instanceof SetupError ? error.message : 'it does not run'}`)
  }
}
