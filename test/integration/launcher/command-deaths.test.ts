import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isAlive } from '../../support/alive.ts'
import { entry } from '../../support/command.ts'
import { type GenerateFolder, meteredTwice, openGenerateFolder, quickRedelivery } from '../../support/generate.ts'
import { until } from '../../support/nats.ts'
import { startTeacherServer, type TeacherServer } from '../../support/teacher-server.ts'
import { inTerminal } from '../../support/terminal.ts'

let folder: GenerateFolder
const rows = ['--rows', '60', '--concurrency', '6']
beforeAll(async () => {
  folder = await openGenerateFolder()
  rows.push('--topology', await folder.topology('quick', quickRedelivery))
})
afterAll(() => folder[Symbol.asyncDispose]())

async function nothingLeft(name: string): Promise<void> {
  await until(`nothing of ${name} is left`, async () => (await folder.pids(name)).filter(isAlive).length === 0, 15_000)
}

/** The same command again goes on at once, and ends well. */
async function goesOn(name: string, server: TeacherServer): Promise<void> {
  const again = folder.generate(name, server, rows)
  expect(await again.ended, again.output()).toBe(0)
  expect(await folder.outcomeOf(name)).toMatchObject({ rows: 60, stopReason: 'rows-complete' })
  expect(meteredTwice(server)).toBeLessThanOrEqual(6)
}

test('a terminal that is closed ends a command in order, as SIGTERM does, and the same command goes on', async () => {
  await using server = await startTeacherServer({ latencyMs: 200 })
  const terminal = inTerminal(folder.written('tty', server, rows))
  await until('calls are made', () => server.requests >= 12, 30_000)
  expect(await terminal.close()).toBe(130)
  await nothingLeft('tty')
  expect(await folder.agentsLog('tty')).not.toMatch(/"level":60/)
  await goesOn('tty', server)
  expect(meteredTwice(server)).toBe(0)
}, 90_000)

test('SIGHUP may come more than once; nothing is forced by it', async () => {
  await using server = await startTeacherServer({ latencyMs: 400 })
  const command = folder.generate('hup', server, rows)
  await until('calls are made', () => server.requests >= 6, 30_000)
  command.child.kill('SIGHUP')
  await until('it stops', () => command.output().includes('stopping'))
  // Not a condition: what is tested is a second signal that comes later than what counts as one press.
  await sleep(300)
  command.child.kill('SIGHUP')
  expect(await command.ended, command.output()).toBe(130)
  await nothingLeft('hup')
}, 60_000)

test.each([0, 60, 150, 400, 900, 1600])(
  'killed %i ms after its start a command leaves no process behind',
  async (afterMs) => {
    await using server = await startTeacherServer({ latencyMs: 200 })
    const name = `killed-${afterMs}`
    const command = folder.generate(name, server, rows)
    await sleep(afterMs)
    command.child.kill('SIGKILL')
    await command.ended
    await nothingLeft(name)
  },
  60_000,
)

test('agents that are stopped, or hang, do not outlive their command; the home is free at once', async () => {
  await using server = await startTeacherServer({ latencyMs: 200 })
  const command = folder.generate('hung', server, rows)
  await until('calls are made', () => server.requests >= 12, 30_000)
  for (const role of ['generator', 'critic', 'planner'])
    for (const pid of await folder.agentPids('hung', role)) process.kill(pid, 'SIGSTOP')
  command.child.kill('SIGKILL')
  await command.ended
  await nothingLeft('hung')
  await goesOn('hung', server)
}, 90_000)

test('the process id of a session that was killed is used again: the home is free all the same', async () => {
  await using server = await startTeacherServer({ latencyMs: 200 })
  const command = folder.generate('recycled', server, rows)
  await until('calls are made', () => server.requests >= 12, 30_000)
  command.child.kill('SIGKILL')
  await command.ended
  const file = join(folder.path, 'recycled-home', 'session.json')
  const left = await readFile(file, 'utf8')
  expect(left).toContain(`"pid":${command.child.pid}`)
  await writeFile(file, left.replace(`"pid":${command.child.pid}`, `"pid":${process.pid}`))
  const status = folder.command('recycled', ['status'])
  expect(await status.ended, status.output()).toBe(0)
  expect(status.output()).toContain('everyday-numbers')
  await goesOn('recycled', server)
}, 90_000)

/** Another machine: its kernel was started another time. Its name is its own, or the same as of this one. */
const otherMachine = (name: string) => [
  ...['unshare', '--mount', '--uts', '--pid', '--fork', '--mount-proc', 'sh', '-c'],
  `hostname ${name} && echo 11111111-2222-4333-8444-555555555555 > "$0" &&
   mount --bind "$0" /proc/sys/kernel/random/boot_id && exec "$@"`,
]
const canUnshare = spawnSync('unshare', ['--mount', '--uts', '--pid', '--fork', '--mount-proc', 'true']).status === 0

test.skipIf(!canUnshare).each(['another-machine', hostname()])(
  'a home that is in use is refused to %s, which starts no server on its storage',
  async (machine) => {
    let latencyMs = 1500
    await using server = await startTeacherServer({ latencyMs: () => latencyMs })
    const name = `shared-${machine}`
    const command = folder.generate(name, server, rows)
    await until('calls are made', () => server.requests >= 6, 30_000)
    const { env } = folder.written(name, server, rows)
    const pid = await folder.serverPid(name)
    const [unshare, ...args] = [...otherMachine(machine), join(folder.path, 'boot'), process.execPath, entry, 'status']
    const other = spawn(unshare!, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'pipe'] })
    let text = ''
    other.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()))
    expect(await once(other, 'close'), text).toEqual([2, null])
    expect(text).toContain(`in use by process ${command.child.pid} on`)
    expect(text).toContain(hostname())
    expect(await folder.serverPid(name)).toBe(pid)
    latencyMs = 5
    expect(await command.ended, command.output()).toBe(0)
  },
  90_000,
)
