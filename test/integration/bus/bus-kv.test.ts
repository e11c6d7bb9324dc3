import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { type Bus, Presence, TerminalError } from '../../../bus/mod.ts'
import { type TestServer, take, until, withServer } from '../../support/nats.ts'

const State = z.object({ n: z.number() })
let server: TestServer
let planner: Bus
let gateway: Bus

beforeAll(async () => {
  server = await withServer()
  planner = await server.open('planner')
  gateway = await server.open('gateway')
})
afterAll(() => server[Symbol.asyncDispose]())

test('create, get, update, delete: who comes second is told', async () => {
  const runs = planner.kv('runs', State)
  expect(await runs.get('cas')).toBeNull()
  const first = await runs.create('cas', { n: 1 })
  expect(await runs.create('cas', { n: 9 })).toBe('exists')
  expect(await runs.get('cas')).toEqual({ value: { n: 1 }, revision: first })
  const second = await runs.update('cas', { n: 2 }, Number(first))
  expect(await runs.update('cas', { n: 3 }, Number(first))).toBe('conflict')
  expect(await runs.get('cas')).toEqual({ value: { n: 2 }, revision: second })
  await runs.delete('cas')
  expect(await runs.get('cas')).toBeNull()
  expect(await runs.create('cas', { n: 4 })).toBeGreaterThan(Number(second))
})

test('of many writers with one revision exactly one wins', async () => {
  const runs = planner.kv('runs', State)
  const revision = Number(await runs.create('race', { n: 0 }))
  const results = await Promise.all(Array.from({ length: 20 }, (_, n) => runs.update('race', { n }, revision)))
  expect(results.filter((result) => result !== 'conflict')).toHaveLength(1)
})

test('modify: of many writers at once none is lost, and an equal value is not written', async () => {
  const runs = planner.kv('runs', State)
  const add = (before: z.infer<typeof State> | null) => ({ n: (before?.n ?? 0) + 1 })
  const results = await Promise.all(Array.from({ length: 8 }, () => runs.modify('sum', add)))
  expect(results.map(({ value }) => value.n).sort()).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
  const held = await runs.get('sum')
  expect(held?.value).toEqual({ n: 8 })
  expect(await runs.modify('sum', (before) => before!)).toEqual(held)
  expect(await runs.get('sum')).toEqual(held)
  const refuse = () => Promise.reject(new TerminalError('not mine'))
  await expect(runs.modify('sum', refuse)).rejects.toThrow('not mine')
})

test('keys that hold a value, by filter', async () => {
  const runs = planner.kv('runs', State)
  for (const key of ['k.a.1', 'k.a.2', 'k.b.1', 'other']) await runs.put(key, { n: 0 })
  await runs.delete('k.a.2')
  expect(await runs.keys('k.>')).toEqual(['k.a.1', 'k.b.1'])
  expect(await runs.keys('k.*.1')).toEqual(['k.a.1', 'k.b.1'])
  expect(await runs.keys()).toContain('other')
})

test('a key or value of the wrong form is refused', async () => {
  const runs = planner.kv('runs', State)
  for (const key of ['', 'a..b', 'a b', '>', 'a.*', '.a'])
    await expect(runs.put(key, { n: 1 })).rejects.toThrow(TerminalError)
  // @ts-expect-error: not a State
  await expect(runs.put('typed', { n: 'one' })).rejects.toThrow()
  await runs.put('typed', { n: 1 })
  await expect(planner.kv('runs', z.string()).get('typed')).rejects.toThrow(/does not parse/)
})

test('watch gives what is there, then each change', async () => {
  const runs = planner.kv('runs', State)
  await runs.put('watched', { n: 1 })
  const stop = new AbortController()
  const seen: unknown[] = []
  const watching = (async () => {
    for await (const { key, value } of gateway.kv('runs', State).watch(stop.signal))
      if (key === 'watched') seen.push(value)
  })()
  await until('the present value', () => seen.length === 1)
  await runs.put('watched', { n: 2 })
  await until('the change', () => seen.length === 2)
  await runs.delete('watched')
  await until('the removal', () => seen.length === 3)
  stop.abort()
  await watching
  expect(seen).toEqual([{ n: 1 }, { n: 2 }, null])
})

test('an announced process is shown with its role and pid until it leaves', async () => {
  const presence = planner.announce({ note: 'here' })
  const stop = new AbortController()
  const agents = gateway.kv('agents', Presence)
  const [shown] = await take(agents.watch(stop.signal), 1)
  expect(shown?.value).toMatchObject({
    role: 'planner',
    variant: 'rules',
    pid: process.pid,
    note: 'here',
    handling: [],
  })
  await presence[Symbol.asyncDispose]()
  expect(await agents.keys()).toEqual([])
})
