import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openHub } from '../../../experiments/push/hub.ts'
import { type OutgoingFile, type PushRequest, pushFiles } from '../../../experiments/push/push-files.ts'
import { sha256 } from '../../../schemas/hash.ts'
import { cuts, type HubOptions, type HubServer, startHub } from '../../support/hub-server.ts'

const token = 'hf_secret'
const contents: Readonly<Record<string, string>> = {
  'README.md': '# A model\n',
  'adapter_config.json': '{"r": 8}',
  'adapter_model.safetensors': 'weights '.repeat(4000),
  'tokenizer.json': 'tokens '.repeat(3000),
  empty: '',
  'merged/model.safetensors': 'more weights '.repeat(5000),
}
let folder: string
let files: OutgoingFile[]

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'syllabus-push-'))
  files = await Promise.all(
    Object.entries(contents).map(async ([path, content], at) => {
      const file = join(folder, String(at))
      await writeFile(file, content)
      return { path, file, bytes: (await stat(file)).size, holds: 'a file' }
    }),
  )
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const request = (more: Partial<PushRequest> = {}): PushRequest => ({
  to: 'me/model',
  kind: 'model',
  files,
  private: false,
  replace: false,
  title: 'A run',
  signal: new AbortController().signal,
  ...more,
})

/** One call, as one command makes it. */
async function push(server: HubServer, more: Partial<PushRequest> & { pauses?: number[]; token?: string } = {}) {
  const { pauses = [], token: own = token, ...asked } = more
  const lines: string[] = []
  const signal = new AbortController().signal
  const hub = openHub({ HF_ENDPOINT: `${server.url}/`, HF_TOKEN: own }, { needsToken: true, signal })
  const pushed = await pushFiles(hub, request(asked), { line: (text) => lines.push(text) }, pauses).catch(
    (error) => error,
  )
  return { ...pushed, error: pushed instanceof Error ? pushed : null, lines }
}

const held = (server: HubServer, name = 'me/model') =>
  Object.fromEntries(
    [...(server.repositories.get(name)?.files ?? [])].map(([path, { content }]) => [path, String(content)]),
  )

/** How often each file's content has arrived whole, by its path. */
const arrivals = ({ received }: HubServer) =>
  Object.fromEntries(Object.entries(contents).map(([path, content]) => [path, received.get(sha256(content)) ?? 0]))
const once = Object.fromEntries(Object.keys(contents).map((path) => [path, 1]))

/** How many requests a push makes that nothing cuts. */
async function requestsOf(options: HubOptions): Promise<number> {
  await using server = await startHub(options)
  await push(server)
  return server.requests.length
}

test('all files are there after one commit, and a second push sends nothing', async () => {
  await using server = await startHub()
  const first = await push(server)
  expect(first).toMatchObject({ error: null, url: `${server.url}/me/model` })
  expect(first.sent.toSorted()).toEqual(Object.keys(contents).toSorted())
  const announced = first.lines.flatMap((line: string) => /^sending (\S+) \(/.exec(line)?.[1] ?? [])
  expect(announced.toSorted()).toEqual(first.sent.toSorted())
  expect(held(server)).toEqual(contents)
  expect(await push(server)).toMatchObject({ error: null, sent: [] })
  expect(arrivals(server)).toEqual(once)
  expect(server.repositories.get('me/model')?.commits).toHaveLength(1)
})

describe.each([
  ['uploads in one piece', {}],
  ['uploads in parts', { partBytes: 9000 }],
] as const)('%s, cut at each request in turn', (_, options) => {
  test.each(cuts)('%s: the next call sends what is missing, and nothing twice', async (how) => {
    const count = await requestsOf(options)
    expect(count).toBeGreaterThan(8)
    let failed = 0
    for (let at = 1; at <= count; at++) {
      await using server = await startHub({ ...options, cut: (_, request) => (request === at ? how : null) })
      const first = await push(server)
      if (first.error) failed++
      expect(first.error ?? { passing: true }, `cut at request ${at}`).toMatchObject({ passing: true })
      const second = await push(server)
      expect(second.error).toBe(null)
      expect(held(server)).toEqual(contents)
      expect(arrivals(server), `cut at request ${at}`).toEqual(once)
      expect(server.repositories.get('me/model')?.commits).toHaveLength(1)
    }
    // Of some answers the status says all: that there is no repository yet, that an upload has arrived.
    expect(failed).toBeGreaterThanOrEqual(how === 'within the answer' ? 5 : count)
  })
})

test('one call goes on by itself after a cut at every seventh request', async () => {
  await using server = await startHub({ cut: (_, count) => (count % 7 === 0 ? 'handled' : null) })
  const { error, lines } = await push(server, { pauses: Array(20).fill(0) })
  expect(error).toBe(null)
  expect(held(server)).toEqual(contents)
  expect(arrivals(server)).toEqual(once)
  expect(lines.join('\n')).toContain('is cut')
})

test('the token goes to the hub alone, and stands in no line and no error', async () => {
  await using server = await startHub({ partBytes: 9000 })
  const { lines } = await push(server)
  const apart = server.requests.filter(({ path }) => /^\/(upload|part|complete)/.test(path))
  expect(apart.length).toBeGreaterThan(3)
  expect(apart.filter(({ authorization }) => authorization !== undefined)).toEqual([])
  expect(lines.join('\n')).not.toContain(token)
  await using other = await startHub({
    refuse: () => ({ status: 400, body: { error: `what is ${token}? see https://a/b?X-Sig=s` } }),
  })
  const { error } = await push(other)
  expect(`${error.message} ${error.fix}`).not.toMatch(/hf_secret|X-Sig/)
})

const refusals: [string, HubOptions['refuse'], RegExp, RegExp][] = [
  [
    'a token that is none',
    () => ({ status: 401, body: { error: 'Invalid' } }),
    /does not accept the token/,
    /settings\/tokens/,
  ],
  [
    'no right to write',
    ({ path }) => (path.includes('commit') ? { status: 403, body: { error: 'Forbidden: no write' } } : null),
    /may not write to me\/model/,
    /write access/,
  ],
  [
    'a private store that is full',
    ({ path }) =>
      path.includes('batch') ? { status: 403, body: { error: 'Private repository storage limit reached' } } : null,
    /no room left/,
    /extend the plan/,
  ],
  [
    'a payment that is due',
    ({ path }) => (path.includes('create') ? { status: 402, body: {} } : null),
    /no room left/,
    /extend the plan/,
  ],
  [
    'a file that is too large',
    ({ method }) => (method === 'PUT' ? { status: 413, body: {} } : null),
    /no room left/,
    /smallest/,
  ],
  ['too many requests', () => ({ status: 429, body: { error: 'rate' } }), /takes no more requests/, /later/],
  ['a fault of the hub', () => ({ status: 503, body: {} }), /has a fault/, /not sent again/],
  [
    'a card that the hub does not take',
    ({ path }) => (path.includes('commit') ? { status: 400, body: { error: 'bad "license" in README.md' } } : null),
    /bad "license" in README.md/,
    /Correct/,
  ],
  [
    'an answer that is no JSON',
    ({ path }) => (path.includes('preupload') ? { status: 200 } : null),
    /cannot be read/,
    /HF_ENDPOINT/,
  ],
]
test.each(refusals)('%s is reported with its fix', async (_, refuse, what, fix) => {
  await using server = await startHub({ refuse })
  const { error } = await push(server)
  expect(error).toMatchObject({ what: expect.stringMatching(what), fix: expect.stringMatching(fix) })
  expect(server.repositories.get('me/model')?.files.size ?? 0).toBe(0)
})

test('a namespace of others, and a name that is taken, are refused before a file is sent', async () => {
  await using server = await startHub()
  expect((await push(server, { to: 'others/model' })).error?.what).toMatch(/may not write to others\/model/)
  const files = new Map([['README.md', { content: Buffer.from('another model'), large: false }]])
  server.repositories.set('me/model', { private: false, files, commits: [] })
  expect((await push(server)).error).toMatchObject({
    what: expect.stringMatching(/taken.*README\.md/),
    fix: expect.stringContaining('--replace'),
  })
  expect([...server.received]).toEqual([])
  expect((await push(server, { replace: true })).error).toBe(null)
  expect(held(server)).toEqual(contents)
})

test('what is asked to be private is made private, and never goes where everybody can read it', async () => {
  await using server = await startHub()
  await push(server, { private: true })
  expect(server.repositories.get('me/model')?.private).toBe(true)
  server.repositories.set('me/open', { private: false, files: new Map(), commits: [] })
  expect((await push(server, { to: 'me/open', private: true })).error?.what).toMatch(/everybody can read it/)
  expect(held(server, 'me/open')).toEqual({})
})

test('a hub that is not there, and an environment that names none, say what to set', async () => {
  const signal = new AbortController().signal
  const open = (env: NodeJS.ProcessEnv) => () => openHub(env, { needsToken: true, signal })
  expect(open({})).toThrow('HF_TOKEN is empty')
  expect(open({ HF_TOKEN: ' \n' })).toThrow('HF_TOKEN is empty')
  expect(open({ HF_TOKEN: 'hf_a\nb' })).toThrow('characters that no token has')
  for (const HF_ENDPOINT of ['hub', 'ftp://hub', 'https://me:secret@hub', 'https://hub/?a=1'])
    expect(open({ HF_TOKEN: token, HF_ENDPOINT })).toThrow(/^HF_ENDPOINT is no address of a hub/)
  await using server = await startHub()
  const { url } = server
  await server[Symbol.asyncDispose]()
  const hub = openHub({ HF_ENDPOINT: url, HF_TOKEN: token }, { needsToken: true, signal })
  await expect(pushFiles(hub, request(), { line: () => {} }, [])).rejects.toMatchObject({
    what: expect.stringContaining('ECONNREFUSED'),
  })
})
