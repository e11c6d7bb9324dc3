import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { z } from 'zod'
import { sha256 } from '../../schemas/hash.ts'

/** Where a request is cut: before its body is read, after it was read and before anything was done, after that, or within the answer. */
export const cuts = ['before', 'unhandled', 'handled', 'within the answer'] as const
export type Cut = (typeof cuts)[number]

type Answer = { status: number; body?: unknown; headers?: Record<string, string> }

export type HubRequest = { method: string; path: string; authorization: string | undefined }

export type HubOptions = {
  /** Who may write to `me` and `lab`. */
  token?: string
  cut?: (request: HubRequest, count: number) => Cut | null
  /** What is answered in place of the right thing. */
  refuse?: (request: HubRequest) => Answer | null
  /** Files that are at least so large are uploaded apart from the commit. */
  largeBytes?: number
  /** Uploads larger than this come in parts of so many bytes. */
  partBytes?: number
}

type Repository = {
  private: boolean
  files: Map<string, { content: Buffer; large: boolean }>
  commits: { title: string; paths: string[] }[]
}

export type HubServer = AsyncDisposable & {
  url: string
  repositories: Map<string, Repository>
  requests: HubRequest[]
  /** How often each content has come in whole, by its SHA-256. */
  received: Map<string, number>
}

const Create = z.object({
  name: z.string(),
  organization: z.string(),
  type: z.string(),
  visibility: z.string().optional(),
})
const PathsInfo = z.object({ paths: z.array(z.string()) })
const Preupload = z.object({ files: z.array(z.object({ path: z.string(), size: z.number(), sample: z.string() })) })
const LfsBatch = z.object({
  transfers: z.array(z.string()),
  objects: z.array(z.object({ oid: z.string(), size: z.number() })),
})
const Complete = z.object({ oid: z.string(), parts: z.array(z.object({ partNumber: z.number(), etag: z.string() })) })
const CommitLine = z.discriminatedUnion('key', [
  z.object({ key: z.literal('header'), value: z.object({ summary: z.string() }) }),
  z.object({ key: z.literal('file'), value: z.object({ path: z.string(), content: z.string() }) }),
  z.object({ key: z.literal('lfsFile'), value: z.object({ path: z.string(), oid: z.string() }) }),
])

const json = (status: number, body: unknown): Answer => ({ status, body })
const gitHash = (content: Buffer) => createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex')

/** The part of the hub's HTTP API that uploads use, in memory. Large files go to another origin, as the hub's do. */
export async function startHub({
  token = 'hf_secret',
  cut = () => null,
  refuse = () => null,
  largeBytes = 1000,
  partBytes = Number.POSITIVE_INFINITY,
}: HubOptions = {}): Promise<HubServer> {
  const repositories = new Map<string, Repository>()
  const large = new Map<string, Buffer>()
  const parts = new Map<string, Buffer[]>()
  const received = new Map<string, number>()
  const requests: HubRequest[] = []

  const receive = (content: Buffer) => {
    const oid = createHash('sha256').update(content).digest('hex')
    received.set(oid, (received.get(oid) ?? 0) + 1)
    return oid
  }
  const store = (oid: string, content: Buffer): Answer => {
    if (receive(content) !== oid) return json(400, { error: 'another content than was announced' })
    large.set(oid, content)
    return { status: 200 }
  }

  function uploadOf(origin: string, oid: string, size: number) {
    if (size <= partBytes) return { href: `${origin}/upload/${oid}?X-Signature=signed` }
    const count = Math.ceil(size / partBytes)
    const addresses = Array.from({ length: count }, (_, at) => [
      String(at + 1).padStart(5, '0'),
      `${origin}/part/${oid}/${at}?X-Signature=signed`,
    ])
    parts.set(oid, [])
    return {
      href: `${origin}/complete/${oid}`,
      header: { chunk_size: String(partBytes), ...Object.fromEntries(addresses) },
    }
  }

  function commit(repository: Repository, body: string): Answer {
    const lines = body.split('\n').map((line) => CommitLine.parse(JSON.parse(line)))
    const paths: string[] = []
    let title = ''
    for (const { key, value } of lines) {
      if (key === 'header') title = value.summary
      else {
        const content = key === 'file' ? Buffer.from(value.content, 'base64') : large.get(value.oid)
        if (!content) return json(422, { error: `${value.path} was not uploaded` })
        if (key === 'file') receive(content)
        repository.files.set(value.path, { content, large: key === 'lfsFile' })
        paths.push(value.path)
      }
    }
    repository.commits.push({ title, paths })
    return json(200, { commitOid: 'ab'.repeat(20), commitUrl: 'https://hub/commit', hookOutput: '' })
  }

  function infoOf(path: string, { content, large: isLarge }: { content: Buffer; large: boolean }) {
    const lfs = isLarge ? { lfs: { oid: sha256(content), size: content.length, pointerSize: 130 } } : {}
    return { path, type: 'file', oid: gitHash(content), size: content.length, ...lfs }
  }

  function answer(request: IncomingMessage, body: Buffer, origin: string): Answer {
    const { pathname } = new URL(request.url!, 'http://hub')
    const [, kind, oid = '', at = ''] = /^\/(upload|part|complete)\/(\w+)(?:\/(\d+))?$/.exec(pathname) ?? []
    if (kind === 'upload') return store(oid, body)
    if (kind === 'part') {
      parts.get(oid)![Number(at)] = body
      return { status: 200, headers: { ETag: `"${at}"` } }
    }
    if (kind === 'complete') {
      Complete.parse(JSON.parse(body.toString()))
      return store(oid, Buffer.concat(parts.get(oid)!))
    }
    if (request.headers.authorization !== `Bearer ${token}`)
      return json(401, { error: 'Invalid credentials in Authorization header' })
    if (pathname === '/api/repos/create') {
      const { name, organization, visibility } = Create.parse(JSON.parse(body.toString()))
      const full = `${organization}/${name}`
      if (!['me', 'lab'].includes(organization)) {
        return json(403, { error: `You don't have the rights to create a model under the namespace "${organization}"` })
      }
      if (repositories.has(full)) return json(409, { error: 'You already created this model repo' })
      repositories.set(full, { private: visibility === 'private', files: new Map(), commits: [] })
      return json(200, { url: `${origin}/${full}`, id: full })
    }
    const [, named = '', rest = ''] =
      /^(?:\/api\/(?:models|datasets)|(?:\/datasets)?)\/([\w.-]+\/[\w-]+(?:\.[\w-]+)*?)(\.git\/.*|\/.*)?$/.exec(
        pathname,
      ) ?? []
    const repository = repositories.get(named)
    if (!repository) return json(404, { error: 'Repository not found' })
    if (rest === '') return json(200, { id: named, private: repository.private })
    if (rest === '/paths-info/main') {
      const { paths } = PathsInfo.parse(JSON.parse(body.toString()))
      return json(
        200,
        paths.flatMap((path) => {
          const file = repository.files.get(path)
          return file ? [infoOf(path, file)] : []
        }),
      )
    }
    if (rest === '/preupload/main') {
      const { files } = Preupload.parse(JSON.parse(body.toString()))
      const uploadMode = (size: number) => (size >= largeBytes ? 'lfs' : 'regular')
      return json(200, { files: files.map(({ path, size }) => ({ path, uploadMode: uploadMode(size) })) })
    }
    if (rest === '.git/info/lfs/objects/batch') {
      const { objects } = LfsBatch.parse(JSON.parse(body.toString()))
      const upload = (oid: string, size: number) =>
        large.has(oid) ? {} : { actions: { upload: uploadOf(origin, oid, size) } }
      return json(200, {
        transfer: 'basic',
        objects: objects.map(({ oid, size }) => ({ oid, size, ...upload(oid, size) })),
      })
    }
    if (rest === '/commit/main') return commit(repository, body.toString())
    return json(404, { error: `no ${pathname}` })
  }

  const server = createServer(async (request, response) => {
    const seen = { method: request.method!, path: request.url!, authorization: request.headers.authorization }
    requests.push(seen)
    const how = cut(seen, requests.length)
    if (how === 'before') return void request.socket.destroy()
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    if (how === 'unhandled') return void request.socket.destroy()
    const port = (server.address() as AddressInfo).port
    const {
      status,
      body,
      headers = {},
    } = refuse(seen) ?? answer(request, Buffer.concat(chunks), `http://localhost:${port}`)
    if (how === 'handled') return void request.socket.destroy()
    const text = body === undefined ? '' : JSON.stringify(body)
    response.writeHead(status, {
      'content-type': 'application/json; charset=utf-8',
      'content-length': text.length + (how ? 9 : 0),
      ...headers,
    })
    response.write(text.slice(0, how ? text.length / 2 : undefined))
    if (how) setImmediate(() => request.socket.destroy())
    else response.end()
  })
  // Both of the loopback's names.
  server.listen(0)
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    repositories,
    requests,
    received,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
    },
  }
}
