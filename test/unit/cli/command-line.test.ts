import { spawnSync } from 'node:child_process'
import { Command, CommanderError } from 'commander'
import { beforeAll, describe, expect, test } from 'vitest'
import { registerFor } from '../../../cli/commands.ts'
import { completionScript } from '../../../cli/options/completion-script.ts'
import { examples } from '../../../cli/options/examples.ts'
import { errorLines, namedIn, usageParts } from '../../../cli/options/usage-lines.ts'

let program: Command
beforeAll(async () => {
  program = await everything()
})

/** All commands as `syllabus` has them, with nothing printed and nothing done. */
async function everything(): Promise<Command> {
  const all = new Command('syllabus').exitOverride().configureOutput({ outputError: () => {}, writeErr: () => {} })
  await registerFor(undefined, all)
  for (const { command } of leavesOf(all)) command.action(() => {})
  return all
}

/** Commands that do something; one with words of its own may have commands below it, too. */
const leavesOf = (command: Command, path = ''): { path: string; command: Command }[] => [
  ...(command.commands.length === 0 || command.registeredArguments.length > 0 ? [{ path, command }] : []),
  ...command.commands.flatMap((each) => leavesOf(each, `${path} ${each.name()}`.trim())),
]

/** A mistake as `syllabus` shows it. */
function usageErrorLines(program: Command, words: readonly string[], error: CommanderError): string | null {
  const command = namedIn(program, words)
  const parts = usageParts(command, error)
  return parts && errorLines(parts, command)
}

async function mistake(words: readonly string[]): Promise<CommanderError> {
  try {
    await (await everything()).parseAsync(words, { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError) return error
    throw error
  }
  throw new Error(`no mistake: ${words.join(' ')}`)
}

test.each([
  ['run --row 3', /unknown option '--row'/, /did you mean: --rows <n>/, 'run'],
  ['run --rows 1e3', /whole number/, /--rows <n> {2}rows of every dataset/, 'run'],
  ['run --rows', /argument missing/, /--rows <n>/, 'run'],
  ['run a b', /too many arguments/, /\[task\]/, 'run'],
  ['run --model a --teacher local', /cannot be used/, /--teacher <where>/, 'run'],
  ['run --planner nobody', /Allowed choices/, /--planner <variant>/, 'run'],
  ['rnu', /unknown command/, /Did you mean run/, ''],
  ['xyzzy', /unknown command/, /commands: run, compare/, ''],
  ['verify', /missing required argument/, /<bundle>/, 'verify'],
  ['generate --rows 4', /--out <dir>/, /folder for the rows/, 'generate'],
  ['task chek', /unknown command/, /Did you mean check/, 'task'],
  ['task init', /missing required argument/, /<dir>/, 'task init'],
  ['agent x', /Allowed choices/, /<role>/, 'agent'],
  ['export a/b', /looks like a path/, /<run>/, 'export'],
  ['export my-run --what adapter --attempt 2', /cannot be used with --what adapter/, /--attempt <n>/, 'export'],
  ['export my-run --gguf q8_0', /cannot be used with --what dataset: it is for gguf, all/, /--gguf <types>/, 'export'],
  ['export my-run --what gguf --gguf q4_k_m', /llama-quantize .*docs\/models\.md/, /--gguf <types>/, 'export'],
  ['push my-run --to me/m --gguf f16,Q4_K_M', /llama-quantize .*docs\/models\.md/, /--gguf <types>/, 'push'],
  ['try my-run --ask ', /not empty/, /--ask <text>/, 'try'],
])('%s is answered in three lines', async (written, what, about, command) => {
  const words = written.split(' ')
  const lines = usageErrorLines(program, words, await mistake(words))!.split('\n')
  expect(lines).toHaveLength(3)
  expect(lines[0]).toMatch(what)
  expect(lines[1]).toMatch(about)
  expect(lines[2]).toBe(`more: npx syllabus ${command} --help`.replace('  ', ' '))
})

test.each([
  ['What.', 'Do this.', 'error: What.\n  Do this.'],
  ['It is not valid:\na: wrong', 'Do this.', 'error: It is not valid: a: wrong\n  Do this.'],
  ['It is not valid:\na: wrong\nb: too', 'Do\nthis.', 'error: It is not valid:\n  a: wrong\n  b: too\n  Do\n  this.'],
])('an error %j with the fix %j has the form of a mistake', (what, fix, lines) => {
  const command = program.commands.find((each) => each.name() === 'rows')!
  expect(errorLines({ what, fix }, command)).toBe(`${lines}\nmore: npx syllabus rows --help`)
})

test('help that was asked for is no mistake', async () => {
  const all = await everything()
  all.configureOutput({ writeOut: () => {} })
  const error = await all.parseAsync(['run', '--help'], { from: 'user' }).catch((error: unknown) => error)
  expect(usageErrorLines(all, ['run', '--help'], error as CommanderError)).toBeNull()
})

test('every command has examples, and they are taken', async () => {
  expect(Object.keys(examples).toSorted()).toEqual(
    leavesOf(program)
      .map(({ path }) => path)
      .toSorted(),
  )
  for (const [line] of Object.values(examples).flat()) {
    const words = [...line.split(/ >>? /)[0]!.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!)
    const all = await everything()
    await expect(all.parseAsync(words, { from: 'user' }), line).resolves.toBe(all)
  }
})

test('the help of every command and of every group ends with examples of it', async () => {
  const all = (command: Command, path = ''): { path: string; command: Command }[] => [
    { path, command },
    ...command.commands.flatMap((each) => all(each, `${path} ${each.name()}`.trim())),
  ]
  const found = all(program)
  for (const group of ['', 'node', 'trace', 'dead', 'program', 'task', 'cluster'])
    expect(found.map(({ path }) => path)).toContain(group)
  for (const { path, command } of found) {
    let shown = ''
    command.configureOutput({ writeOut: (text) => (shown += text) }).outputHelp()
    const [, examples = ''] = shown.split('\nExamples:\n')
    expect(examples, path).toMatch(new RegExp(`^  npx syllabus ${path}`))
    expect(examples.split(/\n(?= {2}n)/).length, path).toBeGreaterThanOrEqual(
      Math.max(1, path === '' ? 5 : command.commands.length),
    )
  }
})

test('every command that prints facts prints them as JSON, too', () => {
  const without = leavesOf(program).filter(({ command }) => !command.options.some(({ long }) => long === '--json'))
  expect(without.map(({ path }) => path)).toEqual(['agent', 'mcp', 'completion'])
})

test('a task is an argument everywhere; as the option that it was it is still read', () => {
  const byOption = leavesOf(program).filter(({ command }) => command.options.some(({ long }) => long === '--task'))
  expect(byOption.length).toBeGreaterThan(0)
  for (const { path, command } of byOption) {
    expect(command.options.find(({ long }) => long === '--task')?.hidden, path).toBe(true)
    expect(
      command.registeredArguments.map((argument) => argument.name()),
      path,
    ).toContain('task')
  }
})

describe('completion', () => {
  const completed = (...words: string[]): string[] => {
    const script = `${completionScript(program, 'bash')}
COMP_WORDS=(syllabus "$@"); COMP_CWORD=$#; _syllabus; printf '%s\\n' "\${COMPREPLY[@]}"`
    const { stdout, stderr } = spawnSync('bash', ['-c', script, 'bash', ...words], { encoding: 'utf8' })
    expect(stderr).toBe('')
    return stdout.split('\n').filter((line) => line !== '')
  }

  test.each([
    [['ru'], ['run']],
    [['task', 'im'], ['import']],
    [['run', '--plan'], ['--planner']],
    [
      ['run', '--setting', ''],
      ['scratch', 'seed'],
    ],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish'],
    ],
    [['export', '--format', 'par'], ['parquet']],
    [['run', '--rows', ''], []],
    [['run', '--topology', 'biome.js'], ['biome.json']],
  ])('bash completes %j', (words, expected) => expect(completed(...words)).toEqual(expected))

  test('no former name is offered', () => {
    expect(completed('generate', '--t').toSorted()).toEqual(['--teacher', '--topology', '--tracker'])
  })

  test.each(['zsh', 'fish'] as const)('%s has every command and every option that the help shows', (shell) => {
    const script = completionScript(program, shell)
    for (const { command } of leavesOf(program)) {
      expect(script).toContain(command.name())
      for (const { long } of command.createHelp().visibleOptions(command)) expect(script).toContain(long!.slice(2))
    }
  })
})
