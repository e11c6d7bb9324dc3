import { once } from 'node:events'
import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import { createCapabilities } from '../../../../agents/kit/teacher/capabilities.ts'
import { openHttpClient } from '../../../../agents/kit/teacher/http-client.ts'
import { requestOnce } from '../../../../agents/kit/teacher/request.ts'

const body = JSON.stringify({ choices: [{ message: { content: 'a' }, finish_reason: 'stop' }] })
const head = (...lines: string[]) => `${['HTTP/1.1 200 OK', ...lines].join('\r\n')}\r\n\r\n${body}`

/** How one request ends where a peer answers it with these bytes. */
async function outcomeOf(bytes: string) {
  const server = createServer((socket) => socket.on('error', () => {}).once('data', () => socket.end(bytes)))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  const endpoint = { baseUrl: `http://127.0.0.1:${port}/v1`, apiKey: '', set: { baseUrl: 'A', apiKey: 'B' } }
  try {
    const client = openHttpClient(endpoint, { concurrency: 1, maxReplyBytes: 10_000 }, {})
    const asked = { endpoint, model: 'm', capabilities: createCapabilities(), quotaPauseMs: 1000 }
    const request = { messages: [{ role: 'user' as const, content: 'Hi' }], sampling: { temperature: 0, maxTokens: 9 } }
    return await requestOnce(client, asked, request, AbortSignal.timeout(10_000))
  } finally {
    server.close()
  }
}

const { length } = body
test.each([
  ['a length twice', head(`content-length: ${length}`, `content-length: ${length}`), 'Duplicate Content-Length'],
  ['two lengths', head(`content-length: ${length}`, `content-length: ${length + 5}`), 'Duplicate Content-Length'],
  ['a list of lengths', head(`content-length: ${length}, ${length}`), 'Content-Length'],
  ['a length that is none', head('content-length: -1'), 'Content-Length'],
  ['a blank before a colon', head('content-type : text/plain', `content-length: ${length}`), 'header'],
  ['another protocol', 'SSH-2.0-OpenSSH_9.6\r\n\r\n', 'Expected HTTP/'],
])(
  'an answer that breaks the rules of HTTP is named as that, and asked for no more than a handful of times: %s',
  async (_, bytes, what) => {
    const outcome = await outcomeOf(bytes)
    expect(outcome).toMatchObject({ kind: 'unread', reason: expect.stringContaining('breaks the rules of HTTP') })
    expect(outcome).toMatchObject({ reason: expect.stringContaining(what) })
    expect(outcome).toMatchObject({ reason: expect.stringContaining('proxy') })
  },
)

test.each([
  [
    'a length beside chunks',
    `HTTP/1.1 200 OK\r\ncontent-length: ${length}\r\ntransfer-encoding: chunked\r\n\r\n${length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
    'reply',
  ],
  ['a connection that ends in the headers', 'HTTP/1.1 200 OK\r\ncontent-le', 'passing'],
  ['one that ends at once', '', 'passing'],
])('what can be read, or may pass, stays so: %s', async (_, bytes, kind) => {
  expect(await outcomeOf(bytes)).toMatchObject({ kind })
})
