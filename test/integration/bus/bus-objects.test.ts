import { createHash, randomBytes } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { type Bus, TerminalError } from '../../../bus/mod.ts'
import { operatorLink } from '../../support/doors.ts'
import { memoryLog, type TestServer, withServer } from '../../support/nats.ts'

let server: TestServer
let critic: Bus

beforeAll(async () => {
  server = await withServer()
  critic = await server.open('critic')
})
afterAll(() => server[Symbol.asyncDispose]())

test.each([0, 1, 512 * 1024, 512 * 1024 + 1, 5_000_000])('%i bytes come back as they were', async (size) => {
  const bytes = new Uint8Array(randomBytes(size))
  const ref = await critic.objects.put('LAB', `run-1/some dir/file ${size}.bin`, bytes)
  expect(ref).toEqual({
    account: 'LAB',
    name: `run-1/some dir/file ${size}.bin`,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    bytes: size,
  })
  expect(await critic.objects.has(ref)).toBe(true)
  expect(Buffer.compare(await critic.objects.get(ref), bytes)).toBe(0)
})

test('the same bytes under the same name are stored once; other bytes are another object', async () => {
  const link = await operatorLink(server, memoryLog())
  const count = async () => (await link.jsm.streams.info('OBJECTS_LAB')).state.messages
  const first = await critic.objects.putLines('LAB', 'run-1/rows', [{ n: 1 }])
  const stored = await count()
  expect(await critic.objects.putLines('LAB', 'run-1/rows', [{ n: 1 }])).toEqual(first)
  expect(await count()).toBe(stored)
  const second = await critic.objects.putLines('LAB', 'run-1/rows', [{ n: 2 }])
  const Row = z.object({ n: z.number() })
  expect(await critic.objects.getLines(first, Row)).toEqual([{ n: 1 }])
  expect(await critic.objects.getLines(second, Row)).toEqual([{ n: 2 }])
  await link.nc.close()
})

test('lines come one after the other, whole over the borders of chunks and characters, and a wrong hash is told at the end', async () => {
  const Line = z.object({ n: z.number(), text: z.string() })
  const values = Array.from({ length: 9000 }, (_, n) => ({ n, text: `é€🦉${'x'.repeat(n % 101)}` }))
  const ref = await critic.objects.putLines('LAB', 'run-1/lines', values)
  expect(ref.bytes).toBeGreaterThan(512 * 1024)
  expect(await Array.fromAsync(critic.objects.lines(ref, Line))).toEqual(values)

  const link = await operatorLink(server, memoryLog())
  const sha256 = createHash('sha256').update('{"n":1}\n').digest('hex')
  await link.js.publish(`objects.lab.run-1.swapped.${sha256}.0`, '{"n":2}\n')
  await link.nc.close()
  const swapped = { account: 'LAB', name: 'run-1/swapped', sha256, bytes: 8 } as const
  const read = critic.objects.lines(swapped, z.object({ n: z.number() }))
  await expect(Array.fromAsync(read)).rejects.toThrow(/SHA-256/)
})

test.each([0, 1, 5000])(
  '%i lines that come one after the other are the same object as all of them at once',
  async (count) => {
    const values = Array.from({ length: count }, (_, n) => ({ n, text: `🦉${'x'.repeat(n % 301)}` }))
    async function* each() {
      yield* values
    }
    const [together, streamed] = [
      await critic.objects.putLines('LAB', `run-1/together-${count}`, values),
      await critic.objects.putLineStream('LAB', `run-1/streamed-${count}`, each()),
    ]
    expect(streamed).toEqual({ ...together, name: `run-1/streamed-${count}` })
    expect(await critic.objects.getLines(streamed, z.object({ n: z.number(), text: z.string() }))).toEqual(values)
    expect((await readdir(tmpdir())).filter((name) => /^syllabus-[0-9a-f]{8}-/.test(name))).toEqual([])
  },
)

test('a stream that fails is no object', async () => {
  async function* failing() {
    yield { n: 1 }
    throw new Error('half way')
  }
  await expect(critic.objects.putLineStream('LAB', 'run-1/failing', failing())).rejects.toThrow('half way')
})

test('bytes that differ from the reference are a terminal error', async () => {
  const link = await operatorLink(server, memoryLog())
  const sha256 = createHash('sha256').update('right').digest('hex')
  await link.js.publish(`objects.lab.run-1.forged.${sha256}.0`, 'wrong')
  await link.nc.close()
  const ref = { account: 'LAB', name: 'run-1/forged', sha256, bytes: 5 } as const
  await expect(critic.objects.get(ref)).rejects.toThrow(TerminalError)
  await expect(critic.objects.get(ref)).rejects.toThrow(/SHA-256/)
})

test('an object that is not there, or content of another form, is a terminal error', async () => {
  const ref = await critic.objects.putJson('LAB', 'run-1/json', { a: 1 })
  expect(await critic.objects.getJson(ref, z.object({ a: z.number() }))).toEqual({ a: 1 })
  await expect(critic.objects.getJson(ref, z.string())).rejects.toThrow(TerminalError)
  const missing = { ...ref, name: 'run-1/elsewhere' }
  expect(await critic.objects.has(missing)).toBe(false)
  await expect(critic.objects.get(missing)).rejects.toThrow(/not there/)
})
