import { once } from 'node:events'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type GenerateFolder, openGenerateFolder } from '../../support/generate.ts'
import { type TestServer, withServer } from '../../support/nats.ts'
import { startTeacherServer, type TeacherServer } from '../../support/teacher-server.ts'

let folder: GenerateFolder
let server: TestServer
let teacher: TeacherServer
/** A port that nothing listens at. */
let nobody: string
/** Greets as NATS does, and never ends its line. */
const endless = createServer((socket) => {
  const more = setInterval(() => socket.write(`INFO ${'x'.repeat(65_536)}`), 5)
  socket.on('error', () => {}).on('close', () => clearInterval(more))
})
const urlOf = (listener: Server): string => {
  const address = listener.address()
  return `nats://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
}
beforeAll(async () => {
  folder = await openGenerateFolder()
  server = await withServer({ topology: false })
  teacher = await startTeacherServer({ latencyMs: 5 })
  const free = createServer().listen(0, '127.0.0.1')
  await once(free, 'listening')
  nobody = urlOf(free)
  free.close()
  await once(endless.listen(0, '127.0.0.1'), 'listening')
})
afterAll(async () => {
  endless.close()
  await teacher[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

/** A credentials file made of the server's own, changed as a text. */
async function credentials(name: string, change: (text: string) => string): Promise<string> {
  const path = join(folder.path, `${name}.json`)
  await writeFile(path, change(JSON.stringify(server.credentials)))
  return path
}
const without = (role: string) => (text: string) => JSON.stringify({ ...JSON.parse(text), [role]: undefined })

/** Lines of a stack, and what Node prints of an await that nothing ends. */
const raw = /^ {4}at |unsettled top-level await|UnhandledPromise/m

const cases: readonly [string, () => Promise<Record<string, string>> | Record<string, string>, RegExp][] = [
  [
    'no server',
    () => ({ NATS_URL: nobody }),
    /No NATS server answers: connection refused .*\n {2}Start one, correct NATS_URL/,
  ],
  ['no such host', () => ({ NATS_URL: 'nats://no-such-host.invalid' }), /no such host|No NATS server answers/],
  ['an address of another kind', () => ({ NATS_URL: 'http://127.0.0.1' }), /"http:\/\/" is not spoken here/],
  [
    'a greeting without an end',
    () => ({ NATS_URL: urlOf(endless) }),
    /What listens there is no NATS server: it says "INFO x+"/,
  ],
  ['no user', () => ({ NATS_URL: server.url }), /asks for a user and password/],
  [
    'a wrong password',
    async () => ({
      NATS_URL: server.url,
      SYLLABUS_CREDENTIALS: await credentials('wrong', (text) => text.replaceAll('"pass":"', '"pass":"x')),
    }),
    /refuses the user "operator-\w+"/,
  ],
  [
    'a broken credentials file',
    async () => ({
      NATS_URL: server.url,
      SYLLABUS_CREDENTIALS: await credentials('broken', (text) => text.slice(0, 99)),
    }),
    /The credentials file cannot be used: it is not JSON/,
  ],
  [
    'a credentials file that is not there',
    () => ({ NATS_URL: server.url, SYLLABUS_CREDENTIALS: join(folder.path, 'nowhere.json') }),
    /The credentials file cannot be used: ENOENT/,
  ],
  [
    'a folder in its place',
    () => ({ NATS_URL: server.url, SYLLABUS_CREDENTIALS: folder.path }),
    /The credentials file cannot be used: EISDIR/,
  ],
  [
    'a role left out',
    async () => ({ NATS_URL: server.url, SYLLABUS_CREDENTIALS: await credentials('part', without('critic')) }),
    /needs the credentials of operator, gateway, [\w, -]+; missing: critic \(LAB\).*\n {2}The file holds planner/,
  ],
  [
    'TLS where there is none',
    async () => ({
      NATS_URL: server.url.replace('nats://', 'tls://'),
      SYLLABUS_CREDENTIALS: await credentials('good', (text) => text),
    }),
    /offers no TLS.*nothing was sent/,
  ],
  [
    'a key of the wrong form',
    () => ({ SYLLABUS_CONTAMINATION_KEY: 'abcd' }),
    /SYLLABUS_CONTAMINATION_KEY is not 32 bytes in hex.*\n.*openssl rand/,
  ],
  [
    'a server program that does not start',
    async () => {
      const bin = join(folder.path, 'bin')
      await mkdir(bin, { recursive: true })
      await writeFile(join(bin, 'nats-server'), '#!/bin/sh\necho planted >&2\nexit 3\n', { mode: 0o755 })
      return { PATH: `${bin}:${process.env.PATH}` }
    },
    /nats-server did not start: it ended with 3; planted/,
  ],
]

describe('a session that cannot open ends the command with what, where and the fix, and exit code 2', () => {
  test.each(cases)('%s', async (name, env, what) => {
    const command = folder.generate(name.replaceAll(' ', '-'), teacher, ['--rows', '10'], await env())
    expect(await command.ended, command.output()).toBe(2)
    expect(command.output()).toMatch(what)
    expect(command.output()).not.toMatch(raw)
    for (const { pass } of Object.values(server.credentials).flatMap((each) => Object.values(each)))
      expect(command.output()).not.toContain(pass)
    expect(teacher.requests).toBe(0)
  })

  test('a page that cannot be served at the address of the topology', async () => {
    const topology = await folder.topology('page', { gateway: { host: '203.0.113.7' } })
    const command = folder.generate('page', teacher, ['--rows', '10', '--topology', topology])
    expect(await command.ended, command.output()).toBe(2)
    expect(command.output()).toMatch(/The live page cannot be served at 203\.0\.113\.7:0: .*\n.*gateway\.host/)
    expect(command.output()).not.toMatch(raw)
  })
})

test.each([
  [['run', '--rows', '8', '--attempts', '1']],
  [['up']],
  [['agent', 'critic']],
  [['status']],
  [['stop', 'some-run']],
  [['report', 'some-run']],
  [['dead', 'list']],
  [['replay', 'some-run']],
])('%s says that no server answers, and ends with exit code 2', async (args) => {
  const command = folder.command(`none-${args[0]}`, args, { NATS_URL: nobody })
  expect(await command.ended, command.output()).toBe(2)
  expect(command.output()).toMatch(/No NATS server answers: connection refused/)
  expect(command.output()).not.toMatch(raw)
})

test('a file where a folder is wanted is named, with what to do', async () => {
  const home = join(folder.path, 'fault-home')
  await mkdir(home, { recursive: true })
  await writeFile(join(home, 'logs'), '')
  const command = folder.command('fault', ['up'], {})
  expect(await command.ended, command.output()).toBe(2)
  expect(command.output()).not.toMatch(raw)
  expect(command.output()).toContain(join(home, 'logs'))
  expect(await readFile(join(home, 'logs'), 'utf8')).toBe('')
})
