import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { commitIter, createRepo, HubApiError, type PathInfo, pathsInfo } from '@huggingface/hub'
import type { Reporter } from '../../launcher/console/reporter.ts'
import { sha256OfFile } from '../../provision/mod.ts'
import { explainHub, type Hub, HubError } from './hub.ts'

/*
 * Files of this machine in a repository of a hub, in one commit.
 * U1 A file that the repository holds, or that the hub has received whole before a cut, is not sent again.
 * U2 The files appear in the repository together or not at all.
 * U3 A file of the repository with other content is replaced only where that is asked for.
 * U4 What is asked to be private never goes to a repository that others can read.
 */

/** A file that leaves the machine: its path in the repository and on this machine, and what it holds, for a person. */
export type OutgoingFile = { path: string; file: string; bytes: number; holds: string }

export type PushRequest = {
  /** `org/name`. */
  to: string
  kind: 'model' | 'dataset'
  files: readonly OutgoingFile[]
  private: boolean
  replace: boolean
  /** Title of the commit. */
  title: string
  signal: AbortSignal
}

/** Where the files are, and which of them this call sent. */
export type Pushed = { url: string; sent: string[] }

/** Pauses before a push whose connection was cut goes on. */
const pausesMs = [1000, 4000, 15_000]

/**
 * Puts the files into the repository, which is made where it is not there. A cut connection is tried again a few times; after that the
 * same call goes on where it was.
 * @throws HubError
 */
export async function pushFiles(
  hub: Hub,
  request: PushRequest,
  { line }: Pick<Reporter, 'line'>,
  pauses: readonly number[] = pausesMs,
): Promise<Pushed> {
  const sent = new Set<string>()
  for (const pause of [...pauses, null]) {
    try {
      await pushOnce(hub, request, sent, line)
      const { kind, to } = request
      return { url: `${hub.url}/${kind === 'model' ? '' : 'datasets/'}${to}`, sent: [...sent] }
    } catch (error) {
      request.signal.throwIfAborted()
      const explained = explainHub(error, hub, request.to)
      if (pause === null || !(explained instanceof HubError) || !explained.passing) throw explained
      line(`${explained.what} Going on in ${pause / 1000} s`)
      await sleep(pause, undefined, { signal: request.signal })
    }
  }
  throw new Error('a push has at least one try')
}

async function pushOnce(hub: Hub, request: PushRequest, sent: Set<string>, line: Reporter['line']): Promise<void> {
  const { to, kind, files, title, signal } = request
  const at = { repo: { type: kind, name: to }, hubUrl: hub.url, fetch: hub.fetch } as const
  await ensureRepository(hub, request)
  const paths = files.map(({ path }) => path)
  const there = new Map((await pathsInfo({ ...at, paths })).map((info) => [info.path, info]))
  const missing: OutgoingFile[] = []
  const others: string[] = []
  for (const each of files) {
    const found = there.get(each.path)
    if (found && (await isSame(each, found))) continue
    missing.push(each)
    // Every repository is made with one.
    if (found && each.path !== '.gitattributes') others.push(each.path)
  }
  if (others.length > 0 && !request.replace) {
    throw new HubError(
      `The name ${to} is taken: the repository holds other content in ${others.join(', ')}.`,
      'Name another repository, or give --replace to put these files in place of those.',
    )
  }
  if (missing.length === 0) return
  const operations = missing.map(({ path, file }) => ({
    operation: 'addOrUpdate' as const,
    path,
    content: pathToFileURL(file),
  }))
  const sizes = new Map(missing.map(({ path, bytes }) => [path, bytes]))
  const [uploading, arrived] = [new Set<string>(), new Set<string>()]
  const sending = ({ path, bytes }: Pick<OutgoingFile, 'path' | 'bytes'>) =>
    line(`sending ${path} (${sizeText(bytes)})`)
  // Without xet: its chunks hide which files have arrived, and a plain upload of a file that the hub has is not asked for (U1).
  for await (const event of commitIter({ ...at, operations, title, abortSignal: signal, useXet: false })) {
    // Small files go with the commit.
    if (event.event === 'phase' && event.phase === 'committing')
      for (const each of missing) if (!uploading.has(each.path) && !arrived.has(each.path)) sending(each)
    if (event.event !== 'fileProgress' || event.state !== 'uploading') continue
    const { path } = event
    if (event.progress < 1) {
      if (!uploading.has(path)) sending({ path, bytes: sizes.get(path) ?? 0 })
      uploading.add(path)
    } else if (uploading.has(path)) sent.add(path)
    else {
      arrived.add(path)
      line(`${path} has arrived before`)
    }
  }
  for (const { path } of missing) if (!uploading.has(path)) sent.add(path)
}

/** @throws HubError when it is another's, or can be read by others and was asked to be private */
async function ensureRepository(hub: Hub, { to, kind, private: isPrivate }: PushRequest): Promise<void> {
  const visible = await visibilityOf(hub, kind, to)
  if (visible === null) return create()
  if (isPrivate && visible === 'public') {
    throw new HubError(
      `${to} is there already, and everybody can read it; --private would not make it private.`,
      `Change it at ${hub.url}/${to}/settings, or name another repository.`,
    )
  }

  async function create(): Promise<void> {
    try {
      const visibility = isPrivate ? { visibility: 'private' as const } : {}
      // The token is added by the hub's fetch.
      await createRepo({
        repo: { type: kind, name: to },
        hubUrl: hub.url,
        fetch: hub.fetch,
        accessToken: 'hf_',
        ...visibility,
      })
    } catch (error) {
      if (!(error instanceof HubApiError) || error.statusCode !== 409) throw error
      // Made by a try whose answer was cut off; of another's, whom this token does not see, the hub says no more.
      if ((await visibilityOf(hub, kind, to)) !== null) return
      throw new HubError(
        `The name ${to} is taken, by a repository that the token in HF_TOKEN may not see.`,
        'Name another repository.',
      )
    }
  }
}

/** Who can read a repository; null where there is none that the token sees. */
async function visibilityOf(hub: Hub, kind: PushRequest['kind'], name: string): Promise<'public' | 'private' | null> {
  const response = await hub.fetch(`${hub.url}/api/${kind}s/${name}?expand[]=private`)
  if (response.ok)
    return ((await response.json()) as { private?: unknown } | null)?.private === true ? 'private' : 'public'
  const data = (await response.json().catch(() => ({}))) as object
  if (response.status === 404) return null
  const error = new HubApiError(response.url, response.status)
  error.data = { ...data }
  throw error
}

/** Whether the repository's file has the content of this one: large files are named by their SHA-256, others by git's hash. */
async function isSame({ file, bytes }: OutgoingFile, found: PathInfo): Promise<boolean> {
  if (found.lfs) return found.lfs.size === bytes && found.lfs.oid === (await sha256OfFile(file))
  if (found.type !== 'file' || found.size !== bytes) return false
  const hash = createHash('sha1').update(`blob ${bytes}\0`)
  await pipeline(createReadStream(file), hash)
  return hash.digest('hex') === found.oid
}

/** 12345678 as `12.3 MB`. */
export const sizeText = (bytes: number): string =>
  bytes < 1000 ? `${bytes} B` : bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`
