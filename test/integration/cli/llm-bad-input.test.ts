import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { syllabus } from '../../support/command.ts'
import { linkedHome } from '../../support/linked-home.ts'
import { until } from '../../support/nats.ts'

const topology = fileURLToPath(new URL('../../../deploy/topologies/llm.yaml', import.meta.url))
let folder: string
let baseUrl: string
/** Bodies of calls: one that asks for nothing costs nothing. */
const calls: string[] = []

/** Knows one key and one model, and notes what it is asked. */
const server = createServer(async (request, response) => {
  const body = (await request.toArray()).join('')
  if (request.url?.includes('completions') && body !== '{}') calls.push(body)
  const known = request.headers.authorization === 'Bearer good-key'
  if (request.url?.startsWith('/page')) return response.writeHead(200).end('<html>A web page.</html>')
  response.writeHead(known ? 200 : 401, { 'content-type': 'application/json' })
  response.end(
    JSON.stringify(
      known
        ? { data: [{ id: 'small-teacher' }, { id: 'narrow', max_model_len: 4096 }] }
        : { error: { message: 'bad key' } },
    ),
  )
})

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'syllabus-llm-'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`
})
afterAll(async () => {
  server.closeAllConnections()
  server.close()
  await rm(folder, { recursive: true, force: true })
})

const noApi = () => baseUrl.replace('/v1', '/page')
const nobody = () => 'http://127.0.0.1:9/v1'

test('a model that nobody named ends every command that asks one, with exit code 2', async () => {
  const env = { SYLLABUS_HOME: join(folder, 'home'), SYLLABUS_RUNS: join(folder, 'runs'), OPENAI_BASE_URL: baseUrl }
  for (const args of [['run'], ['up'], ['compare', '--arms', 'rules,llm-iterative']]) {
    const command = syllabus([...args, '--topology', topology], env)
    expect(await command.ended, command.output()).toBe(2)
    expect(command.output()).toMatch(/No model is named for .*--model <name>, set SYLLABUS_MODEL/s)
  }
  const checked = syllabus(['doctor', '--topology', topology], {
    ...env,
    SYLLABUS_MODEL: 'small-teacher',
    OPENAI_API_KEY: 'good-key',
  })
  await checked.ended
  expect(checked.output()).toMatch(/model of the planner: small-teacher at .*it answers/)
  expect(calls).toEqual([])
})

test.each([
  ['a key that is refused', { key: 'planted-key-123', model: 'small-teacher' }, /refuses the key.*OPENAI_API_KEY/s],
  [
    'an address without an API',
    { key: 'good-key', model: 'm', url: noApi },
    /no OpenAI-compatible API.*OPENAI_BASE_URL/s,
  ],
  ['a context that is too small', { key: 'good-key', model: 'narrow' }, /context of narrow has 4096.*contextChars/s],
  ['an address where nobody is', { key: 'good-key', model: 'm', url: nobody }, /There is no API at.*OPENAI_BASE_URL/s],
] as const)('%s is said before anything is paid, with exit code 2', async (_, given, printed) => {
  const { key, model } = given
  const command = syllabus(['run', '--topology', topology, '--model', model], {
    SYLLABUS_HOME: join(folder, 'home'),
    SYLLABUS_RUNS: join(folder, 'runs'),
    OPENAI_API_KEY: key,
    OPENAI_BASE_URL: 'url' in given ? given.url() : baseUrl,
  })
  expect(await command.ended, command.output()).toBe(2)
  expect(command.output()).toMatch(printed)
  expect(command.output()).not.toContain(key)
  expect(calls).toEqual([])
})

test('a model that the list lacks is a warning: the first call decides', async () => {
  const env = { SYLLABUS_HOME: join(folder, 'home'), OPENAI_API_KEY: 'good-key', OPENAI_BASE_URL: baseUrl }
  const doctor = syllabus(['doctor', '--topology', topology, '--model', 'huge'], env)
  await doctor.ended
  expect(doctor.output()).toMatch(
    /ok +model of the generator: huge at .*the first call will tell: .*has small-teacher, narrow/,
  )
})

test('resume says it too, before the run goes on', async () => {
  const home = join(folder, 'resumed')
  await linkedHome(home)
  const env = { SYLLABUS_HOME: home, SYLLABUS_RUNS: join(folder, 'runs'), OPENAI_BASE_URL: baseUrl }
  const run = ['run', '--topology', topology, '--model', 'small-teacher', '--run-id', 'begun']
  const begun = syllabus(run, { ...env, OPENAI_API_KEY: 'good-key' })
  await until(
    'the run has begun',
    () => begun.output().includes('run is running') || begun.child.exitCode !== null,
    60_000,
  )
  begun.child.kill('SIGINT')
  expect(await begun.ended, begun.output()).toBe(130)
  const resume = async (changes: Record<string, string>, ...options: string[]) => {
    const command = syllabus(['resume', 'begun', '--topology', topology, ...options], {
      ...env,
      OPENAI_API_KEY: 'good-key',
      ...changes,
    })
    return { code: await command.ended, reported: command.output() }
  }
  const refused = await resume({ OPENAI_API_KEY: 'planted-key-456' })
  expect(refused).toMatchObject({ code: 2, reported: expect.stringMatching(/refuses the key.*OPENAI_API_KEY/s) })
  expect(refused.reported).not.toContain('planted-key-456')
  const elsewhere = { OPENAI_BASE_URL: noApi() }
  expect(await resume(elsewhere)).toMatchObject({
    code: 2,
    reported: expect.stringMatching(/asks small-teacher at .*--moved/s),
  })
  expect(await resume(elsewhere, '--moved')).toMatchObject({
    code: 2,
    reported: expect.stringMatching(/no OpenAI-compatible API.*OPENAI_BASE_URL/s),
  })
  expect(calls).toEqual([])
}, 180_000)
