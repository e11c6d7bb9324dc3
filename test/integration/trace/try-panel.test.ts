import { request } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { UsageError } from '../../../schemas/user-error.ts'
import { type Gateway, startGateway } from '../../../trace/gateway.ts'
import type { TryPanel, TryQuestion } from '../../../trace/try-panel.ts'
import { memoryLog, type TestServer, withServer } from '../../support/nats.ts'

const token = 'a token of this test'
const asked: [string, TryQuestion][] = []
/** Answers by what the question says. */
const panel: TryPanel = {
  async ask(run, question, signal) {
    asked.push([run, question])
    const text = 'text' in question ? question.text : ''
    if (text === 'unfinished') throw new UsageError('No model is trained.', 'Wait.')
    if (text === 'broken') throw new Error('a secret of the machine')
    if (text === 'slow') await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    return { asked: text, replies: [{ model: 'base', text: `to ${text}`, isCut: false }] }
  },
}

let server: TestServer
const gateways: Gateway[] = []
async function start(tryPanel?: TryPanel): Promise<Gateway> {
  const bus = await server.open('gateway')
  const { signal } = new AbortController()
  const gateway = await startGateway({ bus, port: 0, token, log: memoryLog(), signal, ...(tryPanel && { tryPanel }) })
  gateways.push(gateway)
  return gateway
}

beforeAll(async () => {
  server = await withServer()
})
afterAll(async () => {
  for (const gateway of gateways) await gateway.close()
  await server[Symbol.asyncDispose]()
})

type Sent = { body?: string; headers?: Record<string, string>; method?: string; token?: string; signal?: AbortSignal }

function send({ port }: Gateway, { body = '', headers = {}, method = 'POST', token: own = token, signal }: Sent = {}) {
  return new Promise<{ status: number; text: string }>((resolve, reject) => {
    const path = `/try?${new URLSearchParams({ token: own })}`
    const all = { 'content-type': 'application/json', ...headers }
    const sent = request({ host: '127.0.0.1', port, path, method, headers: all, signal }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (more) => {
        text += more
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
    })
    sent.on('error', reject).end(body)
  })
}
const question = (question: unknown, run = 'a-run') => JSON.stringify({ run, question })

test('a question with the token is answered; the page learns whether questions are', async () => {
  const gateway = await start(panel)
  expect(JSON.parse((await send(gateway, { method: 'GET' })).text)).toEqual({ offered: true })
  const { status, text } = await send(gateway, { body: question({ text: ' how? ', plain: true }) })
  expect(status).toBe(200)
  expect(JSON.parse(text)).toEqual({ asked: 'how?', replies: [{ model: 'base', text: 'to how?', isCut: false }] })
  expect(asked.at(-1)).toEqual(['a-run', { text: 'how?', plain: true }])
  await send(gateway, { body: question({ example: 3 }) })
  expect(asked.at(-1)).toEqual(['a-run', { example: 3 }])
})

const refused: [string, Sent, number][] = [
  ['a wrong token', { token: 'x', body: question({ text: 'a' }) }, 401],
  ['a wrong token of a look', { token: 'x', method: 'GET' }, 401],
  ['a page of another origin', { headers: { origin: 'http://evil' }, body: question({ text: 'a' }) }, 403],
  ['another host', { headers: { host: 'evil' }, body: question({ text: 'a' }) }, 403],
  ['another method', { method: 'PUT', body: question({ text: 'a' }) }, 405],
  ['a form', { headers: { 'content-type': 'text/plain' }, body: question({ text: 'a' }) }, 400],
  ['no length', { headers: { 'transfer-encoding': 'chunked' }, body: question({ text: 'a' }) }, 400],
  ['a body that is too long', { body: question({ text: 'a'.repeat(70_000) }) }, 400],
  ['a text that is too long', { body: question({ text: 'a'.repeat(8001) }) }, 400],
  ['no JSON', { body: '{' }, 400],
  ['JSON that is too deep', { body: '['.repeat(1000) }, 400],
  ['no question', { body: '{}' }, 400],
  ['an empty question', { body: question({ text: ' ' }) }, 400],
  ['example 0', { body: question({ example: 0 }) }, 400],
  ['a name that no run has', { body: question({ text: 'a' }, '../x') }, 400],
  ['a field too many', { body: question({ text: 'a', model: 'x' }) }, 400],
]
test.each(refused)('%s is refused, and no model is asked', async (_, sent, status) => {
  const gateway = await start(panel)
  const before = asked.length
  expect((await send(gateway, sent)).status).toBe(status)
  expect(asked).toHaveLength(before)
})

test('what cannot be asked is said with its fix; a fault of ours without its details', async () => {
  const gateway = await start(panel)
  const unfinished = await send(gateway, { body: question({ text: 'unfinished' }) })
  expect(unfinished).toEqual({ status: 422, text: JSON.stringify({ error: 'No model is trained. Wait.' }) })
  const broken = await send(gateway, { body: question({ text: 'broken' }) })
  expect(broken.status).toBe(500)
  expect(broken.text).not.toContain('secret')
})

test('one question at a time; who leaves makes room for the next', async () => {
  const gateway = await start(panel)
  const leaving = new AbortController()
  const before = asked.length
  const slow = send(gateway, { body: question({ text: 'slow' }), signal: leaving.signal }).catch((error) => error.name)
  await expect.poll(() => asked.length).toBe(before + 1)
  expect((await send(gateway, { body: question({ text: 'a' }) })).status).toBe(503)
  leaving.abort()
  expect(await slow).toBe('AbortError')
  await expect.poll(async () => (await send(gateway, { body: question({ text: 'a' }) })).status).toBe(200)
})

test('a gateway without models answers no question', async () => {
  const gateway = await start()
  expect(JSON.parse((await send(gateway, { method: 'GET' })).text)).toEqual({ offered: false })
  expect((await send(gateway, { body: question({ text: 'a' }) })).status).toBe(405)
})
