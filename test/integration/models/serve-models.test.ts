import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { type IncomingMessage, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { latestModel, serveModels } from '../../../models/serve-models.ts'
import { askSideBySide } from '../../../models/side-by-side.ts'
import type { RunModels } from '../../../models/trained-models.ts'
import { Prediction } from '../../../schemas/runtime-protocol.ts'
import type { Item } from '../../../schemas/task.ts'
import { Topology } from '../../../schemas/topology.ts'
import { fixOf } from '../../../schemas/user-error.ts'
import type { ModelServer } from '../../../trainer-bridge/model-server.ts'
import { startRuntime } from '../../../trainer-bridge/runtime.ts'
import { memoryLog } from '../../support/nats.ts'
import { makeTinyStudent, runtimePython } from '../../support/python.ts'
import { publicTask } from '../../support/run-log-data.ts'

/** A tiny student that was really trained and asked by the runtime, then served with its adapter. */

const limits = Topology.shape.localTeacher.parse({})
const chat = { template_date: '2025-01-01' }
const items: Item[] = Array.from({ length: 5 }, (_, index) => ({
  id: `item-${index}`,
  part: 'heldout-phrasing',
  skill: 'adding',
  instruction: index === 4 ? '' : 'Add them.',
  input: `${index} and ${index * 7}`,
  answer: String(index * 8),
  coreKey: `core-${index}`,
}))
const task = { ...publicTask(), validation: items, inference: { ...publicTask().inference, max_new_tokens: 20 } }
const { signal } = new AbortController()
let folder: string
let student: string
let python: string
let adapter: string
let server: ModelServer
/** What the evaluation's way of asking gave, by model and item. */
const evaluated: Record<string, Record<string, Prediction>> = {}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'syllabus-served-'))
  python = await runtimePython()
  student = await makeTinyStudent(python, join(folder, 'tiny'))
  const dataset = join(folder, 'rows.jsonl')
  const rows = items.map(({ id, instruction, input, answer }) => ({
    id,
    instruction,
    input,
    output: `It is ${answer}`,
  }))
  await writeFile(dataset, rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
  await using runtime = startRuntime({ python, log: memoryLog() as never })
  const recipe = { ...task.recipe, learning_rate: 0.05, num_train_epochs: 4, gradient_accumulation_steps: 1 }
  adapter = (await runtime.train({ student, dataset, recipe: { ...recipe, ...chat }, seed: 1, out: folder })).adapter
  const questions = join(folder, 'questions.jsonl')
  const asked = items.map(({ id, instruction, input }) => ({ id, instruction, input, examples: [] }))
  await writeFile(questions, asked.map((each) => `${JSON.stringify(each)}\n`).join(''))
  for (const [name, worn] of [
    ['base', null],
    ['final', adapter],
  ] as const) {
    const out = join(folder, `${name}.jsonl`)
    const inference = { ...task.inference, ...chat }
    await runtime.infer({ student, adapter: worn, questions, inference, system: task.recipe.system ?? '', out })
    const lines = (await readFile(out, 'utf8')).trim().split('\n')
    evaluated[name] = Object.fromEntries(lines.map((line) => [JSON.parse(line).id, Prediction.parse(JSON.parse(line))]))
  }
  const adapters = [{ name: 'final', folder: adapter }]
  const ready = { student: { name: 'base', path: student }, adapters, chat, python, maxNewTokens: 20 }
  server = await serveModels(ready, limits)
}, 240_000)
afterAll(async () => {
  await server?.[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

const post = (body: object, headers: Record<string, string> = {}) =>
  fetch(`${server.baseUrl}/chat/completions`, { method: 'POST', headers, body: JSON.stringify(body) })

test('base and tuned give each example the reply that the evaluation got, in any order', async () => {
  expect(server.models).toEqual(['base', 'final'])
  const replies = await Promise.all(
    items.map((_, index) => askSideBySide(server, { task }, { example: index + 1 }, signal)),
  )
  for (const [index, { example, replies: both }] of replies.entries()) {
    const { id, answer } = items[index]!
    expect(example).toEqual({ id, skill: 'adding', answer, of: 5 })
    for (const { model, text, isCut, isRight } of both) {
      const { text: wanted, finish } = evaluated[model]![id]!
      expect({ model, id, text, isCut }).toEqual({ model, id, text: wanted, isCut: finish === 'length' })
      expect(isRight).toBe(false)
    }
  }
  expect(replies.some(({ replies: [base, tuned] }) => base!.text !== tuned!.text)).toBe(true)
})

test('a text of a person is asked with the instruction and the system turn, or plainly', async () => {
  const { instruction, input } = items[1]!
  const like = { task: { ...task, instruction } }
  const whole = await askSideBySide(server, like, { text: input }, signal)
  expect(whole.asked).toBe(`${instruction}\n${input}`)
  expect(whole.replies.map(({ text }) => text)).toEqual(
    ['base', 'final'].map((name) => evaluated[name]!['item-1']!.text),
  )
  expect(whole.replies.every(({ isRight }) => isRight === undefined)).toBe(true)
  expect((await askSideBySide(server, like, { text: input, plain: true }, signal)).asked).toBe(input)
})

test('a stream gives the same reply in pieces', async () => {
  const body = {
    model: 'final',
    temperature: 0,
    max_tokens: 60,
    messages: [{ role: 'user', content: 'Add them.\n3 and 9' }],
  }
  const whole = await (await post(body)).json()
  const response = await post({ ...body, stream: true, stream_options: { include_usage: true } })
  expect(response.headers.get('content-type')).toBe('text/event-stream')
  const lines = (await response.text()).split('\n\n').filter((line) => line !== '')
  expect(lines.at(-1)).toBe('data: [DONE]')
  const events = lines.slice(0, -1).map((line) => JSON.parse(line.slice('data: '.length)))
  const text = events.map(({ choices }) => choices[0]?.delta.content ?? '').join('')
  expect(text).toBe(whole.choices[0].message.content)
  expect(events.map(({ choices }) => choices[0]?.finish_reason).filter(Boolean)).toEqual([
    whole.choices[0].finish_reason,
  ])
  expect(events.at(-1).usage).toEqual(whole.usage)
})

test('what cannot be asked is refused with the reason: a model, an example, a long text', async () => {
  const unknown = await post({ model: 'nobody', messages: [{ role: 'user', content: 'a' }] })
  expect([unknown.status, (await unknown.json()).error.message]).toEqual([
    404,
    "there is no model 'nobody'; there is 'base', 'final'",
  ])
  const ask = (question: Parameters<typeof askSideBySide>[2]) => askSideBySide(server, { task }, question, signal)
  await expect(ask({ example: 6 })).rejects.toThrow('There is no example 6: validation has 5 questions.')
  const long = await ask({ text: 'long '.repeat(500) }).catch((error) => error)
  expect([long.message, fixOf(long)]).toEqual([
    expect.stringContaining('context length is 512'),
    'Ask a shorter question.',
  ])
})

/** A request with headers that `fetch` does not let one set. */
async function ask(method: string, path: string, headers: Record<string, string>, body?: object) {
  const sent = request(new URL(path, server.baseUrl), { method, headers })
  sent.end(body && JSON.stringify(body))
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  return [response.statusCode, await text(response)] as const
}
const question = { model: 'base', messages: [{ role: 'user', content: 'a' }], max_tokens: 1 }
const length = { 'content-length': String(JSON.stringify(question).length) }

test.each(['GET', 'POST', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'])(
  '%s of a page of another host, or by another name of this one, is refused',
  async (method) => {
    const [path, body] = method === 'POST' ? ['/v1/chat/completions', question] : ['/v1/models', undefined]
    const sent = { ...(body && length) }
    for (const origin of ['https://evil.example', 'null', 'http://localhost.evil.example', 'http://127.0.0.1.nip.io'])
      expect(await ask(method, path, { ...sent, origin }, body)).toMatchObject([403, expect.anything()])
    for (const host of ['evil.example', 'evil.example:80', 'localhost.evil.example', '10.0.0.1', '127.0.0.1@evil'])
      expect(await ask(method, path, { ...sent, host }, body)).toMatchObject([403, expect.anything()])
    const isKnown = method === 'GET' || method === 'POST'
    for (const name of ['localhost', '127.0.0.1:8080', '[::1]:1', 'LOCALHOST'])
      expect((await ask(method, path, { ...sent, host: name, origin: `http://${name}` }, body))[0]).toBe(
        isKnown ? 200 : 501,
      )
  },
)

const parts = (...content: unknown[]) => ({ ...question, temperature: 0, messages: [{ role: 'user', content }] })
const textPart = (text: unknown) => ({ type: 'text', text })

test('a content of parts that are texts is their lines', async () => {
  const reply = async (body: object) =>
    (await (await post({ ...body, max_tokens: 8 })).json()).choices[0].message.content
  const whole = await reply({ ...parts(), messages: [{ role: 'user', content: 'Add them.\n3 and 9' }] })
  expect(await reply(parts(textPart('Add them.\n3 and 9')))).toBe(whole)
  expect(await reply(parts(textPart('Add them.'), textPart('3 and 9')))).toBe(whole)
})

test.each([
  ['an image', [textPart('a'), { type: 'image_url', image_url: { url: 'data:,' } }], /'image_url' is not supported/],
  ['audio', [{ type: 'input_audio' }], /'input_audio' is not supported/],
  ['a file', [{ type: 'file' }], /'file' is not supported/],
  ['a part without a type', [{ text: 'a' }], /'None' is not supported/],
  ['a part that is a text', ['a'], /'a' is not supported/],
  ['a part without a text', [{ type: 'text' }], /field 'text' must be a string/],
  ['a number for a text', [textPart(5)], /field 'text' must be a string/],
  ['no part', [], /at least one part of text/],
])('a content with %s is refused by name', async (_, content, complaint) => {
  const refused = await post(parts(...content))
  expect([refused.status, (await refused.json()).error.message]).toEqual([400, expect.stringMatching(complaint)])
})

test('a model can be asked for by its name, and each address answers its one method', async () => {
  const get = (path: string) => fetch(`${server.baseUrl}${path}`)
  const { data } = await (await get('/models?limit=2')).json()
  expect(await (await get('/models/final')).json()).toEqual(data[1])
  expect(data[1]).toMatchObject({ id: 'final', object: 'model' })
  const unknown = await get('/models/nobody')
  expect([unknown.status, (await unknown.json()).error]).toMatchObject([404, { code: 'model_not_found' }])
  for (const [response, allowed] of [
    [await get('/chat/completions'), 'POST'],
    [await fetch(`${server.baseUrl}/models`, { method: 'POST', body: '{}' }), 'GET'],
    [await fetch(`${server.baseUrl}/models/final`, { method: 'POST', body: '{}' }), 'GET'],
  ] as const) {
    expect([response.status, response.headers.get('allow')]).toEqual([405, allowed])
    expect((await response.json()).error.message).toContain(`with ${allowed}`)
  }
})

test.each([
  ['n', 2, 1],
  ['best_of', 3, 1],
  ['stop', ['\n'], []],
  ['stop', '\n', null],
  ['logprobs', true, false],
  ['top_logprobs', 5, 0],
  ['logit_bias', { 50: -100 }, {}],
  ['presence_penalty', 0.5, 0],
  ['frequency_penalty', -1, 0],
  ['repetition_penalty', 1.1, 1],
  ['top_k', 40, -1],
  ['min_p', 0.1, 0],
  ['modalities', ['audio'], ['text']],
  ['tools', [{ type: 'function' }], []],
  ['functions', [{ name: 'f' }], []],
  ['response_format', { type: 'json_object' }, { type: 'text' }],
])('%s %j would change the reply and is refused; %j changes nothing', async (name, value, neutral) => {
  const refused = await post({ ...question, [name]: value })
  expect([refused.status, (await refused.json()).error.message]).toEqual([
    400,
    `${name} is not supported; leave it out`,
  ])
  expect((await post({ ...question, [name]: neutral })).status).toBe(200)
})

test('a port that is taken, and an adapter that does not fit, are said with their fix', async () => {
  const port = Number(new URL(server.baseUrl).port)
  const ready = { student: { name: 'base', path: student }, adapters: [], chat, python, maxNewTokens: 20 }
  const taken = await serveModels(ready, limits, { port }).catch((error) => error)
  expect([taken.message, fixOf(taken)]).toEqual([
    `Port ${port} is in use on 127.0.0.1.`,
    expect.stringContaining('--port'),
  ])
  const adapters = [{ name: 'final', folder }]
  const unfit = await serveModels({ ...ready, adapters }, limits).catch((error) => error)
  expect(unfit.message).toContain('no adapter at')
})

test('the latest model is the final one, else the chosen one, else the last that was trained', () => {
  const models = (names: readonly string[], chosenAttempt: number | null = null) => {
    const of = (name: string) => ({ name, adapter: name === 'base' ? null : {}, jobHash: name === 'base' ? null : 'a' })
    return {
      config: { runId: 'r' },
      status: 'running',
      chosenAttempt,
      sameAs: new Map(),
      models: new Map(names.map((name) => [name, of(name)])),
    } as unknown as RunModels
  }
  expect(latestModel(models(['base', 'attempt-1', 'final', 'control']))).toBe('final')
  expect(latestModel(models(['base', 'attempt-1', 'attempt-2'], 1))).toBe('attempt-1')
  expect(latestModel(models(['base', 'attempt-1', 'attempt-2']))).toBe('attempt-2')
  expect(() => latestModel(models(['base']))).toThrow('none was trained')
})
