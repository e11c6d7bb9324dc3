import { setTimeout as sleep } from 'node:timers/promises'
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type GenerateFolder, meteredTwice, openGenerateFolder, quickRedelivery } from '../../support/generate.ts'
import { until } from '../../support/nats.ts'
import { startTeacherServer } from '../../support/teacher-server.ts'

let folder: GenerateFolder
const rows = ['--rows', '120', '--concurrency', '10']
beforeAll(async () => {
  folder = await openGenerateFolder()
  rows.push('--topology', await folder.topology('quick', quickRedelivery))
})
afterAll(() => folder[Symbol.asyncDispose]())

/** Kills what has the ids as nobody can prepare for; gives how many there were. */
function kill(pids: readonly (number | null)[]): number {
  let killed = 0
  for (const pid of pids) {
    if (pid === null) continue
    try {
      process.kill(pid, 'SIGKILL')
      killed += 1
    } catch {
      // It ended by itself.
    }
  }
  return killed
}

let calmHash: string | null

test('undisturbed, for comparison', async () => {
  await using server = await startTeacherServer({ latencyMs: 20, duplicateEvery: 10 })
  const command = folder.generate('calm', server, rows)
  expect(await command.ended, command.output()).toBe(0)
  const outcome = await folder.outcomeOf('calm')
  expect(outcome.rows).toBe(120)
  calmHash = outcome.datasetHash
})

test.each(['generator', 'critic', 'nats-server'])(
  'with kill -9 of the %s half way the dataset is the same, and at most what was in flight is paid again',
  async (victim) => {
    await using server = await startTeacherServer({ latencyMs: 150, duplicateEvery: 10 })
    const command = folder.generate(victim, server, rows)
    await until('half of the calls are made', () => server.requests >= 60, 30_000)
    const pids = victim === 'nats-server' ? [await folder.serverPid(victim)] : await folder.agentPids(victim, victim)
    expect(kill(pids)).toBeGreaterThan(0)
    expect(await command.ended, command.output()).toBe(0)
    const outcome = await folder.outcomeOf(victim)
    expect(outcome).toMatchObject({ rows: 120, datasetHash: calmHash })
    expect(meteredTwice(server)).toBeLessThanOrEqual(10)
    // Reserved calls without a reply count as spent, so the count is never below what was paid.
    expect(outcome.spent.calls).toBeGreaterThanOrEqual(server.requests)
  },
  90_000,
)

test('with kill -9 of the command itself the same command goes on, ends well and pays at most what was in flight again', async () => {
  await using server = await startTeacherServer({ latencyMs: 150, duplicateEvery: 10 })
  const first = folder.generate('command', server, rows)
  await until('half of the calls are made', () => server.requests >= 60, 30_000)
  kill([first.child.pid ?? null])
  await first.ended
  const second = folder.generate('command', server, rows)
  expect(await second.ended, second.output()).toBe(0)
  expect(await folder.outcomeOf('command')).toMatchObject({ rows: 120, datasetHash: calmHash })
  expect(meteredTwice(server)).toBeLessThanOrEqual(10)
}, 90_000)

/** Restarts at once, so that a kill costs as little as the process needs to start; a message survives any number of them. */
const hunted = {
  supervisor: { minRestartMs: 20, maxRestartMs: 40 },
  delivery: { shard: { ackWaitMs: 1500, maxDeliver: 200 }, batch: { ackWaitMs: 1500, maxDeliver: 200 } },
}

test('killed fifty times at random points, the requests never exceed the budget, and the end says why', async () => {
  const kills = 50
  const budget = 400
  const random = xoroshiro128plus(50)
  const pick = <T>(values: readonly T[]): T => values[uniformInt(random, 0, values.length - 1)]!
  const topology = await folder.topology('hunted', hunted)
  let killed = 0
  for (let run = 1; killed < kills; run++) {
    const name = `hunted-${run}`
    await using server = await startTeacherServer({ latencyMs: 60, faults: { http500: 0.1 } })
    const limits = ['--rows', String(budget), '--concurrency', '8', '--generators', '2', '--budget', String(budget)]
    const command = folder.generate(name, server, [...limits, '--topology', topology])
    await until('the first calls are made', () => server.requests > 0 || command.child.exitCode !== null, 30_000)
    while (killed < kills && command.child.exitCode === null) {
      await sleep(uniformInt(random, 0, 600))
      const victim = pick(['generator', 'generator', 'critic', 'nats-server'])
      const pids = victim === 'nats-server' ? [await folder.serverPid(name)] : await folder.agentPids(name, victim)
      if (pids.length > 0) killed += kill([pick(pids)])
    }
    expect(await command.ended, command.output()).toBe(3)
    const outcome = await folder.outcomeOf(name)
    expect(server.requests).toBeLessThanOrEqual(budget)
    expect(outcome.stopReason).toBe('budget-used')
    expect(outcome.spent.calls).toBeGreaterThanOrEqual(server.requests)
    expect(outcome.spent.calls).toBeLessThanOrEqual(budget)
  }
}, 180_000)
