import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import type { Log } from '../agents/kit/log.ts'
import {
  BusSetupError,
  type Credentials,
  credentialsFromUrl,
  type HeldCredentials,
  holdStorage,
  type NodeFacts,
  readCredentials,
  type Storage,
  startServer,
  type TlsFiles,
} from '../bus/mod.ts'
import { ensureHome, homeFolder } from '../machine/folders.ts'
import { createWhole, ownerOnly, readState, textOrNull, writeWhole } from '../machine/state-file.ts'
import { natsServerPath, provisionNatsServer, replaceDamaged } from '../provision/mod.ts'
import type { BusLimits } from '../schemas/bus-limits.ts'
import { accountsOf, type Role, roles } from '../schemas/role.ts'
import { UsageError } from '../schemas/user-error.ts'
import { takeServers } from './joined-cluster.ts'

/** The server that a session talks to, and the secrets that its launcher hands out, to each role its own. */
export type BusServer = AsyncDisposable & {
  servers: string
  /** Of a server of others, those of the roles that work on this host. */
  credentials: HeldCredentials
  /** What connections with TLS need. */
  tls?: TlsFiles | undefined
  /** Which node of a cluster this host is, where its credentials are those of a join file. */
  join?: NodeFacts | undefined
  /** Those of BusLimits where it is left out. */
  limits?: BusLimits | undefined
  /** Whether the server has answered before, so that it is away where it does not. */
  isKnown?: boolean
  /** Whether the three accounts are really apart. */
  sealed: boolean
  /** Hex; for critic, evaluator and who begins a run. It is looked for, and made, when it is needed. */
  contaminationKey: () => Promise<string>
  /** As text: which server, and whose. */
  description: string
  /** What the server calls itself; null of one of others. */
  serverName: string | null
  /** Aborts when the storage was lost to another machine; none of a server of others. */
  lost?: AbortSignal
}

type Setup = {
  home: string
  log: Log
  onProgress: (line: string) => void
  /** What a person should see at once of the server that is started here. */
  notify?: (line: string) => void
  limits?: BusLimits
  /** Whether a server that is not here may be fetched (default: yes). */
  mayFetch?: boolean
  /** The server's storage where it is held already. */
  storage?: Storage | null
}

/**
 * Holds the storage of a home's server, and says for whom it waits.
 * @throws those of `holdStorage`
 */
export const holdHome = (home: string, notify: (line: string) => void, limits?: BusLimits): Promise<Storage> =>
  holdStorage(join(home, 'nats'), { onWait: notify, silentMs: limits?.hostSilentMs })

/** NATS_URL or a join file, else nats-server on PATH, else the pinned one from its wheel; the latter two are started here, on loopback. */
export async function openBusServer(setup: Setup): Promise<BusServer> {
  ensureHome(setup.home)
  takeServers()
  const { NATS_URL: url, SYLLABUS_CREDENTIALS: file } = process.env
  const { limits } = setup
  // A file that cannot be read may be a join file: no server is started in place of the cluster's.
  if (!url && file) readCredentials(file)
  if (url) {
    const server = foreign(url)
    const contaminationKey = contaminationKeyOf(setup.home, setup.onProgress, server.join?.contaminationKey)
    const isKnown = await isKnownServer(setup.home, server.servers)
    return { ...server, isKnown, limits, contaminationKey, serverName: null, [Symbol.asyncDispose]: async () => {} }
  }
  await using stack = new AsyncDisposableStack()
  const storage = setup.storage ?? stack.use(await holdHome(setup.home, setup.onProgress, limits))
  const binary = await findBinary(setup)
  const kept = await keepServer(binary, storage, setup).catch(async (error: unknown) => {
    if (binary !== natsServerPath(setup.home) || !(await replaceDamaged(setup))) throw error
    return keepServer(binary, storage, setup)
  })
  const { servers, credentials } = stack.use(kept)
  const contaminationKey = contaminationKeyOf(setup.home, setup.onProgress)
  const owned = stack.move()
  return {
    servers,
    credentials,
    limits,
    contaminationKey,
    isKnown: true,
    sealed: true,
    description: `embedded nats-server (${binary})`,
    serverName: storage.serverName,
    lost: storage.lost,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

function foreign(url: string): Pick<BusServer, 'servers' | 'credentials' | 'tls' | 'join' | 'sealed' | 'description'> {
  const file = process.env.SYLLABUS_CREDENTIALS
  const fromUrl = credentialsFromUrl(url)
  if (file)
    return {
      servers: fromUrl.servers,
      ...readCredentials(file),
      sealed: true,
      description: `NATS at ${fromUrl.servers}`,
    }
  const description = `NATS at ${fromUrl.servers}, one user for all (nothing is sealed)`
  return { ...fromUrl, join: undefined, sealed: false, description }
}

/**
 * The servers of a cluster, as the join file of this host has them.
 * @throws BusSetupError for a file that cannot be read; UsageError for one that joins nothing
 */
export async function joinServer(file: string, limits?: BusLimits): Promise<BusServer & { join: NodeFacts }> {
  const { join: facts, ...held } = readCredentials(file)
  if (!facts) {
    throw new UsageError(
      `${file} is no join file: it does not say which node of which cluster this host is.`,
      'Write one where the cluster was made, with "npx syllabus cluster node", and bring it here.',
    )
  }
  const { servers } = credentialsFromUrl(facts.servers)
  return {
    ...held,
    servers,
    limits,
    join: facts,
    isKnown: await isKnownServer(homeFolder(), servers),
    sealed: true,
    contaminationKey: async () => facts.contaminationKey ?? refuseKey(file),
    description: `the cluster at ${servers}`,
    serverName: null,
    [Symbol.asyncDispose]: async () => {},
  }
}

const refuseKey = (file: string): never => {
  throw new UsageError(
    `${file} holds no key of the contamination index, which critics and evaluators check rows with.`,
    'Write the join file again with the role critic or evaluator among its roles.',
  )
}

/** The accounts of a role in which there is no user for it. */
const accountsWithout = (credentials: HeldCredentials, role: Role) =>
  accountsOf[role].filter((account) => !credentials[role]?.[account])

export const holdsRole = ({ credentials }: BusServer, role: Role): boolean =>
  accountsWithout(credentials, role).length === 0

/**
 * @throws BusSetupError that names the roles whose credentials a command needs and this host lacks, before anything is started
 */
export function checkLogins(
  { credentials, servers }: Pick<BusServer, 'credentials' | 'servers'>,
  needed: readonly Role[],
): void {
  const missing = [...new Set(needed)].flatMap((role) => {
    const accounts = accountsWithout(credentials, role)
    return accounts.length > 0 ? [`${role} (${accounts.join(', ')})`] : []
  })
  if (missing.length === 0) return
  const held = roles.filter((role) => credentials[role])
  throw new BusSetupError({
    what: `The command needs the credentials of ${[...new Set(needed)].join(', ')}; missing: ${missing.join(', ')}`,
    where: process.env.SYLLABUS_CREDENTIALS ?? servers,
    fix: `The file holds ${held.join(', ') || 'no role'}. Add the roles that are missing, with a user for each account (docs/operations.md, "Which server"), or give the command on a host that holds them.`,
  })
}

/**
 * What a process of the role is handed.
 * @throws BusSetupError where the host does not hold it
 */
export function credentialsOf(server: BusServer, role: Role): Credentials {
  checkLogins(server, [role])
  return server.credentials[role] ?? {}
}

async function findBinary({ home, onProgress, mayFetch = true }: Setup): Promise<string> {
  const onPath = (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'nats-server'))
    .find(existsSync)
  if (onPath) return onPath
  const own = natsServerPath(home)
  if (mayFetch || existsSync(own)) return provisionNatsServer({ home, onProgress })
  throw new UsageError(
    `There is no nats-server in ${home} to read its runs with, and a command that only reads fetches nothing.`,
    'Fetch it with "npx syllabus up" (7 MB), or put a nats-server on PATH.',
  )
}

const longestRestartMs = 10_000

/** Starts the server and starts it again on the same port and storage whenever it dies: what was stored is still there. */
async function keepServer(binary: string, storage: Storage, { home, log, limits, notify = () => {} }: Setup) {
  const options = { binary, storage, credentialsFile: join(home, 'nats-credentials.json'), limits, log, notify }
  let server = await startServer(options)
  const port = Number(new URL(server.url).port)
  const stopping = new AbortController()
  storage.lost.addEventListener('abort', () => stopping.abort(), { once: true })

  /** Until it is up: another program may have taken the port meanwhile. */
  async function startAgain(): Promise<void> {
    for (let pauseMs = 250; !stopping.signal.aborted; pauseMs = Math.min(2 * pauseMs, longestRestartMs)) {
      try {
        server = await startServer({ ...options, port })
        return
      } catch (error) {
        log.error({ error: String(error), pauseMs }, 'nats-server cannot be started again yet')
        if (pauseMs === 250) notify(`nats-server ended and cannot be started again yet: ${String(error)}`)
        await sleep(pauseMs, undefined, { signal: stopping.signal }).catch(() => {})
      }
    }
  }

  const loop = (async () => {
    while (!stopping.signal.aborted) {
      await server.exited
      if (stopping.signal.aborted) return
      log.warn('nats-server ended; it is started again')
      await startAgain()
    }
  })()
  return {
    servers: server.url,
    credentials: server.credentials,
    async [Symbol.asyncDispose]() {
      stopping.abort()
      await server.stop()
      await loop
      // It may have been starting just then.
      await server.stop()
    },
  }
}

const keyText = /^[0-9a-f]{64}$/i

/**
 * The key of the contamination index, for whoever needs it: the cluster's where there is one, else that of the home. Asked for several
 * times at once, it is read once.
 */
export function contaminationKeyOf(
  home: string,
  notify: (line: string) => void,
  ofCluster?: string,
): () => Promise<string> {
  let key = ofCluster === undefined ? undefined : Promise.resolve(ofCluster)
  return () => {
    key ??= keepKey(home, notify)
    return key
  }
}

/** Made once and kept: rows are checked by it in runs that were begun earlier too. */
async function keepKey(home: string, notify: (line: string) => void): Promise<string> {
  const given = process.env.SYLLABUS_CONTAMINATION_KEY
  if (given && !keyText.test(given)) {
    throw new UsageError(
      'SYLLABUS_CONTAMINATION_KEY is not 32 bytes in hex (64 digits of 0-9 and a-f).',
      'Make one with "openssl rand -hex 32", the same for every machine of a run, or unset it.',
    )
  }
  if (given) return given
  const path = join(home, 'contamination.key')
  const made = randomBytes(32).toString('hex')
  if (await createWhole(path, made, ownerOnly)) return made
  const kept = (await textOrNull(path))?.trim() ?? ''
  if (keyText.test(kept)) return kept
  notify(`${path} is damaged; it is made again. Runs that were begun with the old key do not go on with this one`)
  await writeWhole(path, made, ownerOnly)
  return made
}

/*
 * Addresses that a NATS server has answered at before. One of them that does not answer is away, and is waited for; at another the address
 * is most likely wrong, and the command ends at once.
 */

const fileIn = (home: string) => join(home, 'known-servers.json')
/** A home that sees many clusters forgets the first ones. */
const most = 100

/** A file that cannot be read is one that knows nothing. */
const known = async (home: string): Promise<string[]> =>
  (await readState(fileIn(home), z.array(z.string()), '').catch(() => null)) ?? []

/** Whether one of these servers, joined by commas, has answered before. */
async function isKnownServer(home: string, servers: string): Promise<boolean> {
  const before = await known(home)
  return servers.split(',').some((each) => before.includes(each))
}

/** Remembers servers that have answered. A home that cannot be written is no reason to stop. */
export async function rememberServers(home: string, servers: string): Promise<void> {
  const before = await known(home)
  const fresh = servers.split(',').filter((each) => !before.includes(each))
  if (fresh.length === 0) return
  try {
    await mkdir(home, { recursive: true })
    await writeWhole(fileIn(home), JSON.stringify([...before, ...fresh].slice(-most)))
  } catch {}
}
