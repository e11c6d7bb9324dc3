import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type GenerateFolder, meteredTwice, openGenerateFolder, quickRedelivery } from '../../support/generate.ts'
import { until } from '../../support/nats.ts'
import { startTeacherServer } from '../../support/teacher-server.ts'

let folder: GenerateFolder
beforeAll(async () => {
  folder = await openGenerateFolder()
})
afterAll(() => folder[Symbol.asyncDispose]())

test('gives exactly the rows wanted, refilling duplicates and faults, and nothing is counted wrongly', async () => {
  await using server = await startTeacherServer({
    duplicateEvery: 10,
    faults: { http500: 0.03, hang: 0.01, cutText: 0.03, cutBody: 0.03, empty: 0.02, refused: 0.02 },
  })
  const command = folder.generate('exact', server, ['--rows', '150', '--format', 'prompt-completion'])
  expect(await command.ended, command.output()).toBe(0)
  const outcome = await folder.outcomeOf('exact')
  expect(outcome).toMatchObject({ rows: 150, stopReason: 'rows-complete', spent: { calls: server.requests } })
  const lines = (await readFile(join(folder.path, 'exact', 'prompt-completion.jsonl'), 'utf8')).trim().split('\n')
  expect(new Set(lines.map((line) => JSON.parse(line).prompt)).size).toBe(150)
  expect(command.output()).not.toContain('k-planted')
})

test('a budget is never exceeded, and a run that it ends says so and keeps its rows', async () => {
  await using server = await startTeacherServer({ faults: { http500: 0.2 } })
  const command = folder.generate('budget', server, ['--rows', '58', '--budget', '60'])
  expect(await command.ended, command.output()).toBe(3)
  const outcome = await folder.outcomeOf('budget')
  expect(server.requests).toBeLessThanOrEqual(60)
  expect(outcome.stopReason).toBe('budget-used')
  expect(outcome.rows).toBeGreaterThan(20)
  const again = folder.generate('budget', server, ['--rows', '58', '--budget', '60'])
  expect(await again.ended, again.output()).toBe(3)
  expect(server.requests).toBeLessThanOrEqual(60)
  expect(again.output()).toContain(`${outcome.rows} of 58 rows from`)
  expect(again.output()).toContain('the budget is used: 60 of 60 calls')
  // It ends when what it names as enough is used up again, or done.
  const [resumeCommand] = /npx syllabus generate .*--budget \d+$/m.exec(again.output()) ?? []
  const more = folder.typed('budget', server, resumeCommand!)
  expect(await more.ended, more.output()).toBe(0)
  expect(await folder.outcomeOf('budget')).toMatchObject({
    rows: 58,
    stopReason: 'rows-complete',
    spent: { calls: server.requests },
  })
  // 58 rows, one request in five once more, and some surplus.
  expect(server.requests).toBeLessThanOrEqual(90)
}, 60_000)

test('a cap on candidates ends a run short, and the same command with a higher cap goes on', async () => {
  await using server = await startTeacherServer({ duplicateEvery: 2 })
  const args = ['--rows', '60', '--candidate-cap']
  const first = folder.generate('capped', server, [...args, '1'])
  expect(await first.ended, first.output()).toBe(3)
  const outcome = await folder.outcomeOf('capped')
  expect(outcome).toMatchObject({ stopReason: 'candidates-used', spent: { calls: 60 } })
  expect(first.output()).toContain('the cap on candidates is reached, 60 of 60 (1 for each row wanted)')
  expect(first.output()).toMatch(/To go on: npx syllabus generate .*--candidate-cap 3$/m)
  const second = folder.generate('capped', server, [...args, '4'])
  expect(await second.ended, second.output()).toBe(0)
  expect(await folder.outcomeOf('capped')).toMatchObject({ rows: 60, stopReason: 'rows-complete' })
  expect(meteredTwice(server)).toBe(0)
}, 60_000)

test('the same command goes on with a folder, and refuses other settings', async () => {
  await using server = await startTeacherServer({ latencyMs: 150 })
  const first = folder.generate('resumed', server, ['--rows', '120', '--concurrency', '10'])
  const checked = /"type":"batch".*"outcome":"done"/
  await until('a shard is checked', async () => checked.test(await folder.agentsLog('resumed')), 30_000)
  first.child.kill('SIGINT')
  expect(await first.ended, first.output()).toBe(130)
  expect(first.output()).toMatch(
    /interrupted in round \d\nrows: .*\n(kept beside them: .*\n)?nothing is lost. To go on: npx syllabus generate --program/,
  )
  // All that was paid for is exported, or kept for the command that goes on: nothing was asked to finish a shard.
  const kept = await folder.outcomeOf('resumed')
  const [, replies = 0] = /kept beside them: (\d+) replies/.exec(first.output()) ?? []
  expect(kept).toMatchObject({ stopReason: null, spent: { calls: server.requests } })
  expect(kept.rows + Number(replies)).toBe(server.requests)
  expect(kept.rows).toBeLessThan(120)
  const rows = await readFile(join(folder.path, 'resumed', 'alpaca.json'), 'utf8')
  expect(JSON.parse(rows)).toHaveLength(kept.rows)
  const { runId } = JSON.parse(await readFile(join(folder.path, 'resumed', 'run.json'), 'utf8'))
  const exported = folder.command('resumed', ['export', runId, '--out', join(folder.path, 'resumed-again')])
  expect(await exported.ended, exported.output()).toBe(0)
  expect(await readFile(join(folder.path, 'resumed-again', 'alpaca.json'), 'utf8')).toBe(rows)
  const other = folder.generate('resumed', server, ['--rows', '99', '--concurrency', '10'])
  expect(await other.ended).toBe(2)
  expect(other.output()).toContain('begun with another')
  const second = folder.generate('resumed', server, ['--rows', '120', '--concurrency', '10'])
  expect(await second.ended, second.output()).toBe(0)
  expect(await folder.outcomeOf('resumed')).toMatchObject({ rows: 120, stopReason: 'rows-complete' })
  expect(meteredTwice(server)).toBe(0)
}, 60_000)

test('what the time to drain does not suffice for is kept, and the same command makes rows of it', async () => {
  let isStopped = false
  const latencyMs = () => (isStopped || server.requests <= 10 ? 5 : 2000)
  await using server = await startTeacherServer({ latencyMs })
  const topology = await folder.topology('hasty', { supervisor: { meteredDrainMs: 1000 } })
  const args = ['--rows', '40', '--concurrency', '10']
  const first = folder.generate('hasty', server, [...args, '--topology', topology])
  await until('some calls are answered', () => server.requests >= 15, 60_000)
  first.child.kill('SIGTERM')
  expect(await first.ended, first.output()).toBe(130)
  const [, kept] = /kept beside them: (\d+) replies/.exec(first.output()) ?? []
  expect(Number(kept)).toBeGreaterThanOrEqual(10)
  isStopped = true
  const second = folder.generate('hasty', server, args)
  expect(await second.ended, second.output()).toBe(0)
  expect(await folder.outcomeOf('hasty')).toMatchObject({ rows: 40, stopReason: 'rows-complete' })
  expect(meteredTwice(server)).toBeLessThanOrEqual(10)
}, 120_000)

test('a second interruption leaves at once, and the same command goes on; at most what was in flight is paid again', async () => {
  let isStopped = false
  const latencyMs = () => (isStopped || server.requests <= 10 ? 5 : 3000)
  await using server = await startTeacherServer({ latencyMs })
  const topology = await folder.topology('left', quickRedelivery)
  const args = ['--rows', '60', '--concurrency', '10', '--topology', topology]
  const first = folder.generate('left', server, args)
  await until('calls are under way', () => server.requests >= 15, 60_000)
  first.child.kill('SIGINT')
  // npx, timeout and a shell pass the same press on at once: it is no second one.
  first.child.kill('SIGINT')
  await until('it says what it finishes', () => first.output().includes('awaiting the replies'), 10_000)
  const isOver = () => {
    first.child.kill('SIGINT')
    return first.child.exitCode !== null || first.child.signalCode !== null
  }
  await until('pressed again it leaves at once', isOver, 2000)
  isStopped = true
  const second = folder.generate('left', server, args)
  expect(await second.ended, second.output()).toBe(0)
  expect(await folder.outcomeOf('left')).toMatchObject({ rows: 60, stopReason: 'rows-complete' })
  expect(meteredTwice(server)).toBeLessThanOrEqual(10)
}, 120_000)

test('a key that is refused half way stops the calls; once it is fixed the same command goes on, and pays nothing twice', async () => {
  let withdrawn = true
  await using server = await startTeacherServer({
    latencyMs: 100,
    outage: () => (withdrawn && server.requests > 40 ? { status: 401 } : null),
  })
  const args = ['--rows', '100', '--concurrency', '10']
  const first = folder.generate('withdrawn', server, args)
  expect(await first.ended, first.output()).toBe(4)
  expect(first.output()).toContain('give the same "syllabus generate" command again')
  // What was under way, and one more round of it for each shard that was taken meanwhile.
  expect(server.requests).toBeLessThan(80)
  const refused = server.requests - 40
  withdrawn = false
  const second = folder.generate('withdrawn', server, args)
  expect(await second.ended, second.output()).toBe(0)
  const outcome = await folder.outcomeOf('withdrawn')
  expect(outcome).toMatchObject({ rows: 100, stopReason: 'rows-complete' })
  expect(server.byPrompt.size + refused).toBe(server.requests)
  expect(outcome.spent.calls).toBeGreaterThanOrEqual(server.requests)
})

test('a folder that cannot take the rows is told before anything is paid, and files of others are left alone', async () => {
  await using server = await startTeacherServer()
  const refusal = async (name: string) => {
    const command = folder.generate(name, server, ['--rows', '10'])
    expect(await command.ended, command.output()).toBe(2)
    return command.output()
  }
  await writeFile(join(folder.path, 'a-file'), '')
  expect(await refusal('a-file')).toContain('cannot be written')
  await mkdir(join(folder.path, 'foreign'))
  await writeFile(join(folder.path, 'foreign', 'README.md'), 'mine')
  expect(await refusal('foreign')).toContain('holds README.md, which this command did not write')
  expect(await readFile(join(folder.path, 'foreign', 'README.md'), 'utf8')).toBe('mine')
  await mkdir(join(folder.path, 'other'))
  await writeFile(join(folder.path, 'other', 'run.json'), '{"name": "mine"}')
  expect(await refusal('other')).toContain('run.json does not say which run')
  expect(server.requests).toBe(0)
})

test('a second command into the same folder, from another home, is refused and pays nothing; afterwards it is told whose rows they are', async () => {
  let isRefused = false
  const latencyMs = () => (isRefused || server.requests <= 10 ? 5 : 3000)
  await using server = await startTeacherServer({ latencyMs })
  const args = ['--rows', '60', '--concurrency', '10', '--out', join(folder.path, 'shared')]
  const first = folder.generate('one-home', server, args)
  await until('calls are under way', () => server.requests >= 5, 60_000)
  const second = folder.generate('other-home', server, args)
  expect(await second.ended, second.output()).toBe(2)
  expect(second.output()).toContain(`process ${first.child.pid} on`)
  isRefused = true
  expect(await first.ended, first.output()).toBe(0)
  expect(meteredTwice(server)).toBe(0)
  const late = folder.generate('other-home', server, args)
  expect(await late.ended, late.output()).toBe(2)
  expect(late.output()).toContain('which is not in this home')
  expect(meteredTwice(server)).toBe(0)
}, 60_000)

test('what is wrong with the teacher is said before anything is paid', async () => {
  await using server = await startTeacherServer({ key: 'right' })
  const refused = folder.generate('refused', server, ['--rows', '10'])
  expect(await refused.ended).toBe(2)
  expect(refused.output()).toContain('refuses the key')
  expect(refused.output()).not.toContain('k-planted')
  expect(server.requests).toBe(0)
})

test('a model that the list of models does not show is a warning; its first call decides', async () => {
  await using server = await startTeacherServer()
  const command = folder.generate('unlisted', server, ['--rows', '10', '--model', 'nobody'])
  expect(await command.ended, command.output()).toBe(0)
  expect(command.output()).toMatch(/warning: .*nobody.*its list of models has/s)
})

test('more rows than the budget pays for are refused before anything is paid, with the fixing step', async () => {
  await using server = await startTeacherServer()
  const command = folder.generate('unpaid', server, ['--rows', '150', '--budget', '60'])
  expect(await command.ended, command.output()).toBe(2)
  expect(command.output()).toMatch(
    /150 rows cost at least 150 teacher calls, and 60 are allowed.*--budget 150.*--rows 60/s,
  )
  expect(server.requests).toBe(0)
})

test('a prompt that is too long for the teacher is refused before anything is paid, where its endpoint says its context', async () => {
  await using server = await startTeacherServer({ contextTokens: 900 })
  const command = folder.generate('narrow', server, ['--rows', '10'])
  expect(await command.ended, command.output()).toBe(2)
  expect(command.output()).toMatch(
    /source "crates" wants about \d+ tokens.*context of test-teacher has 900.*sampling.maxTokens/s,
  )
  expect(server.requests).toBe(0)
})

test('where it does not, every prompt of a source that is too long ends the run with the program as its reason', async () => {
  await using server = await startTeacherServer({ contextChars: 50 })
  const command = folder.generate('cramped', server, ['--rows', '10'])
  expect(await command.ended, command.output()).toBe(3)
  expect(await folder.outcomeOf('cramped')).toMatchObject({ rows: 0, stopReason: 'program-raised' })
  expect(command.output()).toContain('maximum context length is 50')
  expect(server.requests).toBeLessThanOrEqual(11)
})
