import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { whenStopped } from '../../../launcher/live-session.ts'
import { mostStoppingMs } from '../../../launcher/supervisor.ts'
import { holdFile } from '../../../machine/held-file.ts'
import { SupervisorLimits } from '../../../schemas/session-limits.ts'

let home: string
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'syllabus-stopping-'))
  vi.stubEnv('SYLLABUS_HOME', home)
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(home, { recursive: true, force: true })
})

const details = { pageUrl: 'http://127.0.0.1:1/', logFile: 'log', topology: 'local', server: null }
const session = (stoppingMs = 60_000) => holdFile(join(home, 'session.json'), { details: { ...details, stoppingMs } })

test('a session that is stopping is waited for until it is gone, and named', async () => {
  const held = await session()
  await writeFile(join(home, 'stopping'), String(process.pid))
  const lines: string[] = []
  let isOver = false
  const waiting = whenStopped((line) => lines.push(line)).then(() => {
    isOver = true
  })
  await vi.waitFor(() => expect(lines).toEqual([expect.stringContaining(`process ${process.pid} is stopping`)]))
  expect(isOver).toBe(false)
  await held[Symbol.asyncDispose]()
  await waiting
})

test('one that goes on is not waited for, nor what another process left', async () => {
  await using _held = await session()
  const lines: string[] = []
  await whenStopped((line) => lines.push(line))
  await writeFile(join(home, 'stopping'), '1')
  await whenStopped((line) => lines.push(line))
  expect(lines).toEqual([])
})

test('one that takes longer to stop than its topology lets it is not waited for any more', async () => {
  await using _held = await session(1)
  await writeFile(join(home, 'stopping'), String(process.pid))
  const lines: string[] = []
  await whenStopped((line) => lines.push(line))
  expect(lines).toHaveLength(1)
})

test('the longest stop follows from the limits of the topology', () => {
  const limits = SupervisorLimits.parse({})
  const more = mostStoppingMs({ ...limits, meteredDrainMs: limits.meteredDrainMs + 1000 }) - mostStoppingMs(limits)
  expect(more).toBe(1000)
  expect(mostStoppingMs(limits)).toBeGreaterThan(limits.meteredDrainMs + limits.graceMs)
})
