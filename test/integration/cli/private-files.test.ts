import { chmod, lstat, mkdir, readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type GenerateFolder, openGenerateFolder } from '../../support/generate.ts'
import { startTeacherServer } from '../../support/teacher-server.ts'

let folder: GenerateFolder
beforeAll(async () => {
  folder = await openGenerateFolder()
})
afterAll(() => folder[Symbol.asyncDispose]())

/** Everything below a folder and itself, with its rights for group and others. */
async function rightsBelow(path: string): Promise<Map<string, number>> {
  const paths = [path, ...(await readdir(path, { recursive: true })).map((name) => join(path, name))]
  const all = await Promise.all(paths.map(async (each) => [each, await lstat(each)] as const))
  return new Map(all.filter(([, found]) => !found.isSymbolicLink()).map(([each, { mode }]) => [each, mode & 0o77]))
}

async function generated(name: string, env: Record<string, string>): Promise<Map<string, number>> {
  await using server = await startTeacherServer()
  const command = folder.generate(name, server, ['--rows', '5', '--format', 'alpaca'], env)
  expect(await command.ended, command.output()).toBe(0)
  const home = await rightsBelow(join(folder.path, `${name}-home`))
  return new Map([...home, ...(await rightsBelow(join(folder.path, name)))])
}

test('what a run writes, and what its server and agents do, is for its user alone', async () => {
  const rights = await generated('private', {})
  const names = [...rights.keys()].join('\n')
  // The server's streams, the agents' log and the rows are among them.
  for (const part of [/\/nats\/jetstream\/.*\.blk$/m, /\/logs\/.*\.log$/m, /alpaca\.json$/m, /generation\.json$/m])
    expect(names).toMatch(part)
  expect([...rights].filter(([, open]) => open !== 0)).toEqual([])
}, 120_000)

test('another mask can be chosen', async () => {
  const rights = await generated('shared', { SYLLABUS_UMASK: '022' })
  expect(rights.get(join(folder.path, 'shared/generation.json'))).toBe(0o44)
  expect(rights.get(join(folder.path, 'shared-home/nats-credentials.json'))).toBe(0)
}, 120_000)

test.each(['777', 'private', '8', '0x3f', '-1', '0022 '])('SYLLABUS_UMASK="%s" is refused', async (mask) => {
  const command = folder.command('bad', ['status'], { SYLLABUS_UMASK: mask })
  expect(await command.ended).toBe(2)
  expect(command.output()).toContain('SYLLABUS_UMASK is "')
})

test('a home that an earlier version left open is closed by any command; what is no home of ours is left alone', async () => {
  const rightsOf = async (path: string) => (await stat(path)).mode & 0o7777
  const command = async (name: string) =>
    expect(await folder.command(name, ['program', 'check', 'nothing']).ended).toBe(2)
  const made = async (name: string, mode: number, isOurs: boolean) => {
    const home = join(folder.path, `${name}-home`)
    await mkdir(home)
    await chmod(home, mode)
    if (isOurs) await writeFile(join(home, 'contamination.key'), 'k')
    await command(name)
    return rightsOf(home)
  }
  expect(await made('open', 0o755, true)).toBe(0o700)
  expect(await made('writable', 0o777, true)).toBe(0o700)
  expect(await made('sticky', 0o1777, true)).toBe(0o1777)
  expect(await made('other', 0o755, false)).toBe(0o755)
})
