import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { createLog } from '../../../agents/kit/log.ts'
import { JournalEntry } from '../../../agents/kit/metered/journal.ts'
import type { Bus } from '../../../bus/mod.ts'
import { openBusServer } from '../../../launcher/bus-server.ts'
import { connectOperator } from '../../../launcher/session.ts'
import { syllabus } from '../../support/command.ts'
import { natsBinary } from '../../support/nats.ts'
import { promptProgram } from '../../support/prompt-program.ts'
import { startTeacherServer } from '../../support/teacher-server.ts'

let folder: string
let env: Record<string, string>
let datasetHash: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'syllabus-replay-'))
  env = {
    PATH: `${dirname(await natsBinary())}${delimiter}${process.env.PATH}`,
    SYLLABUS_HOME: join(folder, 'home'),
    OPENAI_API_KEY: '',
  }
  const file = join(folder, 'program.json')
  const program = promptProgram({ rows: 10, verification: { kind: 'vote', k: 2, temperature: 0.5 } })
  await writeFile(file, JSON.stringify({ ...program, judge: { minScore: 3 } }))
  // Faults of every kind, and calls that fail for good because the budget ends: all of them are in the journal.
  await using server = await startTeacherServer({
    duplicateEvery: 10,
    faults: { cutText: 0.1, empty: 0.1, refused: 0.1 },
    wrongEvery: 9,
  })
  // Settings that the rows depend on, which a replay must find in the run itself.
  const topology = parse(await readFile('deploy/topologies/llm.yaml', 'utf8'))
  Object.assign(topology.agents.generator.options, { maxRevisions: 1, shownChars: 20 })
  Object.assign(topology.agents.critic.options, { judgeTokens: 123 })
  const agents = join(folder, 'agents.yaml')
  await writeFile(agents, stringify(topology))
  const out = join(folder, 'out')
  const asked = ['--rows', '40', '--model', server.model, '--budget', '220', '--run-id', 'again', '--topology', agents]
  const made = syllabus(['generate', '--program', file, '--out', out, ...asked], {
    ...env,
    OPENAI_BASE_URL: server.url,
  })
  await made.ended
  const outcome = JSON.parse(await readFile(join(out, 'generation.json'), 'utf8'))
  expect(outcome.rows, made.output()).toBeGreaterThan(20)
  datasetHash = outcome.datasetHash
}, 120_000)
afterAll(() => rm(folder, { recursive: true, force: true }))

/** Replays where no endpoint answers. */
const replay = () => syllabus(['replay', 'again', '--json'], { ...env, OPENAI_BASE_URL: 'http://127.0.0.1:9/v1' })

/** Changes the run's journal as somebody with the server's files could. */
async function tamper(change: (bus: Bus) => Promise<void>): Promise<void> {
  const log = createLog({ role: 'test' }, { level: 'silent' })
  await using cluster = await openBusServer({ home: join(folder, 'home'), log, onProgress: () => {} })
  await using bus = await connectOperator(cluster, log)
  await change(bus)
}

test('a finished run is made again from its journal, without a call, to the same hash', async () => {
  const command = replay()
  expect(await command.ended, command.output()).toBe(0)
  expect(JSON.parse(command.output())).toMatchObject({
    attempt: 1,
    outcome: 'same',
    datasetHash,
    recordedHash: datasetHash,
  })
})

test('two datasets without a row are not told to be the same', async () => {
  const file = join(folder, 'refused.json')
  await writeFile(file, JSON.stringify(promptProgram({ rows: 10 })))
  await using server = await startTeacherServer({ faults: { empty: 1 } })
  const asked = ['--rows', '10', '--model', server.model, '--run-id', 'refused']
  const made = syllabus(['generate', '--program', file, '--out', join(folder, 'refused'), ...asked], {
    ...env,
    OPENAI_BASE_URL: server.url,
  })
  await made.ended
  const command = syllabus(['replay', 'refused', '--json'], { ...env, OPENAI_BASE_URL: 'http://127.0.0.1:9/v1' })
  expect(await command.ended, command.output()).toBe(1)
  expect(JSON.parse(command.output())).toMatchObject({ outcome: 'empty', rows: 0 })
})

test('a reply that was changed gives another dataset, and one that is gone is named', async () => {
  await tamper(async (bus) => {
    const votes = bus.kv('check-journal', JournalEntry)
    for (const key of (await votes.keys('again.>')).filter((each) => each.includes('vote')).slice(0, 20)) {
      const { value } = (await votes.get(key))!
      if ('reply' in value) await votes.put(key, { ...value, reply: { ...value.reply, text: 'It is \\boxed{0.02}.' } })
    }
  })
  const changed = replay()
  expect(await changed.ended, changed.output()).toBe(1)
  expect(JSON.parse(changed.output())).toMatchObject({ outcome: 'differs', recordedHash: datasetHash })

  let key = ''
  await tamper(async (bus) => {
    const journal = bus.kv('journal', JournalEntry)
    key = (await journal.keys('again.>'))[0]!
    await journal.delete(key)
  })
  const gone = replay()
  expect(await gone.ended, gone.output()).toBe(1)
  expect(JSON.parse(gone.output())).toMatchObject({ outcome: 'impossible' })
  expect(gone.output()).toContain(key)
})
