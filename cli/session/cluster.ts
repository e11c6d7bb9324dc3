import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import type { Log } from '../../agents/kit/log.ts'
import { type AllCredentials, credentialsFromUrl, readCredentials, startServer } from '../../bus/mod.ts'
import type { BusLimits } from '../../schemas/bus-limits.ts'
import { provisionNatsServer } from '../../trainer-bridge/provision/mod.ts'

/** The server that a session talks to, and the secrets that its launcher hands out, to each role its own. */
export type Cluster = AsyncDisposable & {
  servers: string
  credentials: AllCredentials
  /** Those of BusLimits where it is left out. */
  limits?: BusLimits | undefined
  /** Whether the three accounts are really apart. */
  sealed: boolean
  /** Hex; for critic and evaluator. */
  contaminationKey: string
  /** In words: which server, and whose. */
  description: string
}

type Setup = {
  home: string
  log: Log
  onProgress: (line: string) => void
  /** What a person should see at once of the server that is started here. */
  tell?: (line: string) => void
  limits?: BusLimits
}

/** NATS_URL, else nats-server on PATH, else the pinned one from its wheel; the latter two are started here, on loopback. */
export async function openCluster(setup: Setup): Promise<Cluster> {
  const contaminationKey = await keepKey(setup.home)
  const url = process.env.NATS_URL
  const { limits } = setup
  if (url) return { ...foreign(url), limits, contaminationKey, [Symbol.asyncDispose]: async () => {} }
  const binary = await findBinary(setup)
  return {
    ...(await keepServer(binary, setup)),
    limits,
    contaminationKey,
    sealed: true,
    description: `embedded nats-server (${binary})`,
  }
}

function foreign(url: string) {
  const file = process.env.SYLLABUS_CREDENTIALS
  const fromUrl = credentialsFromUrl(url)
  return file
    ? {
        servers: fromUrl.servers,
        credentials: readCredentials(file),
        sealed: true,
        description: `NATS at ${fromUrl.servers}`,
      }
    : { ...fromUrl, sealed: false, description: `NATS at ${fromUrl.servers}, one user for all (nothing is sealed)` }
}

async function findBinary({ home, onProgress }: Setup): Promise<string> {
  const onPath = (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'nats-server'))
    .find(existsSync)
  return onPath ?? provisionNatsServer({ home, onProgress })
}

/** Starts the server and starts it again on the same port and storage whenever it dies: what was stored is still there. */
async function keepServer(binary: string, { home, log, limits, tell }: Setup) {
  const storeDir = join(home, 'nats')
  const options = { binary, storeDir, credentialsFile: join(home, 'nats-credentials.json'), limits, log, tell }
  let server = await startServer(options)
  const port = Number(new URL(server.url).port)
  let stopping = false
  const loop = (async () => {
    while (!stopping) {
      await server.exited
      if (stopping) return
      log.warn('nats-server ended; it is started again')
      server = await startServer({ ...options, port })
    }
  })()
  loop.catch((error: unknown) => log.error({ error: String(error) }, 'nats-server cannot be started again'))
  return {
    servers: server.url,
    credentials: server.credentials,
    async [Symbol.asyncDispose]() {
      stopping = true
      await server.stop()
      await loop.catch(() => {})
    },
  }
}

/** The key of the contamination index, made once and kept: rows are checked by it in runs that were begun earlier too. */
export async function keepKey(home: string): Promise<string> {
  const given = process.env.SYLLABUS_CONTAMINATION_KEY
  if (given) return given
  const path = join(home, 'contamination.key')
  await mkdir(home, { recursive: true })
  await writeFile(path, randomBytes(32).toString('hex'), { mode: 0o600, flag: 'wx' }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    },
  )
  return (await readFile(path, 'utf8')).trim()
}
