import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { tryHooks } from '../../../agents/planner/program/hook-faults.ts'
import { checkProgram } from '../../../agents/planner/program/program-faults.ts'
import { checkModels } from '../../../experiments/checks/check-models.ts'
import { readTopology } from '../../../launcher/topology/topology-file.ts'
import { withModel } from '../../../launcher/topology/with-model.ts'
import { Program } from '../../../schemas/program.ts'
import { agentRoles } from '../../../schemas/role.ts'
import { bundledTask } from '../../../tasks/bundled-task.ts'
import { loadTask } from '../../../tasks/load.ts'

const root = join(import.meta.dirname, '../../..')
const read = (name: string) => parse(readFileSync(join(root, 'docs/programs', `${name}.yaml`), 'utf8'))
const skills = (await loadTask(bundledTask)).skills.map(({ name }) => name)

describe('the worked examples hold', () => {
  const names = globSync('*.yaml', { cwd: join(root, 'docs/programs') }).map((file) => file.replace('.yaml', ''))
  test('there are five', () => expect(names.length).toBe(5))
  test.each(names)('%s', (name) => {
    expect(checkProgram(read(name), { skills })).toMatchObject({ ok: true })
  })

  test('the hooks among them do what they say', async () => {
    const row = { instruction: 'Solve.', input: 'Ana buys 1 bun at 2.50.', output: '\\boxed{2.50}' }
    const reply = 'Q: Somebody buys 4 buns at 0.50 each in a bakery. Total?\nA: 4 times 0.50 is \\boxed{2.00}.'
    const program = read('hooks')
    program.sources[0].parameters.count = [4]
    for (const each of [reply, `<think>Q: Drafts?\nA: none</think>\n${reply}`]) {
      const [trial] = await tryHooks(Program.parse(program), { row, seeds: [], reply: each })
      expect(trial).toMatchObject({ faults: [], outcome: 'accepts the sample and expands it to 2 rows' })
    }
  })
})

describe('faults say where and what to write', () => {
  type Node = Record<string, unknown>
  /** Sets one place of a program, such as `sources.0.rows`; undefined takes it away. */
  function setAt(program: Node, path: string, value: unknown): void {
    const keys = path.split('.')
    const last = keys.pop()!
    const node = keys.reduce((each, key) => each[key] as Node, program)
    if (value === undefined) delete node[last]
    else node[last] = value
  }

  test.each([
    ['an unknown skill', 'scratch', 'sources.0.skill', 'cooking', /sources\[0\]\.skill: .*order-total/],
    ['a kind that nobody follows', 'procedure', 'sources.1.kind', 'guess', /sources\[1\]\.kind/],
    ['no values', 'scratch', 'sources.0.parameters.place', undefined, /{{place}} has no parameter/],
    ['a range reversed', 'scratch', 'sources.0.parameters.items.from', 9, /from must not exceed to/],
    ['no place for seeds', 'error-driven', 'sources.0.template', 'A {{event}}.', /wants seeds, and {{seed}}/],
    ['a prompt to be executed', 'scratch', 'verification', 'execute', /verification: .*"vote"/],
    ['a vote of none', 'scratch', 'verification.k', 0, /verification\.k: /],
    ['no rows', 'scratch', 'sources.0.rows', 0, /give at least one "rows" above 0/],
    ['too many phrasings', 'procedure', 'sources.0.phrasings', 20, /sources\[0\]\.phrasings: .*1 to 8/],
    ['one id twice', 'procedure', 'sources.1.id', 'order-total', /"order-total" is used twice/],
  ])('%s', (_, name, path, value, fault) => {
    const program = read(name)
    setAt(program, path, value)
    const checked = checkProgram(program, { skills })
    expect(checked.ok ? '' : checked.faults.join('\n')).toMatch(fault)
  })

  test.each([
    ['verification', 'votes', 'verification: write "execute", "none" or {"kind": "vote", "k": 3}, not "votes"'],
    ['verification', undefined, 'verification: write "execute", "none" or {"kind": "vote", "k": 3}'],
    ['verification', { kind: 'votes', k: 3 }, 'verification.kind: write "vote", not "votes"'],
    [
      'verification',
      { kind: 'execute' },
      'verification: write "execute", "none" or {"kind": "vote", "k": 3}\n' +
        'verification.kind: write "vote", not "execute"\nverification.k: it is missing; write a number',
    ],
    ['verification.k', 2.5, 'verification.k: write a whole number, not 2.5'],
    ['sources.0.kind', undefined, 'sources[0].kind: it is missing; write "procedure" or "prompt"'],
    ['sources.0.kind', 'prompts', 'sources[0].kind: write "procedure" or "prompt", not "prompts"'],
    ['sources.0', 'x', 'sources[0]: write an object, not "x"'],
    ['sources.0.mode', 'seeds', 'sources[0].mode: write "scratch", "seed" or "error-driven", not "seeds"'],
    ['sources.0.seeds', 'all', 'sources[0].seeds: write "pool" or a list of texts, not "all"'],
    [
      'sources.0.parameters.place',
      'a shop',
      'sources[0].parameters.place: write a list of values, such as ["a shop", "a farm"], or a range, such as {"from": 2, "to": 9}, not "a shop"',
    ],
    ['sources.0.parameters.place.0', true, 'sources[0].parameters.place[0]: write a text or a number, not true'],
    ['sources.0.parameters.place', { from: 1 }, 'sources[0].parameters.place.to: it is missing; write a number'],
    ['sources.0.rows', '5', 'sources[0].rows: write a number, not "5"'],
    ['sources.0.rows', -1, 'sources[0].rows: write at least 0, not -1'],
    ['judge', { minscore: 4 }, 'judge: there is no "minscore"; take it out, or correct its name'],
    ['judge', { minScore: 9 }, 'judge.minScore: write at most 5, not 9'],
    ['judge', 5, 'judge: write null or an object, such as {"minScore": 4}, not 5'],
    [
      'carryOver',
      undefined,
      'carryOver: it is missing; write null or an object, such as {"attempt": 1, "rows": {"<skill>": 20}}',
    ],
    ['sources.0.parameters.place', [], 'sources[0].parameters.place: write at least 1 item, not 0'],
    ['carryOver', { attempt: 1 }, 'carryOver.rows: it is missing; write an object'],
    ['version', 2, 'version: write 1, not 2'],
  ])('the shape of %s, not %j', (path, value, reported) => {
    const program = read('scratch')
    setAt(program, path, value)
    const checked = checkProgram(program, { skills })
    expect(checked.ok ? '' : checked.faults.join('\n')).toBe(reported)
  })

  test('more than its run could carry', () => {
    const program = read('scratch')
    program.sources[0].parameters.place = Array.from(
      { length: 60_000 },
      (_, index) => `a place far away, number ${index}`,
    )
    const checked = checkProgram(program)
    expect(checked.ok ? '' : checked.faults.join()).toMatch(
      /^the program: it has \d+ bytes, and may have 1000000; write fewer/,
    )
  })

  test('half a character, which nothing could carry', () => {
    const program = read('scratch')
    program.sources[0].parameters.place = ['half a \ud83d', 'a whole \u{1f986}']
    const checked = checkProgram(program)
    expect(checked.ok ? '' : checked.faults.join()).toMatch(/^the program: half a character stands in "half a/)
  })

  test('a vote or a judge of a critic that asks no model', () => {
    const program = { ...(read('scratch') as object), verification: 'none', judge: {} }
    expect(checkProgram(program, { meteredChecks: true })).toMatchObject({ ok: true })
    for (const [wants, fault] of [
      [{}, /^judge: use null/],
      [{ judge: null, verification: { kind: 'vote', k: 3 } }, /^verification: use "none"/],
    ] as const) {
      const checked = checkProgram({ ...program, ...wants }, { meteredChecks: false })
      expect(checked.ok ? '' : checked.faults.join()).toMatch(fault)
    }
  })

  test('a source for another generator', () => {
    expect(checkProgram(read('scratch'), { kinds: ['procedure'] })).toMatchObject({
      ok: false,
      faults: [expect.stringContaining('follows no "prompt" source; use "procedure"')],
    })
  })
})

describe('the models of a topology', () => {
  const file = join(root, 'deploy/topologies/llm.yaml')

  test('--model replaces those that are asked, and no others', async () => {
    const { agents } = withModel(await readTopology(file), 'mine')
    expect([agents.planner.options.model, agents.generator.options.model]).toEqual(['mine', 'mine'])
    expect(agents['trainer-bridge'].options).toEqual({ student: 'embedded' })
    const local = await readTopology(join(root, 'deploy/topologies/local.yaml'))
    expect(withModel(local, 'mine')).toEqual(local)
  })

  test('a topology without them is not asked for a key', async () => {
    const models = await checkModels(await readTopology(join(root, 'deploy/topologies/local.yaml')), agentRoles, {})
    expect(models).toEqual(new Map())
  })

  test('a model that nobody named is asked for, with those who ask it', async () => {
    const failure = checkModels(await readTopology(file), agentRoles, {})
    await expect(failure).rejects.toMatchObject({
      message: 'No model is named for planner, generator, critic of topology llm.',
      fix: expect.stringContaining('Give --model <name>, set SYLLABUS_MODEL'),
    })
  })

  test('options that do not parse are told with their place', async () => {
    const topology = withModel(await readTopology(file), 'mine')
    topology.agents.planner.options = { model: 'm', temperature: 9 }
    await expect(checkModels(topology)).rejects.toThrow(
      'planner llm-iterative of topology llm has no usable options: temperature',
    )
  })
})
