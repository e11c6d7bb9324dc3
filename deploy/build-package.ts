/**
 * Builds the package that is installed: `node deploy/build-package.ts <folder>` copies the sources that decide what the program does, and
 * beside each TypeScript file the same as JavaScript, since Node strips no types below `node_modules`. The sources stay, because hashes of
 * code are over them: the package and the repository have the same. Declarations of what the package exports go into `types/`.
 */
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

/** What an installed package has no use for. */
const left =
  /^(test|docs\/images|\.github|deploy\/(grafana|helm|images|kube|slurm|systemd))\/|^(\.git.*|biome\.json|tsconfig.*\.json|vitest\.config\.ts|package(-lock)?\.json|CONTRIBUTING\.md)$/

/** A relative name of a TypeScript file where a module is named. */
const named = /(\b(?:from|import|import\.meta\.resolve|new URL)\s*\(?\s*)(['"])(\.{0,2}\/?[\w./-]+)\.ts\2/g

function build(folder: string): void {
  rmSync(folder, { recursive: true, force: true })
  for (const file of sources()) {
    const to = join(folder, file)
    mkdirSync(dirname(to), { recursive: true })
    cpSync(join(root, file), to)
    if (file.endsWith('.ts') && !file.endsWith('.d.ts')) writeFileSync(to.replace(/\.ts$/, '.js'), asJavaScript(file))
  }
  const { exports, ...rest } = manifest()
  const entries = Object.entries(exports).map(([name, file]) => [name, entryOf(file)])
  writeTypes(folder, Object.values(exports))
  writeFileSync(
    join(folder, 'package.json'),
    `${JSON.stringify({ ...rest, exports: Object.fromEntries(entries) }, null, 2)}\n`,
  )
}

/** The files of the repository that the package holds. */
const sources = (): string[] =>
  execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: root, encoding: 'utf8' })
    .split('\n')
    .filter((file) => file !== '' && !left.test(file) && existsSync(join(root, file)))

/** A file without its types; lines and columns stay. */
const asJavaScript = (file: string): string =>
  stripTypeScriptTypes(readFileSync(join(root, file), 'utf8')).replaceAll(named, '$1$2$3.js$2')

/** The package's manifest: no scripts but the one after an install, nothing for those who develop it. It stays private for npm. */
function manifest(): { exports: Record<string, string> } & Record<string, unknown> {
  const { scripts, devDependencies: _own, ...rest } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  return { ...rest, name: `@syllabus-lab/${rest.name}`, scripts: { postinstall: scripts.postinstall } }
}

const entryOf = (file: string) => ({
  types: file.replace(/^\.\//, './types/').replace(/\.ts$/, '.d.ts'),
  default: file.replace(/\.ts$/, '.js'),
})

/** Declarations of the exported files and of what they import. */
function writeTypes(folder: string, files: readonly string[]): void {
  const types = join(folder, 'types')
  const options = ['--emitDeclarationOnly', '--declaration', '--noEmit', 'false', '--rootDir', '.', '--outDir', types]
  const settings = JSON.parse(readFileSync(join(root, 'tsconfig.json'), 'utf8'))
  const config = join(root, `tsconfig.package-${process.pid}.json`)
  writeFileSync(config, JSON.stringify({ ...settings, include: [], files }))
  try {
    execFileSync(join(root, 'node_modules/.bin/tsc'), ['-p', config, ...options], { cwd: root, stdio: 'inherit' })
  } finally {
    rmSync(config)
  }
  // Beside their sources a compiler would read those.
  const made = execFileSync('find', [types, '-name', '*.d.ts'], { encoding: 'utf8' }).split('\n').filter(Boolean)
  for (const file of made) writeFileSync(file, readFileSync(file, 'utf8').replaceAll(named, '$1$2$3.js$2'))
}

const output = process.argv[2]
if (output === undefined) throw new Error('name the folder that the package is built in')
build(output)
