import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { noDevices } from '../../../trainer-bridge/devices/claim.ts'
import { BridgeOptions } from '../../../trainer-bridge/options.ts'
import { type Runtime, startRuntime } from '../../../trainer-bridge/runtime.ts'
import { endpoint } from '../../../trainer-bridge/runtimes/endpoint/runtime.ts'
import { memoryLog } from '../../support/nats.ts'
import { makeTinyStudent, runtimePython } from '../../support/python.ts'

/** How the endpoint answers a call; `at` counts them from 1. */
type Answering = (
  body: { model: string; prompt?: number[]; messages?: { content: string }[] },
  at: number,
) => [number, object]

let folder: string
let own: Runtime
let studentPath: string
let common: string
let server: Server
let answering: Answering
const bodies: Parameters<Answering>[0][] = []
const keys: (string | undefined)[] = []

/** One process for all tests: it loads for up to a minute on a small machine. */
beforeAll(async () => {
  const python = await runtimePython()
  common = await mkdtemp(join(tmpdir(), 'syllabus-endpoint-student-'))
  studentPath = await makeTinyStudent(python, join(common, 'tiny'))
  own = startRuntime({ python, log: memoryLog(), env: { SYLLABUS_DEVICE: 'cpu' } })
})
afterAll(async () => {
  await own?.[Symbol.asyncDispose]()
  await rm(common, { recursive: true, force: true })
})

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'syllabus-endpoint-'))
  bodies.length = 0
  keys.length = 0
  server = createServer((request, response) => {
    let text = ''
    request.on('data', (piece) => {
      text += piece
    })
    request.on('end', () => {
      keys.push(request.headers.authorization)
      const json = (status: number, body: object) =>
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
      if (request.url === '/v1/models')
        return json(200, { object: 'list', data: [{ id: 'student', object: 'model', owned_by: 'llamacpp' }] })
      if (request.method !== 'POST') return json(404, { error: 'not here' })
      bodies.push(JSON.parse(text))
      return json(...answering(JSON.parse(text), bodies.length))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterEach(async () => {
  server.closeAllConnections()
  server.close()
  await rm(folder, { recursive: true, force: true })
})

async function started(options: object = {}) {
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`
  const settings = BridgeOptions.parse({
    infer: 'endpoint',
    endpoint: { baseUrl, model: 'student', apiKeyEnv: null, ...options },
  })
  const signal = new AbortController().signal
  const parts = {
    home: folder,
    settings,
    student: { name: 'tiny', path: studentPath },
    own,
    devices: noDevices,
    log: memoryLog(),
    signal,
  }
  const answerer = await endpoint.start(parts)
  const questions = join(folder, 'questions.jsonl')
  const lines = [1, 2, 3].map((n) => JSON.stringify({ id: `q${n}`, instruction: 'Add.', input: `${n} and 2` }))
  await writeFile(questions, `${lines.join('\n')}\n`)
  const out = join(folder, 'out.jsonl')
  const request = {
    student: studentPath,
    adapter: null,
    questions,
    system: 'Be brief.',
    inference: { max_new_tokens: 9 },
    out,
  }
  return {
    answerer,
    request,
    texts: async () =>
      (await readFile(out, 'utf8'))
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).text),
  }
}

const completion = (text: string, finish = 'stop') => ({
  choices: [{ text, finish_reason: finish }],
  usage: { completion_tokens: 3 },
})
const chat = (message: object) => ({ choices: [{ message, finish_reason: 'stop' }] })

describe('any OpenAI-compatible server answers', () => {
  test('prompts in tokens, adapters by name, and a loss that passes', async () => {
    const bridge = await started()
    answering = ({ model }, at) => (at === 2 ? [503, { error: 'busy' }] : [200, completion(`It is ${model}.`)])
    const { count } = await bridge.answerer.infer(bridge.request)
    expect(count).toBe(3)
    expect(await bridge.texts()).toEqual(['It is student.', 'It is student.', 'It is student.'])
    expect(bodies[0]).toMatchObject({ model: 'student', temperature: 0, max_tokens: 9, stop_token_ids: [0] })
    // Every byte of the tiny student's prompt is a token.
    expect(bodies[0]!.prompt!.length).toBeGreaterThan(20)
    const adapter = join(folder, 'abcdef0123456789ff', 'adapter')
    await bridge.answerer.infer({ ...bridge.request, adapter })
    expect(new Set(await bridge.texts())).toEqual(new Set(['It is abcdef0123456789.']))
    expect(await bridge.answerer.facts()).toMatchObject({ name: 'endpoint', version: 'llamacpp', device: 'server' })
    expect(keys.every((key) => key === undefined)).toBe(true)
  })

  test('messages, to a server that has the chat template; thoughts are no part of an answer', async () => {
    const bridge = await started({ ask: 'chat', adapterModel: 'tuned-{hash}' })
    answering = (_, at) =>
      at % 2
        ? [200, chat({ content: '<think>1 and 2</think>\n\nIt is 3.' })]
        : [200, chat({ content: 'It is 3.', reasoning_content: 'Hm.' })]
    await bridge.answerer.infer({ ...bridge.request, adapter: join(folder, 'abcdef0123456789ff', 'adapter') })
    expect(await bridge.texts()).toEqual(['It is 3.', 'It is 3.', 'It is 3.'])
    expect(bodies[0]).toMatchObject({ model: 'tuned-abcdef0123456789', max_tokens: 9 })
    expect(bodies[0]!.messages!.map(({ content }) => content)).toEqual(['Be brief.', 'Add.\n1 and 2'])
  })

  test.each<[string, object, Answering, RegExp]>([
    [
      'a prompt in tokens is not taken',
      {},
      () => [400, { error: 'prompt must be a string' }],
      /HTTP 400.*set agents\.trainer-bridge\.options\.endpoint\.ask: chat/,
    ],
    [
      'the adapter is not served',
      {},
      ({ model }) => (model === 'student' ? [200, completion('x')] : [404, { error: 'no such model' }]),
      /serve the adapter .* there as abcdef0123456789, or name it otherwise/,
    ],
    ['it answers something else', {}, () => [200, { hello: 'there' }], /answers \/completions with something else/],
    ['it does not come back', { mostLosses: 1 }, () => [503, { error: 'busy' }], /HTTP 503/],
  ])('%s: said with the fix', async (_, options, answers, message) => {
    const bridge = await started(options)
    answering = answers
    const adapter = join(folder, 'abcdef0123456789ff', 'adapter')
    await expect(bridge.answerer.infer({ ...bridge.request, adapter })).rejects.toThrow(message)
  })

  test('what cannot be asked there is refused at the start', async () => {
    await expect(started({ model: 'other' })).rejects.toThrow(/does not serve the model other; it serves student/)
    await expect(started({ baseUrl: 'http://127.0.0.1:9/v1' })).rejects.toThrow(
      /There is no API at http:\/\/127\.0\.0\.1:9\/v1/,
    )
  })
})
