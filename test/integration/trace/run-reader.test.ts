import { request } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Gateway, startGateway } from '../../../trace/gateway.ts'
import { memoryLog, type TestServer, withServer } from '../../support/nats.ts'
import { stubReader } from '../../support/run-reader.ts'

const token = 'a token of this test'
const asked: unknown[][] = []

let server: TestServer
let gateway: Gateway
let without: Gateway
beforeAll(async () => {
  server = await withServer()
  const bus = await server.open('gateway')
  const { signal } = new AbortController()
  const usual = { bus, port: 0, token, log: memoryLog(), signal }
  gateway = await startGateway({ ...usual, runReader: stubReader((call) => asked.push(call)) })
  without = await startGateway(usual)
})
afterAll(async () => {
  await gateway?.close()
  await without?.close()
  await server?.[Symbol.asyncDispose]()
})

type Sent = { headers?: Record<string, string>; method?: string; port?: number }

/** `path`: as it is sent, with `TOKEN` for the right one. */
function get(path: string, { headers = {}, method = 'GET', port = gateway.port }: Sent = {}) {
  const target = path.replace('TOKEN', `token=${encodeURIComponent(token)}`)
  const { promise, resolve, reject } = Promise.withResolvers<{
    status: number
    text: string
    headers: Record<string, unknown>
  }>()
  request({ host: '127.0.0.1', port, path: target, method, headers }, (response) => {
    let text = ''
    response.setEncoding('utf8').on('data', (more) => {
      text += more
    })
    response.on('end', () => resolve({ status: response.statusCode ?? 0, text, headers: response.headers }))
  })
    .on('error', reject)
    .end()
  return promise
}

test.each<[path: string, call: unknown[]]>([
  ['/read/rows?TOKEN&run=a-run', ['rows', 'a-run', {}, 0]],
  [
    '/read/rows?TOKEN&run=a-run&refused=1&search=near%20duplicate&from=3',
    ['rows', 'a-run', { refused: true, search: 'near duplicate' }, 3],
  ],
  ['/read/row?TOKEN&run=a-run&id=a1.r1.plain.3.0', ['row', 'a-run', 'a1.r1.plain.3.0']],
  ['/read/answers?TOKEN&run=a-run&wrong=1&model=base', ['answers', 'a-run', { wrong: true, model: 'base' }, 0]],
  ['/read/answer?TOKEN&run=a-run&id=validation-1', ['answer', 'a-run', 'validation-1']],
  ['/read/labels?TOKEN&run=a-run', ['labels', 'a-run']],
])('%s is answered as JSON', async (path, call) => {
  const { status, headers, text } = await get(path)
  expect(status, text).toBe(200)
  expect(headers).toMatchObject({
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  })
  expect(JSON.parse(text)).not.toBeNull()
  expect(asked.at(-1)).toEqual(call)
})

test('D1: a report is a document that runs and loads nothing', async () => {
  const { status, headers, text } = await get('/read/report?TOKEN&run=a-run')
  expect([status, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8'])
  expect(text).toContain('<title>Report</title>')
  expect(headers['content-security-policy']).toMatch(/^default-src 'none'; style-src 'unsafe-inline'; img-src data:;/)
  expect(headers['content-security-policy']).not.toContain('script-src')
  expect(headers['referrer-policy']).toBe('no-referrer')
})

const long = 'a'.repeat(201)
test.each<[name: string, path: string, status: number, sent?: Sent]>([
  ['no token', '/read/rows?run=a-run', 401],
  ['a wrong token', '/read/rows?token=x&run=a-run', 401],
  ['a wrong token of a look', '/read?token=x', 401],
  ['a wrong token of a report', '/read/report?token=x&run=a-run', 401],
  ['a wrong token of what there is not', '/read/nothing?token=x', 401],
  ['a page of another origin', '/read/rows?TOKEN&run=a-run', 403, { headers: { origin: 'http://evil.example' } }],
  ['another host', '/read/report?TOKEN&run=a-run', 403, { headers: { host: 'evil.example' } }],
  ['another method', '/read/rows?TOKEN&run=a-run', 405, { method: 'POST' }],
  ['a look at the head alone', '/read/report?TOKEN&run=a-run', 405, { method: 'HEAD' }],
  ['no run', '/read/rows?TOKEN', 400],
  ['a run that is a path', '/read/report?TOKEN&run=../../etc', 400],
  ['a run that is an encoded path', '/read/report?TOKEN&run=..%2f..%2fetc%2fpasswd', 400],
  ['a run that is a pattern', '/read/rows?TOKEN&run=*', 400],
  ['a run with a zero byte', '/read/report?TOKEN&run=a%00b', 400],
  ['a file below a report', '/read/report/../../package.json?TOKEN&run=a-run', 404],
  ['another table', '/read/test?TOKEN&run=a-run', 404],
  ['sealed items', '/read/sealed?TOKEN&run=a-run', 404],
  ['a name of all objects', '/read/__proto__?TOKEN&run=a-run', 404],
  ['another set of questions', '/read/answers?TOKEN&run=a-run&set=test', 400],
  ['a page size', '/read/rows?TOKEN&run=a-run&limit=1000000', 400],
  ['a place before the first', '/read/rows?TOKEN&run=a-run&from=-1', 400],
  ['a place that is none', '/read/rows?TOKEN&run=a-run&from=1e9', 400],
  ['a place too far', '/read/rows?TOKEN&run=a-run&from=99999999999', 400],
  ['a search that is too long', `/read/rows?TOKEN&run=a-run&search=${long}`, 400],
  ['a row without a name', '/read/row?TOKEN&run=a-run&id=', 400],
  ['a name that is too long', `/read/row?TOKEN&run=a-run&id=${long}`, 400],
])('%s is refused, and nothing is read', async (_, path, status, sent) => {
  const before = asked.length
  expect((await get(path, sent)).status).toBe(status)
  expect(asked).toHaveLength(before)
})

test('what there is not is said with its fix; a fault of ours without its details', async () => {
  expect(await get('/read/rows?TOKEN&run=nobodys')).toMatchObject({
    status: 422,
    text: JSON.stringify({ error: 'There is no run nobodys on this bus. Name one.' }),
  })
  expect((await get('/read/row?TOKEN&run=a-run&id=none')).status).toBe(422)
  const broken = await get('/read/rows?TOKEN&run=broken')
  expect(broken.status).toBe(500)
  expect(broken.text).not.toContain('secret')
})

test('the page learns whether runs are read here; a gateway without a reader reads none', async () => {
  const { port } = without
  expect(JSON.parse((await get('/read?TOKEN')).text)).toEqual({ offered: true })
  expect(JSON.parse((await get('/read?TOKEN', { port })).text)).toEqual({ offered: false })
  expect((await get('/read/rows?TOKEN&run=a-run', { port })).status).toBe(404)
})
