import { once } from 'node:events'
import { createServer, request, type Server } from 'node:http'
import {
  type AddressInfo,
  connect,
  createServer as createTcpServer,
  type Socket,
  type Server as TcpServer,
} from 'node:net'
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { afterEach, describe, expect, test } from 'vitest'
import { decodeBody } from '../../../../agents/kit/teacher/decode-body.ts'
import { openHttpClient } from '../../../../agents/kit/teacher/http-client.ts'
import { endpointOf } from '../../../../agents/kit/teacher/options.ts'
import { proxyFor } from '../../../../agents/kit/teacher/proxy.ts'
import { EndpointOptions } from '../../../../schemas/endpoint.ts'

const text = '{"content": "é語"}'
const gzip = gzipSync(text)

describe('the text of a body', () => {
  test.each<[string, Buffer, string?]>([
    ['plain', Buffer.from(text)],
    ['gzip', gzip, 'gzip'],
    ['in capitals', gzip, 'X-GZIP'],
    ['zstd', zstdCompressSync(text), 'zstd'],
    ['br', brotliCompressSync(text), 'br'],
    ['deflate', deflateSync(text), 'deflate'],
    ['deflate without its frame', deflateRawSync(text), 'deflate'],
    ['two layers', gzipSync(brotliCompressSync(text)), 'br, gzip'],
    ['two layers of which one is named', gzipSync(gzip), 'gzip'],
    ['packed, and nobody says so', gzip],
    ['not packed, and it is said', Buffer.from(text), 'gzip'],
    ['a packing that nobody knows', Buffer.from(text), 'snappy'],
    ['packed without its end', gzip.subarray(0, -8), 'gzip'],
  ])('is read whether it is %s', async (_, body, coding) => {
    expect(await decodeBody(body, { 'content-encoding': coding }, 1000)).toBe(text)
  })

  test.each<[string, Buffer, string?]>([
    ['UTF-8 under another name', Buffer.from(text), 'iso-8859-1'],
    ['UTF-8 under a name that there is not', Buffer.from(text), 'klingon'],
    ['UTF-16 with a mark', Buffer.from(`\uFEFF${text}`, 'utf16le')],
    ['UTF-16 without one', Buffer.from(text, 'utf16le')],
    ['UTF-16 in the other order', Buffer.from(`\uFEFF${text}`, 'utf16le').swap16()],
  ])('is read in %s', async (_, body, charset) => {
    const headers = { 'content-type': `application/json${charset ? `; charset=${charset}` : ''}` }
    expect((await decodeBody(body, headers, 1000)).replace('\uFEFF', '')).toBe(text)
  })

  test('is read in an older encoding where it is none of those', async () => {
    const body = Buffer.from('{"content": "é"}', 'latin1')
    expect(await decodeBody(body, { 'content-type': 'text/json; charset="ISO-8859-1"' }, 1000)).toBe('{"content": "é"}')
  })

  test('is bounded, packed or not', async () => {
    const bomb = gzipSync(Buffer.alloc(10_000_000))
    await expect(decodeBody(bomb, {}, 100_000)).rejects.toThrow('longer than 100000 bytes')
  })
})

const servers: (Server | TcpServer)[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    if ('closeAllConnections' in server) server.closeAllConnections()
    server.close()
  }
})

async function listen(server: Server | TcpServer): Promise<number> {
  servers.push(server.listen(0, '127.0.0.1'))
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/** A proxy that alone knows the way to the endpoint, and what came through it. */
async function startProxy(target: number, login?: string) {
  const seen: string[] = []
  const isKnown = (given: string | undefined) =>
    login === undefined || given === `Basic ${Buffer.from(login).toString('base64')}`
  const server = createServer((asked, response) => {
    seen.push(`${asked.method} ${asked.url}`)
    if (!isKnown(asked.headers['proxy-authorization'])) return response.writeHead(407).end('who are you?')
    const { pathname } = new URL(asked.url!)
    const { method, headers } = asked
    asked.pipe(
      request({ host: '127.0.0.1', port: target, path: pathname, method, headers }, (answer) => {
        response.writeHead(answer.statusCode!, answer.headers)
        answer.pipe(response)
      }),
    )
  })
  server.on('connect', (asked, socket) => {
    seen.push(`CONNECT ${asked.url}`)
    if (!isKnown(asked.headers['proxy-authorization']))
      return socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n')
    const through = connect(target, '127.0.0.1', () => socket.write('HTTP/1.1 200 OK\r\n\r\n'))
    through.on('error', () => socket.destroy())
    socket.on('error', () => through.destroy())
    return through.pipe(socket).pipe(through)
  })
  return { seen, address: `127.0.0.1:${await listen(server)}` }
}

const startEndpoint = () => listen(createServer((_, response) => response.end(text)))
const limits = { concurrency: 2, maxReplyBytes: 100_000 }
const away = { baseUrl: 'http://teacher.internal.test/v1', apiKey: '' }
const signal = () => AbortSignal.timeout(5000)

describe('a proxy that the environment names', () => {
  test('is used for lists of models and calls alike, over plain HTTP', async () => {
    const proxy = await startProxy(await startEndpoint())
    const client = openHttpClient(away, limits, { http_proxy: proxy.address })
    expect(await client.get('/models', signal())).toMatchObject({ status: 200, text })
    expect(await client.post('/chat/completions', '{}', signal())).toMatchObject({ status: 200, text })
    expect(proxy.seen).toEqual([`GET ${away.baseUrl}/models`, `POST ${away.baseUrl}/chat/completions`])
  })

  test('is told of a tunnel over HTTPS; what goes wrong there names it without its password', async () => {
    const proxy = await startProxy(await startEndpoint(), 'me:planted')
    const secure = { ...away, baseUrl: away.baseUrl.replace('http:', 'https:') }
    const open = (login: string) => openHttpClient(secure, limits, { HTTPS_PROXY: `http://${login}@${proxy.address}` })
    const failure = await open('me:planted').get('/models', signal()).catch(String)
    expect(proxy.seen).toEqual(['CONNECT teacher.internal.test:443'])
    expect(failure).toContain(`through the proxy ${proxy.address} (HTTPS_PROXY)`)
    expect(failure).not.toContain('planted')
    const refused = await open('me:other-planted').get('/models', signal())
    expect(refused).toMatchObject({ status: 407 })
    expect(refused.text).not.toContain('planted')
  })

  test('is chosen by the scheme of the address, and by the names that go around it', () => {
    const proxy = 'http://proxy.test:3128'
    const chosen = (address: string, env: Record<string, string>) => proxyFor(new URL(address), env)?.shown ?? null
    const secure = 'https://api.example.com/v1'
    expect(chosen(secure, { HTTPS_PROXY: proxy })).toBe('proxy.test:3128 (HTTPS_PROXY)')
    expect(chosen(secure, { HTTP_PROXY: proxy })).toBeNull()
    expect(chosen(secure, { ALL_PROXY: proxy })).toBe('proxy.test:3128 (ALL_PROXY)')
    expect(chosen(secure, { https_proxy: 'proxy.test:1', HTTPS_PROXY: proxy })).toBe('proxy.test:1 (https_proxy)')
    expect(chosen(secure, { HTTPS_PROXY: '' })).toBeNull()
    const around = (noProxy: string, address = secure) =>
      chosen(address, { ALL_PROXY: proxy, NO_PROXY: noProxy }) === null
    for (const list of [
      '*',
      'example.com',
      '.example.com',
      '*.example.com',
      'x.test, API.EXAMPLE.COM',
      'api.example.com:443',
      'x api.example.com',
    ])
      expect(around(list), list).toBe(true)
    for (const list of ['', 'ample.com', 'api.example.com:80', 'example.org', '10.0.0.0/8', 'com.'])
      expect(around(list), list).toBe(false)
    expect(around('10.0.0.0/8', 'http://10.1.2.3:8000/v1')).toBe(true)
    expect(around('10.1.2.3', 'http://10.1.2.3:8000/v1')).toBe(true)
    expect(around('fd00::/8', 'http://[fd00::1]/v1')).toBe(true)
    expect(around('192.168.0.0/16', 'http://10.1.2.3:8000/v1')).toBe(false)
  })

  test.each([
    'http://localhost:11434/v1',
    'http://127.0.0.1:8000/v1',
    'http://[::1]:1/v1',
    'http://models.localhost/v1',
  ])('is no way to this machine: %s', (address) => {
    expect(proxyFor(new URL(address), { ALL_PROXY: 'http://proxy.test:1' })).toBeNull()
  })

  test.each(['socks5://me:planted@127.0.0.1:1080', 'http://me:planted@', 'me:planted pass'])(
    'that cannot be used is refused and not repeated: %s',
    (address) => {
      const choose = () => proxyFor(new URL(away.baseUrl), { ALL_PROXY: address })
      expect(choose).toThrow(/^ALL_PROXY names/)
      expect(choose).not.toThrow('planted')
    },
  )
})

test.each([
  'http://me:planted@127.0.0.1:1/v1',
  'http://planted@127.0.0.1:1/v1',
  'http://127.0.0.1:1/v1?key=planted',
  'http://127.0.0.1:1/v1#planted',
  'https:/me:planted@host/v1',
  'planted',
  'me:planted@host/v1',
])('an address that may hold a secret is refused and not repeated, in the environment too: %s', (OPENAI_BASE_URL) => {
  const options = EndpointOptions.parse({})
  expect(() => endpointOf(options, { OPENAI_BASE_URL }, 'here')).toThrow(/^OPENAI_BASE_URL cannot be used/)
  expect(() => endpointOf(options, { OPENAI_BASE_URL }, 'here')).not.toThrow('planted')
  expect(JSON.stringify(EndpointOptions.safeParse({ baseUrl: OPENAI_BASE_URL }).error)).not.toContain('planted')
})

const bytes = Buffer.byteLength(text)
const chunk = (body: string) => `${Buffer.byteLength(body).toString(16)}\r\n${body}\r\n`
const ok = (header: string, body: string) => `HTTP/1.1 200 OK\r\n${header}\r\n${body}`
const events = 'data: {"choices":[]}\n\ndata: [DONE]\n\n'

describe('an answer that is whole counts', () => {
  test.each<[string, string, boolean, string?]>([
    ['chunks without their end', ok('Transfer-Encoding: chunked\r\n', chunk(text)), true],
    ['chunks without their end, left open', ok('Transfer-Encoding: chunked\r\n', chunk(text)), false],
    ['fewer bytes than were announced', ok(`Content-Length: ${bytes + 5}\r\n`, text), true],
    ['fewer bytes than were announced, left open', ok(`Content-Length: ${bytes + 5}\r\n`, text), false],
    ['no length, left open', ok('', text), false],
    ['a stream that is left open behind its end', ok('Transfer-Encoding: chunked\r\n', chunk(events)), false, events],
    [
      'a length and chunks',
      ok(`Content-Length: ${bytes}\r\nTransfer-Encoding: chunked\r\n`, `${chunk(text)}0\r\n\r\n`),
      true,
    ],
    ['line feeds alone', `HTTP/1.1 200 OK\nContent-Length: ${bytes}\n\n${text}`, true],
    ['a header that is folded', ok(`X-Note: a\r\n b\r\nContent-Length: ${bytes}\r\n`, text), true],
    ['a header with control characters', ok(`X-Note: a\u0001b\r\nContent-Length: ${bytes}\r\n`, text), true],
  ])('%s', async (_, answer, isEnded, body = text) => {
    const greeting = (socket: Socket) => {
      socket.on('error', () => {})
      socket.once('data', () => (isEnded ? socket.end(answer) : socket.write(answer)))
    }
    const client = openHttpClient(
      { baseUrl: `http://127.0.0.1:${await listen(createTcpServer(greeting))}`, apiKey: '' },
      limits,
    )
    expect(await client.post('/', '{}', signal())).toMatchObject({ status: 200, text: body })
  })

  test('one that breaks off is none', async () => {
    const greeting = (socket: Socket) => {
      socket.once('data', () => socket.end(ok('Transfer-Encoding: chunked\r\n', chunk(text.slice(0, 9)))))
    }
    const baseUrl = `http://127.0.0.1:${await listen(createTcpServer(greeting))}`
    await expect(openHttpClient({ baseUrl, apiKey: '' }, limits).post('/', '{}', signal())).rejects.toThrow('aborted')
  })
})

test('headers of any size are taken, a user agent is sent, and an answer without end is cut off', async () => {
  const agents: unknown[] = []
  let size = 10
  const server = createServer(({ headers }, response) => {
    agents.push(headers['user-agent'])
    response.setHeader('x-trace', 'y'.repeat(60_000))
    response.end('x'.repeat(size))
  })
  const baseUrl = `http://127.0.0.1:${await listen(server)}`
  const client = openHttpClient({ baseUrl, apiKey: '' }, limits)
  expect((await client.get('/', signal())).text).toHaveLength(10)
  expect(agents).toEqual(['syllabus'])
  size = 200_000
  await expect(client.get('/', signal())).rejects.toThrow('longer than 100000 bytes')
})
