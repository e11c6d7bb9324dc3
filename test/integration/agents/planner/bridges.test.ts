import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Command, openCommands, syllabus } from '../../../support/command.ts'
import { writeMiniTask } from '../../../support/mini-task.ts'
import { standInHome, standInTopology } from '../../../support/stand-in-runtime.ts'

/** Real agents and a real server; the runtime below each bridge is a stand-in of known times, so that many bridges share two cores. */

type Logged = { name: string; payload: Record<string, unknown> }

let folder: string
let task: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'syllabus-several-bridges-'))
  task = await writeMiniTask(join(folder, 'task'), 4)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const messagesOf = (command: Command): Logged[] =>
  command
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{"type":"message"'))
    .map((line) => JSON.parse(line))

/** Waits until so many trainings of attempts are asked for, or fails with the command. */
async function untilTrainings(command: Command, count: number): Promise<void> {
  let code: number | null | undefined
  void command.ended.then((ended) => {
    code = ended
  })
  const trained = () =>
    messagesOf(command).filter(({ name, payload }) => name === 'job' && /^attempt-/.test(String(payload.studentModel)))
  while (trained().length < count) {
    if (code !== undefined) throw new Error(`the command ended early:\n${command.output().slice(-3000)}`)
    await sleep(100)
  }
}

async function bridgesOf(env: Record<string, string>): Promise<number[]> {
  const status = syllabus(['status', '--json'], env)
  await status.ended
  const agents: { role: string; pid: number }[] = JSON.parse(status.output().trim().split('\n').at(-1)!).agents
  return agents.flatMap(({ role, pid }) => (role === 'trainer-bridge' ? [pid] : []))
}

/** What must not follow from who trained what: programs and datasets of all attempts, races, what was chosen and frozen. */
function outcomeOf(messages: readonly Logged[]) {
  const payloads = (name: string) => messages.filter((message) => message.name === name).map(({ payload }) => payload)
  const decided = payloads('decision').map(({ attempt, programHash, place }) => ({ attempt, programHash, place }))
  const datasets = payloads('verdict').map(({ attempt, round, datasetHash }) => [attempt, round, datasetHash])
  const [end] = payloads('run-finished')
  return {
    decided: [...new Map(decided.map((each) => [each.attempt, each])).values()],
    datasets: [...new Set(datasets.map((each) => JSON.stringify(each)))].toSorted(),
    races: payloads('race'),
    end: {
      chosen: end?.chosenAttempt,
      dataset: end?.datasetHash,
      control: end?.controlDatasetHash,
      why: end?.stopReason,
    },
  }
}

test('one, two and four bridges, and four of which two are killed, make the same datasets and choose the same', async () => {
  await using commands = openCommands()
  const outcomes = []
  for (const { bridges, kills } of [
    { bridges: 1, kills: 0 },
    { bridges: 2, kills: 0 },
    { bridges: 4, kills: 0 },
    { bridges: 4, kills: 2 },
  ]) {
    const name = `${bridges}-${kills}`
    const env = { SYLLABUS_HOME: join(folder, name), SYLLABUS_RUNS: join(folder, name, 'runs') }
    const { student } = await standInHome(env.SYLLABUS_HOME, task, { rowMs: 40, answerMs: 10 })
    const run = { strategy: 'tree', parallel: 4, attempts: 8, racing: { seeds: 2, lead: 0.5 } }
    const topology = await standInTopology(join(folder, `${name}.yaml`), { bridges, student, run })
    const options = ['--topology', topology, '--rows', '24', '--seed', '3', '--run-id', 'bridges', '--json']
    const command = commands.started(syllabus(['run', task, ...options], env))
    if (kills > 0) {
      await untilTrainings(command, 4)
      for (const pid of (await bridgesOf(env)).slice(0, kills)) process.kill(pid, 'SIGKILL')
    }
    expect(await command.ended, command.output().slice(-3000)).toBe(0)
    outcomes.push(outcomeOf(messagesOf(command)))
  }
  const [one, ...others] = outcomes
  expect(one!.decided.filter(({ attempt }) => Number(attempt) > 0)).toHaveLength(8)
  expect(one!.end.dataset).toMatch(/^[0-9a-f]{64}$/)
  for (const other of others) expect(other).toEqual(one)
}, 400_000)
