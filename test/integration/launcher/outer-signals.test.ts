import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { holderOf } from '../../../machine/held-file.ts'
import { type GenerateFolder, openGenerateFolder } from '../../support/generate.ts'
import { natsBinary, until } from '../../support/nats.ts'
import { startTeacherServer, type TeacherServer } from '../../support/teacher-server.ts'

const root = join(import.meta.dirname, '../../..')
const bin = join(root, 'cli/bin.mjs')

/** A Node of this machine that is too old to run the command itself, so that it starts the package's own. */
function findOldNode(): string | null {
  const candidates = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'node'))
  const versionOf = (path: string) =>
    Number(/^v(\d+)/.exec(execFileSync(path, ['--version'], { encoding: 'utf8' }))?.[1])
  return candidates.find((path) => existsSync(path) && versionOf(path) < 24) ?? null
}
const oldNode = findOldNode()
if (!oldNode) console.warn('SKIPPED: no Node before 24 on PATH; signals to an outer Node are not tested')

let folder: GenerateFolder
let teacher: TeacherServer
beforeAll(async () => {
  folder = await openGenerateFolder()
  teacher = await startTeacherServer({ latencyMs: 40 })
})
const started = new Set<ChildProcess>()
afterAll(async () => {
  for (const child of started) child.kill('SIGTERM')
  await teacher[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

type Outer = { child: ChildProcess; output(): string; closed: Promise<unknown>; ended: Promise<number> }

/**
 * Starts a long `generate` by another program, and waits until its agents work. `closed`: nobody writes to its output any more. `ended`:
 * requests until the program was gone.
 */
async function startBy(name: string, [program, ...args]: readonly string[]): Promise<Outer> {
  const words = ['generate', '--program', join(folder.path, 'program.json'), '--out', join(folder.path, name)]
  const child = spawn(program!, [...args, ...words, '--model', teacher.model, '--rows', '2000', '--concurrency', '4'], {
    cwd: root,
    env: {
      ...process.env,
      PATH: `${dirname(await natsBinary())}${delimiter}${process.env.PATH}`,
      SYLLABUS_HOME: join(folder.path, `${name}-home`),
      OPENAI_BASE_URL: teacher.url,
      OPENAI_API_KEY: 'k-planted',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  started.add(child)
  let text = ''
  for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()))
  const closed = once(child, 'close')
  const ended = once(child, 'exit').then(() => teacher.requests)
  await until('it works', () => text.includes('attempt 1 '), 45_000)
  return { child, output: () => text, closed, ended }
}

/** Everything that the command started is gone, what it had in hand was finished, and nothing was begun after the program's end. */
async function expectDrained(name: string, { output, closed, ended }: Outer): Promise<void> {
  await closed
  // One may be on its way.
  expect(teacher.requests - (await ended)).toBeLessThanOrEqual(1)
  expect(output()).toContain('stopping: what is in hand is finished first')
  expect(output()).toMatch(/nothing is lost\. To go on/)
  await until('nothing is left', async () => (await folder.pids(name)).length === 0)
  // The storage is free for the next command.
  expect(await holderOf(join(folder.path, `${name}-home`, 'nats', 'server.lock'))).toBeNull()
}

test.each(['SIGTERM', 'SIGHUP', 'SIGKILL'] as const)(
  '%s to npx alone reaches the command, which finishes what is in hand and leaves nothing behind',
  async (signal) => {
    const name = `npx-${signal.toLowerCase()}`
    const outer = await startBy(name, ['npx', '--no', 'syllabus'])
    outer.child.kill(signal)
    await expectDrained(name, outer)
  },
  120_000,
)

test.skipIf(!oldNode).each(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGKILL'] as const)(
  '%s to an outer Node reaches the inner one, whose end it shares',
  async (signal) => {
    const name = `node-${signal.toLowerCase()}`
    const outer = await startBy(name, [oldNode!, bin])
    outer.child.kill(signal)
    await expectDrained(name, outer)
    if (signal === 'SIGKILL') expect(outer.child.signalCode).toBe('SIGKILL')
    else expect(outer.child.exitCode).toBe(130)
  },
  120_000,
)

test('timeout ends the command after its time, and nothing is left', async () => {
  const outer = await startBy('timeout', ['timeout', '600', 'npx', '--no', 'syllabus'])
  // What its own timer sends it when the time is over.
  outer.child.kill('SIGALRM')
  await expectDrained('timeout', outer)
  expect(outer.child.exitCode).toBe(124)
}, 120_000)
