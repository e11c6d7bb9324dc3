import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { holderOf } from '../../../machine/held-file.ts'
import { type GenerateFolder, meteredTwice, openGenerateFolder } from '../../support/generate.ts'
import { until } from '../../support/nats.ts'
import { promptProgram } from '../../support/prompt-program.ts'
import { startTeacherServer, type TeacherServer } from '../../support/teacher-server.ts'

/** What a command that is asked to stop still does: the replies to what it has asked are had, and nothing more is asked, by nobody. */

const programs = {
  plain: promptProgram({ rows: 10 }),
  judge: promptProgram({ rows: 10, judge: { minScore: 4 } }),
  vote: promptProgram({ rows: 10, verification: { kind: 'vote', k: 3 } }),
}

let folder: GenerateFolder
/** No request times out that is slow all at once. */
let patient: string
beforeAll(async () => {
  folder = await openGenerateFolder()
  patient = await folder.topology('patient', { teacher: { minTimeoutMs: 60_000 } })
  for (const [name, program] of Object.entries(programs))
    await writeFile(join(folder.path, `${name}.json`), JSON.stringify(program))
})
afterAll(() => folder[Symbol.asyncDispose]())

const Rest = z.object({
  rows: z.number(),
  keptReplies: z.number(),
  spent: z.object({ calls: z.number() }),
  datasetHash: z.string().nullable(),
})
const restOf = async (name: string) =>
  Rest.parse(JSON.parse(await readFile(join(folder.path, name, 'generation.json'), 'utf8')))

/** Of a signal's way to the agents. */
const graceMs = 1000
/** Of a loaded machine, from the last reply to the end of all processes. */
const soonMs = 10_000
const slowMs = 4000

const generate = (program: keyof typeof programs, name: string, server: TeacherServer, args: readonly string[]) =>
  folder.generate(name, server, [...args, '--topology', patient, '--program', join(folder.path, `${program}.json`)])

/** The dataset and the requests of the same command where nobody stops it. */
async function undisturbed(program: keyof typeof programs, args: readonly string[]) {
  await using server = await startTeacherServer()
  const name = `${program}-calm-${args.join('')}`
  const command = generate(program, name, server, args)
  expect(await command.ended, command.output()).toBe(0)
  return { datasetHash: (await restOf(name)).datasetHash, requests: server.requests }
}

test.each([
  ['SIGTERM', 'plain', ['--rows', '60', '--concurrency', '10'], (server: TeacherServer) => server.requests > 10],
  ['SIGINT', 'plain', ['--rows', '60', '--concurrency', '10', '--generators', '2'], (server) => server.requests > 10],
  ['SIGTERM', 'judge', ['--rows', '30', '--concurrency', '12'], (server) => server.verdicts > 6],
  ['SIGHUP', 'vote', ['--rows', '30', '--concurrency', '12'], (server) => server.votes > 6],
] as [NodeJS.Signals, keyof typeof programs, string[], (server: TeacherServer) => boolean][])(
  '%s while calls of %s are in flight (%j): no further call, nothing paid twice, the home is free',
  async (signal, program, args, isUnderWay) => {
    const calm = await undisturbed(program, args)
    const name = `${program}-${signal}`
    // Slow from the moment on that is waited for, so that calls are in flight for long enough; quick again for the second command.
    let isSecond = false
    await using server: TeacherServer = await startTeacherServer({
      latencyMs: () => (!isSecond && isUnderWay(server) ? slowMs : 200),
    })
    const first = generate(program, name, server, args)
    await until('calls are in flight', () => isUnderWay(server) && server.inFlight > 0, 90_000)
    const signalledAt = Date.now()
    first.child.kill(signal)
    expect(await first.ended, first.output()).toBe(130)
    const endedAt = Date.now()
    expect(server.inFlight).toBe(0)
    expect(server.lastAskedAt - signalledAt).toBeLessThan(graceMs)
    expect(endedAt - server.lastAt).toBeLessThan(soonMs)
    await until('nothing is left', async () => (await folder.pids(name)).length === 0)
    expect(await holderOf(join(folder.path, `${name}-home`, 'nats', 'server.lock'))).toBeNull()

    const rest = await restOf(name)
    expect(rest.spent.calls).toBe(server.requests)
    if (program === 'plain') expect(rest.rows + rest.keptReplies).toBe(server.requests)
    else expect(rest.keptReplies).toBeGreaterThan(0)

    isSecond = true
    const second = generate(program, name, server, args)
    expect(await second.ended, second.output()).toBe(0)
    expect((await restOf(name)).datasetHash).toBe(calm.datasetHash)
    expect({ requests: server.requests, spent: (await restOf(name)).spent.calls }).toEqual({
      requests: calm.requests,
      spent: calm.requests,
    })
    if (program === 'plain') expect(meteredTwice(server)).toBe(0)
  },
  240_000,
)
