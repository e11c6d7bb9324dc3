import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { newAgent } from '../../../../experiments/new-agent/new-agent.ts'
import { runCommand } from '../../../../provision/run-command.ts'
import { type AgentFolder, askingGenerator, openAgentFolder, sdkPackage } from '../../../support/agent-python.ts'
import { type GenerateFolder, meteredTwice, openGenerateFolder } from '../../../support/generate.ts'
import { natsBinary, until } from '../../../support/nats.ts'
import { startTeacherServer } from '../../../support/teacher-server.ts'

let agents: AgentFolder
let folder: GenerateFolder
beforeAll(async () => {
  ;[agents, folder] = await Promise.all([openAgentFolder(), openGenerateFolder()])
}, 600_000)
afterAll(async () => {
  await Promise.all([agents?.[Symbol.asyncDispose](), folder?.[Symbol.asyncDispose]()])
})

const program = () => join(agents.path, 'program.yaml')

/** The example's topology with another generator, and other settings. */
async function topologyWith(name: string, variant: string, changes: object = {}): Promise<string> {
  const written = parse(await readFile(join(agents.path, 'topology.yaml'), 'utf8'))
  const file = join(agents.path, `${name}.yaml`)
  const agent = { ...written.agents.generator, variant }
  await writeFile(file, stringify({ ...written, ...changes, agents: { ...written.agents, generator: agent } }))
  return file
}

test("the package's own tests, types and generated files hold", async () => {
  const env = { ...process.env, PYTHONDONTWRITEBYTECODE: '1', SYLLABUS_NATS_SERVER: await natsBinary() }
  const where = { cwd: sdkPackage, env, timeoutMs: 300_000 }
  const plain = ['-q', '-p', 'no:cacheprovider', '--doctest-modules']
  expect(
    await runCommand(agents.python, ['-m', 'pytest', ...plain, 'tests', 'syllabus_agent', 'examples'], where),
  ).toMatch(/\d+ passed/)
  const mypy = [
    '-m',
    'mypy',
    '--cache-dir',
    join(agents.path, '.mypy'),
    '--config-file',
    'pyproject.toml',
    'syllabus_agent',
  ]
  expect(await runCommand(agents.python, mypy, where)).toContain('no issues')
}, 600_000)

test('the example keeps to its 60 lines, and passes the conformance suite', async () => {
  const text = await readFile(join(agents.path, 'percent.py'), 'utf8')
  expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(60)
  const file = join(agents.path, 'percent.py')
  const command = folder.command('check', ['agent', 'check', `python:${file}`, '--program', program(), '--json'])
  expect(await command.ended, command.output()).toBe(0)
  const { findings, failed } = JSON.parse(command.output().slice(command.output().indexOf('{')))
  expect(failed).toBe(0)
  expect(findings.map(({ check }: { check: string }) => check)).toEqual(
    expect.arrayContaining(['start', 'outcomes', 'determinism', 'redelivery', 'crash', 'drain', 'bad input']),
  )
}, 180_000)

test('a run with it makes all rows, each verified, and says which code made them', async () => {
  const args = ['generate', '--topology', join(agents.path, 'topology.yaml'), '--program', program()]
  const out = join(folder.path, 'percent')
  const command = folder.command('percent', [...args, '--rows', '60', '--out', out, '--provenance'])
  expect(await command.ended, command.output()).toBe(0)
  const { rows, bySource, model } = JSON.parse(await readFile(join(out, 'generation.json'), 'utf8'))
  expect(rows).toBe(60)
  expect(model).toBe('percent')
  // The critic works each answer out again from the numbers of its row.
  expect(bySource.percent.rejected['wrong-answer']).toBeUndefined()
  expect(await readFile(join(out, 'alpaca.json'), 'utf8')).toContain('"percent"')
}, 120_000)

describe.each(['generator', 'critic', 'planner'] as const)('a new %s in Python', (role) => {
  test('passes its own test, and the suite of its role', async () => {
    const dir = join(agents.path, `new-${role}`)
    await newAgent({ role, language: 'python', dir, name: `new-${role}` })
    const env = { ...process.env, PYTHONPATH: sdkPackage, PYTHONDONTWRITEBYTECODE: '1' }
    const own = await runCommand(agents.python, ['-m', 'pytest', '-q', '-p', 'no:cacheprovider'], {
      cwd: dir,
      env,
      timeoutMs: 60_000,
    })
    expect(own).toMatch(/2 passed/)
    const program = role === 'generator' ? ['--program', join(dir, 'program.yaml')] : []
    const command = folder.command('new', ['agent', 'check', `python:${join(dir, `new_${role}.py`)}`, ...program])
    expect(await command.ended, command.output()).toBe(0)
    expect(command.output()).toMatch(/all \d+ checks passed/)
  }, 180_000)
})

test('killed ten times at random it makes the same dataset, and at most what was in flight is paid again', async () => {
  await writeFile(join(agents.path, 'asking.py'), askingGenerator)
  const topology = await topologyWith('asking', 'python:./asking.py', {
    supervisor: { minRestartMs: 20, maxRestartMs: 40 },
    delivery: { shard: { ackWaitMs: 1500, maxDeliver: 200 }, batch: { ackWaitMs: 1500, maxDeliver: 200 } },
  })
  const concurrency = 8
  const args = ['--rows', '600', '--concurrency', String(concurrency), '--topology', topology]
  await using calm = await startTeacherServer({ latencyMs: 5 })
  const undisturbed = folder.generate('calm', calm, args)
  expect(await undisturbed.ended, undisturbed.output()).toBe(0)
  const { datasetHash } = await folder.outcomeOf('calm')
  const random = xoroshiro128plus(18)
  await using server = await startTeacherServer({ latencyMs: 150 })
  const command = folder.generate('killed', server, args)
  let kills = 0
  while (kills < 10 && command.child.exitCode === null) {
    const before = server.requests
    await until('it asks again', () => server.requests > before || command.child.exitCode !== null, 30_000)
    await sleep(uniformInt(random, 0, 1500))
    const [pid] = await folder.agentPids('killed', 'generator')
    if (pid === undefined) continue
    process.kill(pid, 'SIGKILL')
    kills += 1
  }
  expect(kills).toBe(10)
  expect(await command.ended, command.output()).toBe(0)
  const outcome = await folder.outcomeOf('killed')
  expect(outcome.datasetHash, JSON.stringify(outcome)).toBe(datasetHash)
  // What is in flight ends once its reply is in the journal, which the teacher cannot see.
  expect(meteredTwice(server)).toBeLessThanOrEqual(kills * concurrency)
  expect(outcome.spent.calls).toBeGreaterThanOrEqual(server.requests)
}, 240_000)

describe('what cannot be used is reported before anything starts', () => {
  const head = 'from syllabus_agent import RowText, critic, generator\n'
  const one =
    '@generator(name="mine", version="1.0.0")\ndef make(request):\n    return RowText(input="?", output="!")\n'
  test.each([
    ['does not parse', 'def make(:\n', /line 1 does not parse/, /Correct that line/],
    ['declares nothing', 'x = 1\n', /declares no agent/, /Decorate one function/],
    [
      'is of another role',
      `${head}@critic(name="mine", version="1")\ndef check(request): pass\n`,
      /critic/,
      /agents\.critic/,
    ],
    ['throws', `${head}raise OSError("no database")\n`, /line 2, raises OSError .* no database/, /Correct that line/],
    ['prints', `${head}print("hello")\n${one}`, /prints to standard output .* "hello"/, /Take the print out/],
    [
      'lacks a package',
      `import no_such_package_here\n${head}${one}`,
      /needs the package "no_such_package_here"/,
      /pip install/,
    ],
    [
      'has the name of a built-in one',
      `${head}${one.replace('mine', 'procedural')}`,
      /"procedural" is the name of a built-in/,
      /another name/,
    ],
  ])('a file that %s', async (what, text, reason, fix) => {
    const name = what.replaceAll(' ', '-')
    await writeFile(join(agents.path, `${name}.py`), text)
    const topology = await topologyWith(name, `python:./${name}.py`)
    const command = folder.command('bad', [
      'generate',
      '--topology',
      topology,
      '--program',
      program(),
      '--out',
      join(folder.path, name),
      '--rows',
      '20',
    ])
    expect(await command.ended, command.output()).toBe(2)
    expect(command.output()).toMatch(reason)
    expect(command.output()).toMatch(fix)
    expect(command.output()).toContain(`${name}.py`)
  })

  test('a Python without the packages that an agent needs', async () => {
    const bare = join(agents.path, 'bare')
    await mkdir(bare)
    await writeFile(join(bare, 'mine.py'), `${head}${one}`)
    await runCommand(agents.python, ['-m', 'venv', '--without-pip', join(bare, '.venv')], { timeoutMs: 60_000 })
    const topology = await topologyWith('bare', 'python:./bare/mine.py')
    const command = folder.command('bad', [
      'generate',
      '--topology',
      topology,
      '--program',
      program(),
      '--out',
      join(folder.path, 'bare'),
      '--rows',
      '20',
    ])
    expect(await command.ended, command.output()).toBe(2)
    expect(command.output()).toMatch(/has no .*nats-py/)
    expect(command.output()).toMatch(/-m pip install/)
  })
})
