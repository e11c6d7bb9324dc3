import { appendFile, cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { checkBridge, checkModels } from '../../../experiments/checks/check-models.ts'
import { checkKeys, keysWithheld } from '../../../launcher/topology/endpoints.ts'
import { readTopology } from '../../../launcher/topology/topology-file.ts'
import { defaultTopology } from '../../../launcher/topology/topology-names.ts'
import { diagnoseEmbedder, embedderPath, studentPath } from '../../../provision/mod.ts'
import { EmbeddingEndpoint } from '../../../schemas/embedding.ts'
import type { Row } from '../../../schemas/row.ts'
import { Topology } from '../../../schemas/topology.ts'
import { embeddedDiversity, meanDistance, normalised } from '../../../trainer-bridge/embedder/embedder.ts'
import { endpointEmbedder } from '../../../trainer-bridge/embedder/endpoint-embedder.ts'
import { ensureEmbedder, openEmbedder } from '../../../trainer-bridge/embedder/open.ts'
import { type Runtime, startRuntime } from '../../../trainer-bridge/runtime.ts'
import { startEmbeddingsServer, wordVector } from '../../support/embeddings-server.ts'
import { memoryLog } from '../../support/nats.ts'
import { testHome } from '../../support/provision.ts'
import { runtimePython } from '../../support/python.ts'

const bare = await readTopology(defaultTopology)
const topologyWith = (embedder: unknown) =>
  Topology.parse({ ...bare, agents: { ...bare.agents, 'trainer-bridge': { variant: 'peft', options: { embedder } } } })
const signal = new AbortController().signal

const rowsOf = (texts: readonly string[]): Row[] =>
  texts.map((input, n) => ({
    id: `a1.r1.s.${n}.0`,
    skill: 's',
    source: 's',
    instruction: 'Solve.',
    input,
    output: `It is ${n}.`,
    origin: { generator: 'test' },
  }))

const alike = ['Tom buys 3 pens at 2.50 each.', 'Tom buys 4 pens at 1.75 each.', 'Tom buys 9 pens at 3.10 each.']
const varied = ['Tom buys 3 pens at 2.50 each.', 'The river froze in January.', 'Convert 12 feet to inches.']

test('the mean distance of all pairs, without making the pairs', () => {
  const vectors = [...alike, ...varied].map((text) => normalised(wordVector(text)))
  const pairs = vectors.flatMap((one, i) =>
    vectors.slice(i + 1).map((other) => one.reduce((sum, value, k) => sum + value * other[k]!, 0)),
  )
  expect(meanDistance(vectors)).toBeCloseTo(1 - pairs.reduce((sum, each) => sum + each, 0) / pairs.length, 12)
  expect(
    meanDistance([
      [0, 1],
      [0, 1],
    ]),
  ).toBe(0)
  expect(
    meanDistance([
      [0, 1],
      [1, 0],
    ]),
  ).toBe(1)
  expect(meanDistance([[0, 1]])).toBeNull()
})

describe('an endpoint', () => {
  const endpointAt = (url: string, more = {}) =>
    EmbeddingEndpoint.parse({ baseUrl: url, model: 'words-64', batchTexts: 2, ...more })
  const measure = (url: string, texts: readonly string[], key = 'k-1', more = {}) =>
    embeddedDiversity(
      endpointEmbedder(endpointAt(url, more), { baseUrl: url, apiKey: key }),
      rowsOf(texts),
      100,
      signal,
    )

  test('embeds questions and replies in batches; what it gives out of order is put in order', async () => {
    await using server = await startEmbeddingsServer({ key: 'k-1' })
    const found = await measure(server.url, varied)
    const expected = meanDistance(varied.map((text) => normalised(wordVector(text))))!
    expect(found).toMatchObject({ rows: 3, requests: 3, tokens: 30, failure: null })
    expect(found.questions).toBeCloseTo(expected, 12)
    expect(found.embedder).toBe(`words-64 at ${new URL(server.url).host}`)
    expect(found.questions!).toBeGreaterThan((await measure(server.url, alike)).questions!)
    expect(server.texts.slice(0, 3)).toEqual(varied)
  })

  test('is asked about a bounded sample of the rows, always the same', async () => {
    await using server = await startEmbeddingsServer()
    const many = rowsOf(Array.from({ length: 400 }, (_, n) => `Question ${n} of ${n % 7}?`))
    const embedder = endpointEmbedder(endpointAt(server.url, { batchTexts: 64 }), { baseUrl: server.url, apiKey: '' })
    const found = await embeddedDiversity(embedder, many, 50, signal)
    expect(found).toMatchObject({ rows: 50, requests: 2 })
    expect(await embeddedDiversity(embedder, many, 50, signal)).toEqual(found)
  })

  test('is asked again after what passes, and not after a refusal; every request is counted', async () => {
    await using server = await startEmbeddingsServer({
      instead: (request) => (request < 3 ? { status: request === 1 ? 429 : 503, body: 'busy' } : null),
    })
    expect(await measure(server.url, varied)).toMatchObject({ requests: 5, failure: null })
    await using strict = await startEmbeddingsServer({ key: 'k-1' })
    const refused = await measure(strict.url, varied, 'planted-secret')
    expect(refused).toMatchObject({ questions: null, replies: null, requests: 1 })
    expect(refused.failure).toMatch(/HTTP 401/)
    expect(JSON.stringify(refused)).not.toContain('planted-secret')
    expect(strict.requests).toBe(1)
  })

  test.each([
    ['says nonsense', { instead: () => ({ status: 200, body: '<html>' }) }, /no list of embeddings/],
    ['leaves a text out', { short: true }, /1 embeddings for 2 texts/],
    ['is down', { instead: () => ({ status: 500, body: 'down' }) }, /HTTP 500: down/],
  ])('that %s costs the measure alone, and says why', async (_, options, why) => {
    await using server = await startEmbeddingsServer(options)
    const found = await measure(server.url, varied, '', { maxTries: 2 })
    expect(found).toMatchObject({ questions: null, replies: null })
    expect(found.failure).toMatch(why)
  })
})

describe('what is said before the start', () => {
  test('an embedder that can be used passes', async () => {
    await using server = await startEmbeddingsServer()
    await checkBridge(topologyWith({ baseUrl: server.url, model: 'words-64' }), {})
    await checkBridge(topologyWith('package'), {})
    expect(server.requests).toBe(0)
  })

  test('it is asked for by commands that train, and by no others', async () => {
    const down = topologyWith({ baseUrl: 'http://127.0.0.1:9/v1', model: 'm' })
    await expect(checkModels(down)).rejects.toThrow('There is no API at http://127.0.0.1:9/v1')
    await checkModels(down, ['generator', 'planner', 'critic'])
  })

  test('else what is wrong, where, and how to fix it', async () => {
    await using server = await startEmbeddingsServer()
    await using strict = await startEmbeddingsServer({ key: 'k-1' })
    const faults: [unknown, RegExp, RegExp][] = [
      ['glove', /no usable options: embedder/, /agents\.trainer-bridge\.options/],
      [{ baseUrl: 'ftp://x', model: 'm' }, /no usable options: embedder/, /agents\.trainer-bridge\.options/],
      [{ baseUrl: strict.url, model: 'words-64', apiKeyEnv: 'EMBED_KEY' }, /refuses the key/, /Set EMBED_KEY/],
      [
        { baseUrl: strict.url, model: 'm', apiKeyEnv: null },
        /refuses the key/,
        /agents\.trainer-bridge\.options\.embedder\.apiKeyEnv/,
      ],
      [
        { baseUrl: 'http://127.0.0.1:9/v1', model: 'm' },
        /There is no API at/,
        /agents\.trainer-bridge\.options\.embedder\.baseUrl/,
      ],
    ]
    for (const [embedder, what, fix] of faults) {
      const error = await checkBridge(topologyWith(embedder), {}).then(
        () => null,
        (reason: unknown) => reason,
      )
      expect(error, JSON.stringify(embedder)).toMatchObject({
        message: expect.stringMatching(what),
        fix: expect.stringMatching(fix),
      })
    }
    const warnings: string[] = []
    await checkBridge(topologyWith({ baseUrl: server.url, model: 'no-such' }), {}, (text) => warnings.push(text))
    expect(warnings).toEqual([expect.stringMatching(/model "no-such".*words-64/)])
    expect(server.requests).toBe(0)
  })
})

test('the key of an embedder goes to the trainer-bridge alone, and to no other endpoint', () => {
  const embedder = { baseUrl: 'https://embed.example/v1', model: 'm', apiKeyEnv: 'EMBED_KEY' }
  const topology = topologyWith(embedder)
  expect(keysWithheld('trainer-bridge', topology, [topology])).toEqual(['OPENAI_API_KEY'])
  for (const role of ['planner', 'generator', 'critic', 'evaluator'] as const)
    expect(keysWithheld(role, topology, [topology]), role).toContain('EMBED_KEY')
  const endpointAt = (baseUrl: string) => ({ baseUrl, apiKey: 'k', set: { baseUrl: '', apiKey: '' } })
  const shared = { at: 'there', keyName: 'EMBED_KEY' }
  const twice = [
    { ...shared, role: 'trainer-bridge' as const, endpoint: endpointAt('https://embed.example/v1') },
    { ...shared, role: 'generator' as const, endpoint: endpointAt('https://teach.example/v1') },
  ]
  expect(() => checkKeys(twice)).toThrow(
    'EMBED_KEY would go to embed.example (trainer-bridge) and to teach.example (generator)',
  )
})

describe('a model of this machine', () => {
  let runtime: Runtime
  let scratch: string
  const student = { name: 'smollm2', path: studentPath(testHome), sha256: 'a' }

  beforeAll(async () => {
    const python = await runtimePython()
    scratch = await mkdtemp(join(tmpdir(), 'syllabus-embed-'))
    await ensureEmbedder('package', { home: testHome, python })
    runtime = startRuntime({ python, log: memoryLog() as never })
  }, 600_000)
  afterAll(async () => {
    await runtime?.[Symbol.asyncDispose]()
    await rm(scratch, { recursive: true, force: true })
  })

  test('the packaged one is checked by doctor, to the byte', async () => {
    expect(await diagnoseEmbedder(testHome)).toMatchObject({ status: 'ok' })
    const path = embedderPath(scratch)
    await cp(embedderPath(testHome), path, { recursive: true })
    await appendFile(join(path, 'tokenizer.json'), ' ')
    expect(await diagnoseEmbedder(scratch)).toMatchObject({
      status: 'broken',
      detail: expect.stringContaining(join(path, 'tokenizer.json')),
      fix: expect.stringContaining(`rm -r ${path}`),
    })
  })

  test('the packaged one gives the likeness that its authors publish', { timeout: 120_000 }, async () => {
    const embedder = openEmbedder('package', testHome, { runtime, student, scratch })!
    const { vectors } = await embedder.embed(
      ['That is a happy person', 'That is a happy dog', 'That is a very happy person', 'Today is a sunny day'],
      signal,
    )
    const [first, ...others] = vectors
    const cosines = others.map((other) => other.reduce((sum, value, i) => sum + value * first![i]!, 0))
    expect(cosines).toEqual([expect.closeTo(0.695, 3), expect.closeTo(0.943, 3), expect.closeTo(0.257, 3)])
  })

  test.each(['package', 'student'] as const)(
    '%s: varied rows lie farther apart than rows of one template',
    async (choice) => {
      const embedder = openEmbedder(choice, testHome, { runtime, student, scratch })!
      const [near, far] = [
        await embeddedDiversity(embedder, rowsOf(alike), 100, signal),
        await embeddedDiversity(embedder, rowsOf(varied), 100, signal),
      ]
      expect(far.questions!).toBeGreaterThan(near.questions!)
      expect(near).toMatchObject({ rows: 3, requests: 0, failure: null })
    },
    120_000,
  )

  test('a folder without a model costs the measure alone, and says why', { timeout: 120_000 }, async () => {
    const none = { ...student, path: scratch }
    const embedder = openEmbedder('student', testHome, { runtime, student: none, scratch })!
    expect((await embeddedDiversity(embedder, rowsOf(alike), 100, signal)).failure).toMatch(/config\.json/)
  })
})
