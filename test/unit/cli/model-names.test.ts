import { globSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Command } from 'commander'
import { expect, test } from 'vitest'
import { registerFor } from '../../../cli/commands.ts'

const root = join(import.meta.dirname, '../../..')
/** Models that a service hosts, and withdraws when it likes; weights that can be downloaded stay. */
const hosted =
  /\b(?:(?:chat)?gpt-\w[\w.-]*|o[1-9](?:-(?:mini|pro|preview)\b)|claude-\w[\w.-]*|gemini-\w[\w.-]*|grok-\w[\w.-]*|command-[ra]\b[\w.-]*|mistral-(?:small|medium|large)[\w.-]*|deepseek-(?:chat|reasoner)|sonar-\w+|qwen-(?:max|plus|turbo))/gi

const namesIn = (text: string) => text.match(hosted) ?? []

/** The help of a command and of those below it. */
const helpOf = (command: Command): string[] => [command.helpInformation(), ...command.commands.flatMap(helpOf)]

test('no topology, no document and no help names a model that its service withdraws one day', async () => {
  const files = globSync(['*.md', 'deploy/topologies/*', 'docs/**/*.{md,yaml}'], { cwd: root })
  expect(files.length).toBeGreaterThan(30)
  const texts = await Promise.all(files.map(async (file) => [file, await readFile(join(root, file), 'utf8')] as const))
  const program = new Command('syllabus')
  await registerFor(undefined, program)
  const named = [...texts, ...helpOf(program).map((text) => ['help', text] as const)].flatMap(([where, text]) =>
    namesIn(text).map((name) => `${where}: ${name}`),
  )
  expect(named).toEqual([])
})

test('such names are found', () => {
  const names = [
    'gpt-4.1-mini',
    'GPT-5',
    'o4-mini',
    'claude-opus-4',
    'gemini-2.5-pro',
    'mistral-large-latest',
    'deepseek-chat',
  ]
  for (const name of names) expect(namesIn(`model: ${name}, and`)).toEqual([name])
  expect(namesIn('my-teacher, SmolLM2-135M-Instruct, Qwen/Qwen2.5-1.5B, npm:gpt, co2-mini')).toEqual([])
})
