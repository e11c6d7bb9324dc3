import { readdir } from 'node:fs/promises'
import { basename } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type GenerateFolder, meteredTwice, openGenerateFolder } from '../../support/generate.ts'
import { until } from '../../support/nats.ts'
import { startTeacherServer, type TeacherServer } from '../../support/teacher-server.ts'

/** Runs of one home that ask other models, at other endpoints: each reply is paid for where its run means it. */

let folder: GenerateFolder
beforeAll(async () => {
  folder = await openGenerateFolder()
})
afterAll(() => folder[Symbol.asyncDispose]())

const slow = { latencyMs: 250 }
const rows = 60
const args = (home: string, more: readonly string[] = []) => [
  '--rows',
  String(rows),
  '--concurrency',
  '4',
  '--run-id',
  home,
  ...more,
]

/** Begins a run of the home `name`, and interrupts it once some of its replies are there. */
async function interrupted(name: string, server: TeacherServer, signal: NodeJS.Signals): Promise<void> {
  const command = folder.generate(name, server, args(name))
  await until('some replies', () => server.requests >= 8, 60_000)
  command.child.kill(signal)
  await command.ended
  await until('nothing of it is left', async () => (await folder.pids(name)).length === 0, 90_000)
}

/** Another run of the home `name`, with an output folder of its own. */
function beside(name: string, server: TeacherServer, env: Record<string, string> = {}) {
  const out = `${folder.path}/${name}`
  const other = folder.written(name, server, args(`${name}-two`))
  const words = other.args.map((word) => (word === out ? `${out}-two` : word))
  return folder.command(name, words, { ...other.env, ...env })
}

/** The consumers of shards with a model that a home's server keeps on disk. */
const consumersOf = async (name: string): Promise<string[]> =>
  (await readdir(`${folder.path}/${name}-home/nats`, { recursive: true }))
    .filter((path) => /\/obs\/generator-llm-\w+-shard$/.test(path))
    .map((path) => basename(path))

const asText = async (name: string, words: readonly string[]) => {
  const command = folder.command(name, words)
  await command.ended
  return command.output()
}

test.each([
  ['drained', 'SIGTERM'],
  ['killed', 'SIGKILL'],
] as const)(
  'a run that was %s is left to its own model by a run of another one',
  async (name, signal) => {
    await using one = await startTeacherServer({ ...slow, model: 'one' })
    let isSeen = false
    await using two = await startTeacherServer({ latencyMs: () => (isSeen ? 20 : 2000), model: 'two' })
    await interrupted(name, one, signal)
    const before = one.requests
    expect(before).toBeLessThan(rows)

    const second = beside(name, two)
    await until('its first replies', () => two.requests >= 4, 60_000)
    expect(await asText(name, ['status'])).toContain(
      `run ${name} waits for a generator that asks one at ${one.url} for this run.`,
    )
    isSeen = true
    expect(await second.ended, second.output()).toBe(0)
    const ofSecond = two.requests
    expect([one.requests, meteredTwice(two)]).toEqual([before, 0])
    expect(await asText(name, ['status'])).toContain(
      `run ${name} is not finished, and none of its agents is there. It waits for a generator that asks one at ${one.url} for this run.`,
    )

    const again = folder.generate(name, one, args(name))
    expect(await again.ended, again.output()).toBe(0)
    const { spent, bySource } = await folder.outcomeOf(name)
    expect(two.requests).toBe(ofSecond)
    // Those under way when the process died were sent, and are sent again.
    const lost = signal === 'SIGKILL' ? 4 : 0
    expect(meteredTwice(one)).toBeLessThanOrEqual(lost)
    expect(one.requests - meteredTwice(one)).toBe(bySource.crates!.asked)
    expect(spent.lines).toSatisfy((lines: { model: string; endpoint?: string }[]) =>
      lines.every(({ model, endpoint }) => model === 'one' && [undefined, new URL(one.url).host].includes(endpoint)),
    )
  },
  240_000,
)

test('the same model at another address is another endpoint: no key goes there unless a person says that it is the same', async () => {
  await using one = await startTeacherServer(slow)
  await using two = await startTeacherServer()
  const name = 'moved'
  await interrupted(name, one, 'SIGTERM')
  const before = one.requests
  const refused = folder.generate(name, two, args(name))
  expect(await refused.ended).toBe(2)
  expect(refused.output()).toContain(`The generator of run ${name} asks ${one.model} at ${one.url}`)
  expect(refused.output()).toContain(`Set OPENAI_BASE_URL=${one.url}`)
  expect([one.requests, two.requests]).toEqual([before, 0])

  const moved = folder.generate(name, two, args(name, ['--moved']))
  expect(await moved.ended, moved.output()).toBe(0)
  expect(one.requests).toBe(before)
  expect(two.requests).toBeGreaterThan(0)
  const { bySource } = await folder.outcomeOf(name)
  expect(one.requests + two.requests).toBe(bySource.crates!.asked)
}, 240_000)

test('without a key the run goes on where it was begun, whatever the environment names', async () => {
  await using one = await startTeacherServer(slow)
  await using two = await startTeacherServer()
  const name = 'keyless'
  const { args: words, env } = folder.written(name, one, args(name))
  const begun = folder.command(name, words, { ...env, OPENAI_API_KEY: '' })
  await until('some replies', () => one.requests >= 8, 60_000)
  begun.child.kill('SIGTERM')
  await begun.ended
  const again = folder.command(name, words, { ...env, OPENAI_BASE_URL: two.url, OPENAI_API_KEY: '' })
  expect(await again.ended, again.output()).toBe(0)
  expect(two.requests).toBe(0)
  expect(meteredTwice(one)).toBe(0)
}, 240_000)

test('a new run that asks the same model at the same address makes its own calls alone, and each run is paid with its key', async () => {
  await using server = await startTeacherServer(slow)
  const name = 'alike'
  await interrupted(name, server, 'SIGTERM')
  const before = server.requests
  const [own, ...more] = await consumersOf(name)
  expect(more).toEqual([])
  const other = beside(name, server, { OPENAI_API_KEY: 'k-other' })
  expect(await other.ended, other.output()).toBe(0)
  // Its own are gone with it; those of the run that is not done stay.
  expect(await consumersOf(name)).toEqual([own])
  const { bySource: ofOther } = await folder.outcomeOf(`${name}-two`)
  expect(server.byKey.get('k-other')).toBe(ofOther.crates!.asked)
  expect(server.byKey.get('k-planted')).toBe(before)
  expect(other.output()).not.toContain('these agents do it too')
  const again = folder.generate(name, server, args(name))
  expect(await again.ended, again.output()).toBe(0)
  const { bySource } = await folder.outcomeOf(name)
  expect(server.byKey.get('k-planted')).toBe(bySource.crates!.asked)
  expect(server.byKey.get('k-other')).toBe(ofOther.crates!.asked)
  expect(await consumersOf(name)).toEqual([])
  // One that is done asks nothing, and starts nothing.
  const rewritten = folder.generate(name, server, args(name))
  expect(await rewritten.ended, rewritten.output()).toBe(0)
  expect(await consumersOf(name)).toEqual([])
  expect(server.byKey.get('k-planted')).toBe(bySource.crates!.asked)
}, 240_000)

test('a generator that is added for a run helps it with the key that it was given, and ends with it', async () => {
  let isHelped = () => false
  await using server = await startTeacherServer({ latencyMs: () => (isHelped() ? 5 : 500) })
  isHelped = () => server.byKey.has('k-helper')
  const name = 'helped'
  const run = folder.generate(name, server, ['--rows', '400', '--concurrency', '4', '--run-id', name])
  await until('some replies', () => server.requests >= 4, 60_000)
  const env = { OPENAI_BASE_URL: server.url, OPENAI_API_KEY: 'k-helper' }
  const unasked = folder.command(name, ['agent', 'generator', '--variant', 'llm', '--model', server.model], env)
  await until('it is told of the run', () => unasked.output().includes(`To help it, add: --run ${name}`), 60_000)
  const helper = folder.command(name, ['agent', 'generator', '--run', name], env)
  expect(await run.ended, run.output()).toBe(0)
  expect(await helper.ended, helper.output()).toBe(0)
  unasked.child.kill('SIGTERM')
  await unasked.ended
  const { bySource } = await folder.outcomeOf(name)
  expect(server.byKey.get('k-helper')).toBeGreaterThan(0)
  expect(server.requests).toBe(bySource.crates!.asked)
}, 240_000)
