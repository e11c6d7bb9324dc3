import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { BusAwayError, BusSetupError, TerminalError } from '../../../bus/mod.ts'
import { exitCodes } from '../../../launcher/console/exit-codes.ts'
import { renderError } from '../../../launcher/console/render-error.ts'
import { UsageError } from '../../../schemas/user-error.ts'

let home: string
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'syllabus-render-'))
  vi.stubEnv('SYLLABUS_HOME', home)
  vi.stubEnv('PLANTED_API_KEY', 'sk-planted-secret')
})
afterAll(async () => {
  vi.unstubAllEnvs()
  await rm(home, { recursive: true, force: true })
})

const system = (code: string, syscall: string, path?: string) =>
  Object.assign(new Error(`${code}: planted`), { code, syscall, path })
const away = new BusAwayError({ what: 'stream RUN', where: 'nats://h:1', awayMs: 60_000, why: 'no answer' }, {})

test.each<[string, unknown, number, RegExp]>([
  ['a wrong use', new UsageError('What.', 'Do this.'), exitCodes.badInput, /^What\.\nDo this\.$/],
  [
    'a set-up fault',
    new BusSetupError({ what: 'What', where: 'there', fix: 'Do this.' }),
    exitCodes.badInput,
    /^What \(there\)\.\nDo this\.$/,
  ],
  ['a server that stays away', away, exitCodes.failure, /stream RUN for 60 s \(nats:\/\/h:1\).*\nStart it again/],
  ['a full disk', system('ENOSPC', 'write'), exitCodes.badInput, /^write failed: its disk .*\n.*SYLLABUS_HOME/],
  [
    'no right',
    system('EACCES', 'open', '/a/b'),
    exitCodes.badInput,
    /^open \/a\/b failed: permission denied\.\nCorrect its rights/,
  ],
  ['a read-only disk', system('EROFS', 'mkdir'), exitCodes.badInput, /its file system is read-only/],
  ['a file for a folder', system('EEXIST', 'mkdir'), exitCodes.badInput, /stands where a folder belongs/],
  ['no more files', system('EMFILE', 'open'), exitCodes.badInput, /ulimit -n/],
  [
    'a file that is not there',
    system('ENOENT', 'open', '/a/b'),
    exitCodes.failure,
    /^ENOENT: planted\nWhere it happened: /,
  ],
  ['no more processes', system('EAGAIN', 'spawn node'), exitCodes.badInput, /ulimit -u/],
  ['what can never be done', new TerminalError('there is no such run'), exitCodes.failure, /^there is no such run$/],
  [
    'a fault of ours',
    new TypeError('x is not a function'),
    exitCodes.failure,
    /^x is not a function\nWhere it happened: /,
  ],
  ['a text', 'planted', exitCodes.failure, /^planted\nWhere it happened: /],
  ['nothing', undefined, exitCodes.failure, /^undefined\nWhere it happened: /],
  [
    'an error of clearing up after the first',
    new SuppressedError(new Error('second'), new UsageError('First.', 'Do this.'), 'both'),
    exitCodes.badInput,
    /^First\./,
  ],
  ['several attempts', new AggregateError([system('EMFILE', 'open')]), exitCodes.badInput, /may open no more files/],
  ['control characters', new UsageError('a\u001b[2Jb', 'Do this.'), exitCodes.badInput, /^a\ufffd\[2Jb/],
])('%s is rendered in lines, without a stack', (_, error, exitCode, text) => {
  const rendered = renderError(error)
  expect(rendered.exitCode).toBe(exitCode)
  expect(rendered.text).toMatch(text)
  expect(rendered.text).not.toMatch(/^ {4}at /m)
})

test('the details of a fault of ours lie in a file that only its user reads, without secrets', async () => {
  const fault = new Error('sk-planted-secret at nats://user:planted-pass@h:1, {"pass":"planted-pass"}')
  const [, path] = /Where it happened: (.*)$/.exec(renderError(fault).text) ?? []
  const details = await readFile(path!, 'utf8')
  expect(path!.startsWith(join(home, 'logs'))).toBe(true)
  expect((await stat(path!)).mode & 0o077).toBe(0)
  expect(details).toContain('render-error.test.ts')
  expect(details).not.toContain('planted-secret')
  expect(details).not.toContain('planted-pass')
})
