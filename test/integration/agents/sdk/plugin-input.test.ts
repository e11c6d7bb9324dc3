import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { renderError } from '../../../../launcher/console/render-error.ts'
import { readTopology } from '../../../../launcher/topology/topology-file.ts'
import { folderOf, generatorText, plainRows, sdk, topologyText } from '../../../support/plugin-files.ts'

const good = generatorText(plainRows)
/** Code that hangs is not waited for any longer; on a busy machine other code takes its time. */
const limitsOf = (code: string) => `plugins: { startMs: ${/while|1e8/.test(code) ? 3000 : 30_000} }`

/** What a person is shown who starts with this file as generator. */
async function shownFor(files: Readonly<Record<string, string>>, variant = './mine.ts'): Promise<string> {
  const folder = folderOf({
    ...files,
    't.yaml': topologyText('generator', variant, { more: limitsOf(files['mine.ts'] ?? '') }),
  })
  const error = await readTopology(join(folder, 't.yaml')).then(
    () => null,
    (thrown: unknown) => thrown,
  )
  const { text, exitCode } = renderError(error)
  expect(exitCode).toBe(2)
  expect(text.split('\n')).toHaveLength(3)
  expect(text).toContain(`The generator "${variant}" cannot be used: `)
  expect(text).toContain(`agents.generator.variant in ${folder}/t.yaml`)
  return text.replaceAll(folder, '.')
}

const definitionOf = (more: string) =>
  `import { defineGenerator } from '${sdk}'\nexport const mine = defineGenerator({ schemaVersion: 1, name: 'mine', version: '1', sources: ['prompt'], open: () => ({ make: () => null }), ${more} })`

test.each([
  [
    'does not parse',
    good.replace('defineGenerator({', 'defineGenerator({ = ='),
    'does not parse: ./mine.ts:4',
    'Correct that line',
  ],
  ['uses an enum', `enum A { B }\n${good}`, 'enum is not supported', 'Types alone are stripped'],
  [
    'imports what another file does not export',
    `import { x } from './other.ts'\n${good}`,
    'does not provide an export named',
    'Correct',
  ],
  ['exports nothing', 'const a = 1', 'it exports no agent', 'Export what defineGenerator gives'],
  ['exports something else', 'export const a = 1', 'its exports are a', 'Export what defineGenerator gives'],
  ['exports two', `${good}\nexport const other = { ...mine }`, 'it exports 2 agents', 'once'],
  [
    'declares another role',
    `${good}\n;(mine.declaration as { role: string }).role = 'planner'`,
    'it defines a planner',
    'agents.planner',
  ],
  [
    'declares a later schema version',
    definitionOf('schemaVersion: 2'),
    'written for schema version 2',
    'Update Syllabus',
  ],
  [
    'declares none',
    definitionOf('schemaVersion: undefined'),
    'written for schema version undefined',
    'schemaVersion: 1',
  ],
  [
    'has the name of a built-in variant',
    definitionOf("name: 'procedural'"),
    'name of a built-in generator',
    'another name',
  ],
  ['has a name that is no token', definitionOf("name: 'My Agent'"), 'its name does not hold', 'Correct it'],
  ['has no version', definitionOf('version: undefined'), 'its version does not hold', 'Correct it'],
  [
    'needs a package that is missing',
    `import 'no-such-package'\n${good}`,
    'needs the package "no-such-package"',
    'npm install',
  ],
  [
    'needs a file that is missing',
    `import './no-such-file.ts'\n${good}`,
    'a file that it imports is missing',
    'Correct the import',
  ],
  ['throws', `${good}\nthrow new Error('no licence')`, 'no licence at ./mine.ts:9', 'Correct ./mine.ts'],
  [
    'prints',
    `${good}\nconsole.log('hello')`,
    'prints to standard output when it is loaded: "hello"',
    'Take the print out',
  ],
  ['hangs', `${good}\nwhile (true) {}`, 'did not load within 3 s', 'Correct ./mine.ts'],
  [
    'never ends to load',
    `${good}\nawait new Promise((resolve) => setTimeout(resolve, 1e8))`,
    'did not load within 3 s',
    'Correct',
  ],
  ['ends its process', `${good}\nprocess.exit(0)`, 'ended with exit code 0', 'Correct ./mine.ts'],
  [
    'writes to the descriptor of the SDK',
    `import { writeSync } from 'node:fs'\n${good}\nwriteSync(3, 'x\\n')`,
    'something else than messages',
    'Correct',
  ],
  [
    'reads a file',
    `import { readFileSync } from 'node:fs'\n${good}\nreadFileSync('/etc/hostname')`,
    'refused FileSystemRead /etc/hostname',
    'agents.generator.reads',
  ],
  [
    'writes a file',
    `import { writeFileSync } from 'node:fs'\n${good}\nwriteFileSync('/tmp/x', '')`,
    'refused FileSystemWrite',
    'trusted: true',
  ],
  [
    'starts a process',
    `import { execSync } from 'node:child_process'\n${good}\nexecSync('id')`,
    'refused ChildProcess',
    'trusted: true',
  ],
])('a plug-in that %s is reported at the start', async (_, text, what, fix) => {
  const shown = await shownFor({ 'mine.ts': text, 'other.ts': 'export const y = 1' })
  expect(shown).toContain(what)
  expect(shown.split('\n').at(-1)).toContain(fix)
})

test.each([
  ['./none.ts', 'there is no file', 'Write a path'],
  ['./notes.txt', 'neither TypeScript nor JavaScript', 'ends in .ts'],
  ['no-such-package/generator', 'no package that is installed', 'npm install no-such-package'],
  ['@me/none/generator', 'no package that is installed', 'npm install @me/none'],
])('the variant %s is reported at the start', async (variant, what, fix) => {
  const shown = await shownFor({ 'notes.txt': '' }, variant)
  expect(shown).toContain(what)
  expect(shown.split('\n').at(-1)).toContain(fix)
})

test('a role without plug-ins, and what nobody may write, are reported', async () => {
  const folder = folderOf({
    'mine.ts': good,
    't.yaml': topologyText('trainer-bridge', './mine.ts'),
    'u.yaml': topologyText('generator', 'procedural', { own: 'plugin: {}' }),
  })
  await expect(readTopology(join(folder, 't.yaml'))).rejects.toThrow(/a trainer-bridge cannot be one/)
  await expect(readTopology(join(folder, 'u.yaml'))).rejects.toThrow(/agents.generator.plugin/)
})

const pluginOf = async (folder: string) => (await readTopology(join(folder, 't.yaml'))).agents.generator.plugin!

test('two plug-ins of one name and different code are refused', async () => {
  const planner = `import { definePlanner } from '${sdk}'\nexport const mine = definePlanner({ schemaVersion: 1, name: 'mine', version: '1', open: () => ({ decide: () => null }) })`
  const folder = folderOf({
    'mine.ts': good,
    'planner.ts': planner,
    't.yaml': `name: two\nagents:\n  planner: { variant: ./planner.ts }\n  generator: { variant: ./mine.ts }\n`,
  })
  await expect(readTopology(join(folder, 't.yaml'))).rejects.toMatchObject({
    what: expect.stringContaining('the planner ./planner.ts has the name "mine" too, and other code'),
    fix: expect.stringContaining('another name'),
  })
})

test('the hash is of the code that can run, wherever it lies', async () => {
  const files = {
    't.yaml': topologyText('generator', './mine.ts'),
    'mine.ts': generatorText(plainRows, { before: "import { one } from './lib/one.ts'" }),
    'lib/one.ts': 'export const one = 1',
    'unused.ts': 'export const two = 2',
  }
  const { hash } = await pluginOf(folderOf(files))
  expect((await pluginOf(folderOf(files))).hash).toBe(hash)
  expect((await pluginOf(folderOf({ ...files, 'unused.ts': '' }))).hash).toBe(hash)
  expect((await pluginOf(folderOf({ ...files, 'lib/one.ts': 'export const one = 3' }))).hash).not.toBe(hash)
})

test('code that no hash covers cannot be imported', async () => {
  const hidden = generatorText(plainRows, { before: "await import(['./un', 'used.ts'].join(''))" })
  const shown = await shownFor({ 'mine.ts': hidden, 'unused.ts': 'export const two = 2' })
  expect(shown).toContain('refused FileSystemRead ./unused.ts')
})

test('a package is known by its name, its version and its code', async () => {
  const folder = folderOf({
    't.yaml': topologyText('generator', '@me/agents/mine'),
    'node_modules/@me/agents/package.json': JSON.stringify({
      name: '@me/agents',
      version: '2.1.0',
      type: 'module',
      exports: { './mine': { import: './mine.js' } },
    }),
    'node_modules/@me/agents/mine.js': good,
  })
  const plugin = await pluginOf(folder)
  expect(plugin).toMatchObject({ name: 'mine', package: '@me/agents@2.1.0', reference: '@me/agents/mine' })
  const other = folderOf({})
  cpSync(folder, other, { recursive: true })
  writeFileSync(
    join(other, 'node_modules/@me/agents/package.json'),
    JSON.stringify({ name: '@me/agents', version: '2.1.1', type: 'module', exports: { './mine': './mine.js' } }),
  )
  expect((await pluginOf(other)).hash).not.toBe(plugin.hash)
})

test('what a topology lets it read it reads, and a trusted one reads all', async () => {
  const reading = `import { readFileSync } from 'node:fs'\n${good}\nreadFileSync(new URL('data/words' + '.txt', import.meta.url))`
  const files = { 'mine.ts': reading, 'data/words.txt': 'a' }
  for (const own of ['reads: [data]', 'trusted: true']) {
    const folder = folderOf({ ...files, 't.yaml': topologyText('generator', './mine.ts', { own }) })
    expect((await pluginOf(folder)).name).toBe('mine')
  }
})
