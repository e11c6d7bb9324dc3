import { execFile, execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { codeVersion } from '../../../launcher/code-version.ts'
import { entry, type Written } from '../../support/command.ts'
import { documentedAgents } from '../../support/documented-code.ts'
import { type GenerateFolder, openGenerateFolder } from '../../support/generate.ts'
import { topologyText } from '../../support/plugin-files.ts'
import { startTeacherServer } from '../../support/teacher-server.ts'

const root = join(import.meta.dirname, '../../..')
let folder: string
let installed: string
let generating: GenerateFolder

/** As `npm install` puts it, but for its dependencies, which are the repository's. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'package-'))
  const built = join(folder, 'built')
  execFileSync(process.execPath, [join(root, 'deploy/build-package.ts'), built], { stdio: 'pipe' })
  execFileSync('npm', ['pack', '--pack-destination', folder], { cwd: built, stdio: 'pipe' })
  installed = join(folder, 'empty/node_modules/@syllabus-lab/syllabus')
  mkdirSync(installed, { recursive: true })
  execFileSync('tar', ['xzf', tarball(), '--strip-components=1', '-C', installed])
  symlinkSync(join(root, 'node_modules'), join(installed, 'node_modules'))
  // Root may write all the same: below it is checked that nothing was.
  execFileSync('chmod', ['-R', 'a-w', installed])
  generating = await openGenerateFolder()
}, 120_000)
afterAll(async () => {
  await generating[Symbol.asyncDispose]()
  execFileSync('chmod', ['-R', 'u+w', installed])
  rmSync(folder, { recursive: true, force: true })
})

const tarball = () => join(folder, readdirSync(folder).find((name) => name.endsWith('.tgz'))!)
const bin = () => join(installed, 'cli/bin.mjs')
/** The teacher answers in this process, so it must not wait. */
const run = async (program: string, { args, env }: Written, cwd: string): Promise<string> =>
  (await promisify(execFile)(process.execPath, [program, ...args], { cwd, env: { ...process.env, ...env } })).stdout
const contents = () => execFileSync('find', [installed, '-newer', tarball(), '-type', 'f'], { encoding: 'utf8' })

test('the tarball is small, and holds JavaScript, types and all that is not code', () => {
  expect(statSync(tarball()).size).toBeLessThan(15 * 1024 ** 2)
  for (const file of [
    'agents/sdk/mod.js',
    'types/agents/sdk/mod.d.ts',
    'api/mod.js',
    'types/api/mod.d.ts',
    'agents/planner/llm/prompts',
    'trainer-bridge/runtimes',
    'deploy/topologies/local.yaml',
    'trace/web/index.html',
    'tasks/everyday-numbers/test.jsonl',
  ])
    expect(statSync(join(installed, file), { throwIfNoEntry: false }), file).toBeTruthy()
})

test('the package and the repository are the same code, and make the same dataset', async () => {
  const program = join(installed, 'launcher/code-version.js')
  const asked = `import(${JSON.stringify(program)}).then(({ codeVersion }) => console.log(codeVersion()))`
  expect(execFileSync(process.execPath, ['-e', asked], { encoding: 'utf8' }).trim()).toBe(codeVersion())
  await using server = await startTeacherServer()
  const empty = dirname(dirname(dirname(installed)))
  const args = ['--rows', '30', '--run-id', 'same']
  await run(bin(), generating.written('package', server, args), empty)
  await run(entry, generating.written('repository', server, args), root)
  const [one, other] = [await generating.outcomeOf('package'), await generating.outcomeOf('repository')]
  expect(one.rows).toBe(30)
  expect(one.datasetHash).toBe(other.datasetHash)
}, 120_000)

test('an agent beside it is typed by the package, and used by its command', async () => {
  const own = join(folder, 'empty')
  writeFileSync(join(own, 'package.json'), '{"type": "module"}')
  for (const [name, role] of [
    ['sums', 'generator'],
    ['weakest-first', 'planner'],
  ] as const) {
    writeFileSync(join(own, `${name}.ts`), documentedAgents('docs/agents.md').get(name)!)
    writeFileSync(join(own, `${name}.yaml`), topologyText(role, `./${name}.ts`))
    const options = [
      '--noEmit',
      '--strict',
      '--skipLibCheck',
      '--module',
      'nodenext',
      '--target',
      'esnext',
      '--types',
      'node',
    ]
    const typeRoots = ['--typeRoots', join(root, 'node_modules/@types')]
    execFileSync(join(root, 'node_modules/.bin/tsc'), [...options, ...typeRoots, `${name}.ts`], {
      cwd: own,
      stdio: 'pipe',
    })
    const home = { SYLLABUS_HOME: join(folder, 'home') }
    const shown = await run(bin(), { args: ['doctor', '--topology', `${name}.yaml`, '--json'], env: home }, own)
    expect(shown).toContain(name)
  }
}, 60_000)

test('nothing was written into the package', () => {
  expect(contents()).toBe('')
})
